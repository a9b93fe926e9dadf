"""Sampled neighbourhoods as a user asks for them: so many neighbours per node and hop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TypedDict

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import ALL_NEIGHBORS
from graphray.reading.draws.rule import DrawRule
from graphray.reading.draws.temporal import Strategy
from graphray.reading.draws.uniform import Uniform
from graphray.sampling.plan import (
    Fanout,
    RelationName,
    normalized_columns,
    normalized_fanout,
    require_at_least,
    resolve_fanout,
)
from graphray.sampling.rules import (
    TemporalDraws,
    edge_columns,
    node_columns,
    temporal_rules,
    weight_columns,
    weighted_rules,
)
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.times import SeedClock
from graphray.schema import Column, Direction, GraphSchema, Relation


class NeighborOptions(TypedDict, total=False):
    """The optional fields of `Neighbors`, as loaders take them by keyword."""

    replace: bool
    max_degree: int | None
    weight: str | Mapping[RelationName, str] | None
    edge_time: str | Mapping[RelationName, str] | None
    node_time: str | Mapping[str, str] | None
    time_strategy: Strategy
    max_age: int | None
    disjoint: bool


_MAX_AGE = 2**62


@dataclass(frozen=True)
class Neighbors:
    """A plan (see `graphray.sampling.subgraph.SamplingPlan`): draw neighbours hop by hop.

    Attributes:
        fanout: draws per node and hop, -1 for all neighbours: a list for every relation, or
            ``{relation: list}`` to follow only those.
        direction: "in" samples the nodes a seed receives messages from, "out" those its edges lead
            to.
        replace: draw with replacement: a node that has any neighbours gets ``fanout`` draws, and
            the same edge may be drawn again. A fanout of -1 still takes each neighbour once.
        max_degree: caps a fanout of -1: nodes with more neighbours get that many, drawn without
            replacement.
        weight: an edge column to which the chance of an edge is proportional: its name for every
            relation, or ``{relation: name}``, where others are drawn uniformly. An edge of weight 0
            is never drawn. Without replacement, neighbours are drawn one after another, each in
            proportion to its weight among those that are left.
        edge_time: an edge column of integers: no edge later than its seed's time is drawn. Its name
            for every relation, or ``{relation: name}``, where others are not limited.
        node_time: a node column of integers: no neighbour later than the seed's time is drawn. Its
            name for every node type, or ``{node type: name}``, where others are not limited.
        time_strategy: which of the neighbours that are early enough: "uniform" draws among them
            (by weight, where there is one), "latest" takes the last ones.
        max_age: with a time column, leave out what is more than this earlier than the seed's time.
        disjoint: grow a tree of its own for each seed, instead of one graph in which each node
            stands once. Sampling by time is always disjoint: two seeds may see one node at two
            times.
    """

    fanout: Fanout
    direction: Direction = "in"
    _: KW_ONLY
    replace: bool = False
    max_degree: int | None = None
    weight: str | Mapping[RelationName, str] | None = None
    edge_time: str | Mapping[RelationName, str] | None = None
    node_time: str | Mapping[str, str] | None = None
    time_strategy: Strategy = "uniform"
    max_age: int | None = None
    disjoint: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "fanout", normalized_fanout(self.fanout))
        if self.direction not in ("in", "out"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in' or 'out'")
        for name in ("weight", "edge_time", "node_time"):
            object.__setattr__(self, name, normalized_columns(name, getattr(self, name)))
        if self.max_degree is not None:
            require_at_least("max_degree", self.max_degree, 1)
            if self.replace:
                raise ArgumentError("max_degree caps full neighbourhoods; leave replace out")
        self._check_time()

    @property
    def is_temporal(self) -> bool:
        """Whether seeds are looked at as of a time."""
        return self.edge_time is not None or self.node_time is not None

    def make_sampler(self, access: PartitionAccess) -> NeighborSampler:
        """The sampler of one graph.

        Raises:
            RelationNotFound: where the fanout names a relation that is not in the graph.
            ColumnNotFound: where a column is not in the graph.
            ArgumentError: where a column does not hold what is needed of it.
        """
        fanouts = resolve_fanout(access.schema, self.fanout)
        if self.max_degree is not None:
            cap = self.max_degree
            fanouts = {
                relation: tuple(cap if draws == ALL_NEIGHBORS else draws for draws in hops)
                for relation, hops in fanouts.items()
            }
        rules = self.rules(access.schema)
        clock = None
        if self.is_temporal:
            node_times = self._node_times(access.schema, fanouts)
            clock = SeedClock(access, {name: column.name for name, column in node_times.items()})
        return NeighborSampler(
            access,
            fanouts,
            self.direction,
            rules=rules,
            disjoint=self.disjoint or self.is_temporal,
            clock=clock,
        )

    def rules(self, schema: GraphSchema) -> dict[Relation, DrawRule]:
        """How neighbours are chosen, by relation that is followed; raises as `make_sampler`.

        >>> from graphray.schema import DEFAULT_RELATION, GraphSchema, NodeType, RelationType
        >>> ring = GraphSchema((NodeType("node", "int64"),), (RelationType(DEFAULT_RELATION),))
        >>> Neighbors([5]).rules(ring)[DEFAULT_RELATION]
        Uniform(replace=False)
        """
        followed = resolve_fanout(schema, self.fanout)
        weights = weight_columns(schema, followed, self.weight)
        rules: dict[Relation, DrawRule] = dict.fromkeys(followed, Uniform(self.replace))
        rules |= weighted_rules(weights, self.replace)
        if self.is_temporal:
            rules |= temporal_rules(
                followed,
                self.direction,
                edge_columns(schema, followed, self.edge_time, "edge_time"),
                self._node_times(schema, followed),
                weights,
                TemporalDraws(self.time_strategy, self.max_age, self.replace),
            )
        return rules

    def _node_times(self, schema: GraphSchema, followed: Iterable[Relation]) -> dict[str, Column]:
        """The columns of times of the node types that are met."""
        met = dict.fromkeys(name for r in followed for name in (r.source, r.destination))
        return node_columns(schema, met, self.node_time)

    def _check_time(self) -> None:
        if self.time_strategy not in ("uniform", "latest"):
            raise ArgumentError(
                f"time_strategy = {self.time_strategy!r}; expected 'uniform' or 'latest'"
            )
        if self.max_age is not None:
            require_at_least("max_age", self.max_age, 0)
            if self.max_age > _MAX_AGE:
                raise ArgumentError(f"max_age = {self.max_age}; expected at most 2**62")
        if not self.is_temporal:
            if self.time_strategy != "uniform" or self.max_age is not None:
                raise ArgumentError("time_strategy and max_age need edge_time or node_time")
            return
        if self.time_strategy == "latest":
            if self.weight is not None:
                raise ArgumentError(
                    "the latest neighbours are taken whatever they weigh; leave weight out"
                )
            if self.replace:
                raise ArgumentError("the latest neighbours are taken once each; leave replace out")
