"""LABOR neighbourhoods: draws of a hop agree with each other, so that a batch has fewer nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.draws.hop_rule import HopRule
from graphray.reading.draws.labor import LaborDraw
from graphray.reading.draws.labor_importance import UNTIL_CONVERGENCE, ImportanceLabor
from graphray.reading.draws.rule import DrawRule
from graphray.sampling.plan import (
    Fanout,
    RelationName,
    normalized_columns,
    normalized_fanout,
    require_at_least,
    resolve_fanout,
)
from graphray.sampling.rules import weight_columns
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import Direction, GraphSchema, Relation


@dataclass(frozen=True)
class Labor:
    """A plan (see `graphray.sampling.subgraph.SamplingPlan`): LABOR hop by hop.

    All nodes of a hop decide about a neighbour by the same random number, so that those that share
    neighbours draw the same ones: every node's estimate of a mean over its neighbours is unbiased
    and varies as with ``fanout`` independent draws, and the batch has fewer distinct nodes.

    By itself (LABOR-0) a node of degree d draws each neighbour with the chance
    ``min(1, fanout / d)``, so ``fanout`` of them on average. With ``iterations`` (LABOR-i) a
    neighbour that many nodes of the hop share is drawn more often, and one that few share less:
    fewer nodes still, at the same variance, by more edges. All rows of the hop have to be seen for
    that by whoever samples, so that owners of rows that are not mapped send them whole.

    A sum over all edges of a node is estimated by the weighted sum over those that were drawn;
    the edges' ``weights`` are the inverse chances (times the edges' own weights, where these
    count), scaled to sum up to 1 for each node, for means.

    Source: Balin and Çatalyürek, "Layer-Neighbor Sampling: Defusing Neighborhood Explosion in
    GNNs", NeurIPS 2023, sections 3, 3.1 and 3.2, and the appendix on weighted graphs.

    Attributes:
        fanout: draws per node and hop on average, -1 for all neighbours: a list for every relation,
            or ``{relation: list}`` to follow only those.
        direction: "in" samples the nodes a seed receives messages from, "out" those its edges lead
            to.
        iterations: how often the chances are improved (i of LABOR-i), or "*" until that saves no
            more nodes (LABOR-*). The first saves most.
        weight: an edge column of weights, for means in which edges count by weight; its name for
            every relation, or ``{relation: name}``. An edge of weight 0 is never drawn.
    """

    fanout: Fanout
    direction: Direction = "in"
    _: KW_ONLY
    iterations: int | Literal["*"] = 0
    weight: str | Mapping[RelationName, str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fanout", normalized_fanout(self.fanout))
        object.__setattr__(self, "weight", normalized_columns("weight", self.weight))
        if self.direction not in ("in", "out"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in' or 'out'")
        if self.iterations != "*":
            require_at_least("iterations", self.iterations, 0)

    def make_sampler(self, access: PartitionAccess) -> LaborSampler:
        """The sampler of one graph.

        Raises:
            RelationNotFound: where the fanout names a relation that is not in the graph.
            ColumnNotFound: where a relation has no such column of weights.
            ArgumentError: where the weights do not do, such as negative ones.
        """
        fanouts = resolve_fanout(access.schema, self.fanout)
        rules = self.rules(access.schema)
        return LaborSampler(NeighborSampler(access, fanouts, self.direction, rules=rules))

    def rules(self, schema: GraphSchema) -> dict[Relation, DrawRule | HopRule]:
        """How neighbours are chosen, by relation that is followed; raises as `make_sampler`."""
        followed = resolve_fanout(schema, self.fanout)
        weights = weight_columns(schema, followed, self.weight)
        iterations = UNTIL_CONVERGENCE if self.iterations == "*" else self.iterations
        rules: dict[Relation, DrawRule | HopRule] = {}
        for relation in followed:
            column = weights.get(relation)
            if iterations or column:
                rules[relation] = ImportanceLabor(iterations, column and column.name)
            else:
                rules[relation] = LaborDraw()
        return rules


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
    """Weights that sum up to 1 at each node; equal ones where all its edges have one chance."""
    near = edges.edge_index[near_row]
    weights = np.ones(len(near)) if edges.weights is None else edges.weights
    return (weights / np.bincount(near, weights)[near]).astype(np.float32)
