"""What goes into a sampler and what comes out: the seam between samplers, loaders and batches.

Every way to sample is a `SamplingPlan`, a value that says what is wanted, which makes a `Sampler`
of a graph: seeds and random streams in, a `SampledSubgraph` out, in global ids and edge positions.
Loaders make seeds, batches read the result; neither knows which sampler stands between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.sampling.streams import BatchStream
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seeds:
    """Where one batch starts.

    Attributes:
        nodes: per node type ``int64[n]`` global ids. A merged batch counts one that stands twice
            once; a disjoint batch grows a tree for each.
        times: per node type ``int64[n]``, the time at which each seed is looked at; None where
            sampling does not heed time.
    """

    nodes: Mapping[str, Ints]
    times: Mapping[str, Ints] | None = None


@dataclass(frozen=True)
class SampledEdges:
    """The edges of one relation in a sampled subgraph.

    Attributes:
        edge_index: ``int64[2, edges]``: local numbers of the sources, and of the destinations.
        positions: ``int64[edges]``, edge positions in the stored direction; None for edges that
            the sampler made (such as those to an importance neighbourhood), which no store holds.
        per_hop: how many edges each hop added.
        weights: ``float32[edges]``, where the sampler gives its edges weights.
        direction: which stored adjacency the positions count in, where not the subgraph's own.
    """

    edge_index: Ints
    positions: Ints | None
    per_hop: tuple[int, ...]
    weights: npt.NDArray[np.float32] | None = None
    direction: Direction | None = None


@dataclass(frozen=True)
class SampledSubgraph:
    """What a sampler returns, in global ids and edge positions.

    Attributes:
        nodes: per node type the global ids; the seeds come first, then each hop's new nodes.
        nodes_per_hop: per node type how many nodes the seeds and each hop added.
        edges: per relation.
        direction: which stored adjacency the edges' positions count in: "in" where the sampler
            went against the edges' direction, else "out".
        trees: per node type ``int64[nodes]``, the number of the seed whose tree each node belongs
            to; None for a merged batch.
    """

    nodes: dict[str, Ints]
    nodes_per_hop: dict[str, tuple[int, ...]]
    edges: dict[Relation, SampledEdges]
    direction: Direction
    trees: dict[str, Ints] | None = None


class Sampler(Protocol):
    """Samples subgraphs of one snapshot; safe to use from several threads."""

    @property
    def is_local(self) -> bool:
        """Whether all that it reads is mapped, so that no batch costs a call."""
        ...

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The subgraph around some seeds: a pure function of the snapshot, seeds and stream."""
        ...


class SamplingPlan(Protocol):
    """One way to sample, as a user asks for it.

    An immutable value whose ``repr`` names every setting that decides what is in a batch: loaders
    tell by it whether a checkpoint is theirs.
    """

    def make_sampler(self, access: PartitionAccess) -> Sampler:
        """The sampler of one graph.

        Raises:
            ArgumentError: where a setting is out of range, or not for this graph.
        """
        ...
