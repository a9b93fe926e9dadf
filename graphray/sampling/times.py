"""The time as of which each seed is looked at, and with it its whole tree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import node_column
from graphray.sampling.subgraph import Seeds

Ints = npt.NDArray[np.int64]


class SeedClock:
    """Tells the time of seeds: what they came with, else their own column of times.

    Args:
        access: the graph.
        columns: the column of times of each node type that has one.
    """

    def __init__(self, access: PartitionAccess, columns: Mapping[str, str]) -> None:
        self._access = access
        self._columns = columns

    def __call__(self, seeds: Seeds) -> Ints:
        """The times of all seeds, type after type, as ``int64[seeds]``.

        Raises:
            ArgumentError: where there are none, or not one integer for each seed.
        """
        times = [self._of_type(name, gids, seeds.times) for name, gids in seeds.nodes.items()]
        return np.concatenate([np.empty(0, np.int64), *times])

    def _of_type(self, node_type: str, gids: Ints, given: Mapping[str, Ints] | None) -> Ints:
        if given is not None and node_type in given:
            times = np.asarray(given[node_type])
            if not np.issubdtype(times.dtype, np.integer) or times.shape != gids.shape:
                raise ArgumentError(
                    f"the times of {len(gids)} seeds of type {node_type!r} are "
                    f"{times.dtype}{list(times.shape)}; expected an integer for each"
                )
            return times.astype(np.int64)
        if node_type not in self._columns:
            raise ArgumentError(
                f"seeds of type {node_type!r} need times to be looked at as of: pass a time for "
                "each, or a node_time column of that type"
            )
        column = self._columns[node_type]
        own = node_column(self._access, node_type, column, gids)
        if not isinstance(own, np.ndarray):
            raise ArgumentError(
                f"node_time: column {column!r} of node type {node_type!r} has nulls where seeds "
                "need a time"
            )
        return own.astype(np.int64)
