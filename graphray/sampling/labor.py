"""LABOR neighbourhoods: draws of a hop agree with each other, so that a batch has fewer nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.draws.labor import LaborDraw
from graphray.sampling.plan import Fanout, normalized_fanout, resolve_fanout
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import Direction


@dataclass(frozen=True)
class Labor:
    """A plan (see `graphray.sampling.subgraph.SamplingPlan`): LABOR-0 hop by hop.

    A node of degree d draws each neighbour with the chance ``min(1, fanout / d)``, so ``fanout`` of
    them on average. All nodes of a hop decide about a neighbour by the same random number, so that
    those that share neighbours draw the same ones: every node keeps the estimate that independent
    draws would give it, and the batch has fewer distinct nodes.

    A sum over all edges of a node is estimated by the weighted sum over those that were drawn;
    the edges' ``weights`` are the inverse chances, scaled to sum up to 1 for each node, for means.

    Source: Balin and Çatalyürek, "Layer-Neighbor Sampling: Defusing Neighborhood Explosion in
    GNNs", NeurIPS 2023, sections 3 and 3.1; without the importance iterations of LABOR-i.

    Attributes:
        fanout: draws per node and hop on average, -1 for all neighbours: a list for every relation,
            or ``{relation: list}`` to follow only those.
        direction: "in" samples the nodes a seed receives messages from, "out" those its edges lead
            to.
    """

    fanout: Fanout
    direction: Direction = "in"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fanout", normalized_fanout(self.fanout))
        if self.direction not in ("in", "out"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in' or 'out'")

    def make_sampler(self, access: PartitionAccess) -> LaborSampler:
        """The sampler of one graph; raises RelationNotFound."""
        fanouts = resolve_fanout(access.schema, self.fanout)
        rules = dict.fromkeys(fanouts, LaborDraw())
        return LaborSampler(NeighborSampler(access, fanouts, self.direction, rules=rules))


class LaborSampler:
    """A neighbour sampler that weighs its edges (see `graphray.sampling.subgraph.Sampler`)."""

    def __init__(self, sampler: NeighborSampler) -> None:
        self._sampler = sampler

    @property
    def is_local(self) -> bool:
        """Whether no batch costs a call."""
        return self._sampler.is_local

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The neighbourhood of some seeds, with weights."""
        subgraph = self._sampler.sample(seeds, stream)
        near_row = 1 if subgraph.direction == "in" else 0
        weighed = {
            relation: replace(edges, weights=_mean_weights(edges, near_row))
            for relation, edges in subgraph.edges.items()
        }
        return replace(subgraph, edges=weighed)


def _mean_weights(edges: SampledEdges, near_row: int) -> npt.NDArray[np.float32]:
    """All edges of a node have one chance, so that each weighs one over their number."""
    near = edges.edge_index[near_row]
    return (1.0 / np.bincount(near)[near]).astype(np.float32)
