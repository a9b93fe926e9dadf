"""What a graph offers to have neighbours drawn on this node that it does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Unpack, runtime_checkable

from graphray.errors import ArgumentError
from graphray.features.caching import CacheRequest, cache_rows, parse_budget, seed_gids
from graphray.features.hot_neighbors import HotNeighbors
from graphray.reading.access import PartitionAccess
from graphray.reading.draws.hop_rule import HopRule
from graphray.reading.draws.rule import DrawRule
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import CacheCounts
from graphray.sampling.neighbors import NeighborOptions, Neighbors
from graphray.sampling.subgraph import SamplingPlan
from graphray.schema import Direction, GraphSchema, Relation, RelationType
from graphray.status import CacheStatus

RelationName = tuple[str, str, str] | str


@runtime_checkable
class HopByHopPlan(Protocol):
    """A plan that draws from adjacency rows, such as `graphray.Labor`.

    Attributes:
        direction: as for `graphray.Graph.loader`.
    """

    direction: Direction

    def rules(self, schema: GraphSchema) -> dict[Relation, DrawRule | HopRule]:
        """How neighbours are chosen, by relation."""
        ...


class NeighborCacheCalls:
    """The part of `graphray.Graph` that is about keeping neighbours at hand."""

    _access: PartitionAccess

    def cache_neighbors(
        self,
        budget: int | str = "256MiB",
        *,
        by: str = "degree",
        relation: RelationName | None = None,
        seeds: Any = None,
        direction: Direction = "in",
        sampling: SamplingPlan | None = None,
        **options: Unpack[NeighborOptions],
    ) -> CacheStatus:
        """Keep the neighbours of the hottest nodes of other nodes' partitions on this node.

        Loaders then draw for these nodes here, without a call. The rows lie in the node's object
        store, in place of those kept of this relation and direction before, with all that the
        given way to draw reads of them; uniform draws can read any. Batches are the same with and
        without.

        Args:
            budget: what they may take, in bytes or such as ``"256MiB"``; 0 lets go of what is kept.
                Of the hottest rows those stay that serve most per byte, and none that takes more
                than a sixteenth.
            by: as for `cache_features`: "degree", "use" or "pagerank".
            relation: whose edges; may be left out where one is followed.
            seeds: for "pagerank", what training starts from, as for `cache_features`.
            direction: as for `loader`; where a plan is given, that of the plan.
            sampling: the plan that draws, where it is not made of ``options``.
            options: how neighbours are drawn, as for `loader`.

        Returns:
            What is kept, and how this process was served so far. No rows where every partition has
            a replica on this node, or where the graph's catalog cannot keep them now.

        Raises:
            ArgumentError: where a parameter is out of range, or a plan does not draw hop by hop.
            ClusterError: where the node's object store has no room for the rows.
            ColumnNotFound: where a column is not there.
            NodeNotFound: where a seed is not in the graph.
            RelationNotFound: where the relation is not there.
        """
        schema = self._access.schema
        if sampling is None:
            kind = _only(schema, relation, [kind.relation for kind in schema.relations])
            plan: Any = Neighbors({kind.relation: [1]}, direction, **options)
        else:
            plan = _drawing_hop_by_hop(sampling, options)
        rules = plan.rules(schema)
        kind = _only(schema, relation, list(rules))
        stored = kind.stored_direction(plan.direction)
        further = rules[kind.relation].array_keys(kind.relation, stored)
        source = HotNeighbors(kind.relation, stored, further)
        gids = seed_gids(self._access, seeds)
        request = CacheRequest(source, parse_budget(budget), by, plan.direction, gids)
        return cache_rows(self._access, request)

    def neighbor_cache_counts(
        self, relation: RelationName | None = None, direction: Direction = "in"
    ) -> CacheCounts:
        """For how many nodes of other nodes' partitions this process drew neighbours itself.

        Args:
            relation: along which; may be left out where the graph has one.
            direction: as for `loader`.

        Returns:
            Hits, nodes whose rows it found cached on its node; and misses, nodes that owners drew
            for. A node counts in each hop and batch that asks for its neighbours.

        Raises:
            ArgumentError: where the direction is none, or the relation has to be given.
            RelationNotFound: where the relation is not there.
        """
        if direction not in ("in", "out"):
            raise ArgumentError(f"direction = {direction!r}; expected 'in' or 'out'")
        schema = self._access.schema
        kind = _only(schema, relation, [kind.relation for kind in schema.relations])
        of = RowsOf.neighbors(kind.relation, kind.stored_direction(direction))
        return self._access.cache.counts(of)


def _drawing_hop_by_hop(plan: SamplingPlan, options: NeighborOptions) -> HopByHopPlan:
    """A plan that has rules of drawing; raises ArgumentError."""
    if options:
        raise ArgumentError(
            f"{', '.join(options)} and sampling are both given; a plan says itself how it draws"
        )
    if not isinstance(plan, HopByHopPlan):
        raise ArgumentError(
            f"sampling = {plan!r}; expected a plan that draws hop by hop, such as gr.Labor"
        )
    return plan


def _only(
    schema: GraphSchema, relation: RelationName | None, followed: Sequence[Relation]
) -> RelationType:
    """The relation that is meant, which is followed; raises ArgumentError, RelationNotFound."""
    if relation is None and len(followed) != 1:
        raise ArgumentError(
            f"the relation is not clear, of: {', '.join(map(str, followed)) or 'none'}; "
            "pass relation=..."
        )
    kind = schema.relation_type(followed[0] if relation is None else relation)
    if kind.relation not in followed:
        raise ArgumentError(f"relation {kind.relation} is not followed by the plan")
    return kind
