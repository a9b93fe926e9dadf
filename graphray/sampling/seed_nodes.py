"""Seeds that are nodes: what `graphray.Graph.loader` makes batches of."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.reading.gather import find_nodes, node_column, to_numpy
from graphray.sampling.batch import Batch
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.plan import as_times, resolve_seeds
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SamplingPlan, Seeds
from graphray.schema import require_column

Ints = npt.NDArray[np.int64]


def find_seed_nodes(access: PartitionAccess, seeds: Any) -> tuple[str, Ints]:
    """The node type and global ids of seeds in any of the forms that loaders take.

    Raises:
        ArgumentError: where it is none of them, or the ids are of the wrong kind.
        NodeNotFound: where a seed is not in the graph.
    """
    node_type, ids = resolve_seeds(access.schema, seeds)
    if ids is None:
        return node_type, gids_in_input_order(access, node_type)
    return node_type, find_nodes(access, node_type, ids)


class SeedNodes:
    """Nodes of one type, and how the neighbourhoods of some are sampled (a `BatchSource`).

    Args:
        access: the graph.
        node_type: the type of the seeds.
        gids: ``int64[n]``, their global ids.
        sampling: how to sample.
        times: when each seed is looked at: an array aligned with the seeds, or the name of a
            column of theirs; None where sampling does not heed time.

    Raises:
        ArgumentError: where the times do not fit the seeds.
        ColumnNotFound: where the seeds have no column of that name.
    """

    def __init__(
        self,
        access: PartitionAccess,
        node_type: str,
        gids: Ints,
        sampling: SamplingPlan,
        times: Any = None,
    ) -> None:
        self._access = access
        self._sampling = sampling
        self._sampler = sampling.make_sampler(access)
        self.node_type, self._gids = node_type, gids
        self._times = None if times is None else self._resolve_times(times)

    def __reduce__(self) -> tuple[Any, ...]:
        # The sampler knows where arrays lie in this process; another one makes its own.
        state = self._access, self.node_type, self._gids, self._sampling, self._times
        return SeedNodes, state

    @property
    def snapshot_id(self) -> str:
        """See `BatchSource`, as for all that follow."""
        return self._access.snapshot_id

    @property
    def num_seeds(self) -> int:
        """How many seeds there are."""
        return len(self._gids)

    @property
    def is_local(self) -> bool:
        """Whether no batch costs a call."""
        return self._sampler.is_local

    def fingerprint(self) -> str:
        """What tells these seeds and this way to sample them from others."""
        state = hashlib.blake2b(repr((self.node_type, self._sampling)).encode(), digest_size=16)
        state.update(self._gids.tobytes())
        if self._times is not None:
            state.update(self._times.tobytes())
        return state.hexdigest()

    def make(self, rows: Ints, stream: BatchStream) -> Batch:
        """The neighbourhood of the seeds of these numbers."""
        times = None if self._times is None else {self.node_type: self._times[rows]}
        seeds = Seeds({self.node_type: self._gids[rows]}, times)
        subgraph = self._sampler.sample(seeds, stream)
        return Batch(
            self._access,
            subgraph,
            self.node_type,
            stream.epoch,
            stream.batch,
            rows,
            None if times is None else times[self.node_type],
        )

    def _resolve_times(self, times: Any) -> Ints:
        if not isinstance(times, str):
            return as_times("seed_times", times, len(self._gids), "seeds")
        columns = self._access.schema.node_type(self.node_type).columns
        require_column(columns, times, f"node type {self.node_type!r}")
        column = to_numpy(node_column(self._access, self.node_type, times, self._gids))
        return as_times(f"the column {times!r}", column, len(self._gids), "seeds")
