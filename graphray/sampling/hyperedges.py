"""Hyperedge sampling: vertices draw hyperedges, hyperedges draw members, and so on.

A hop goes from vertices to some of their hyperedges, and from these to some of their members. In a
batch every sampled hyperedge holds, beside the members it drew, each vertex that drew it; so what
was walked is among the incidences, and a hyperedge that is larger than its cap stays connected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import ALL_NEIGHBORS
from graphray.reading.draw_entries import ALL, Admission
from graphray.reading.walking import Step
from graphray.sampling.entry_reader import EntryReader
from graphray.sampling.numbering import LocalNumbers
from graphray.sampling.plan import require_at_least
from graphray.sampling.streams import BatchStream, purpose_word
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph, Seeds
from graphray.schema import GraphSchema, Relation, require_column

Ints = npt.NDArray[np.int64]
_ENTER, _MEMBERS = purpose_word("hyperedges"), purpose_word("members")


@dataclass(frozen=True)
class Hyperedges:
    """A plan: from vertices to hyperedges to vertices, hop by hop.

    Seeds are vertices, or hyperedges, whose members the first hop then draws. A batch's edges are
    incidences, from vertex to hyperedge, with their roles: ``batch.edge_features("role")``.

    Attributes:
        fanout: per hop a pair: the incidences drawn of each vertex, and the members drawn of each
            hyperedge (beside the vertices that drew it); -1 for all.
        enter_roles: draw only incidences in which the vertex has one of these roles, such as
            ``["tail"]``; None for all.
        member_roles: draw only members in one of these roles, such as ``["head"]``.
        role_column: the incidence's column of roles.
        relation: the incidence, from vertices to hyperedges; may be left out where the graph has
            one relation.
    """

    fanout: Sequence[tuple[int, int]]
    enter_roles: Sequence[str] | None = None
    member_roles: Sequence[str] | None = None
    role_column: str = "role"
    relation: tuple[str, str, str] | str | None = None

    def make_sampler(self, access: PartitionAccess) -> HyperedgeSampler:
        """The sampler of one graph; see `graphray.sampling.subgraph.SamplingPlan`.

        Raises:
            ColumnNotFound: where roles are asked for and the incidence has no such column.
        """
        incidence = self._incidence(access.schema)
        caps = [_caps(hop, pair) for hop, pair in enumerate(_pairs(self.fanout))]
        enter, members = (
            self._admission(access.schema, incidence, name) for name in ("enter", "member")
        )
        return HyperedgeSampler(
            access.schema,
            EntryReader(access, Step(incidence, "out"), enter),
            EntryReader(access, Step(incidence, "in"), members),
            caps,
        )

    def _incidence(self, schema: GraphSchema) -> Relation:
        only = schema.relations[0].relation if len(schema.relations) == 1 else ""
        kind = schema.relation_type(self.relation or only)
        if not kind.directed or kind.relation.source == kind.relation.destination:
            raise ArgumentError(
                f"{kind.relation} is no incidence: it does not lead from vertices to hyperedges of "
                "another type"
            )
        return kind.relation

    def _admission(self, schema: GraphSchema, incidence: Relation, which: str) -> Admission | None:
        roles: Any = getattr(self, f"{which}_roles")
        if roles is None:
            return None
        if isinstance(roles, str) or not all(isinstance(role, str) for role in roles):
            raise ArgumentError(f"{which}_roles = {roles!r}; expected a list of strings")
        columns = schema.relation_type(incidence).columns
        require_column(columns, self.role_column, f"relation {incidence}")
        return Admission(self.role_column, tuple(roles))


class HyperedgeSampler:
    """Samples sub-hypergraphs; safe to use from several threads.

    Args:
        schema: the graph's schema.
        enter: draws the hyperedges of vertices.
        members: draws the members of hyperedges.
        caps: per hop how many of each at most.
    """

    def __init__(
        self,
        schema: GraphSchema,
        enter: EntryReader,
        members: EntryReader,
        caps: Sequence[tuple[int, int]],
    ) -> None:
        self._schema, self._enter, self._members, self._caps = schema, enter, members, caps
        self._vertex, self._hyperedge = enter.step.near_type, enter.step.far_type

    @property
    def is_local(self) -> bool:
        """Whether every partition is mapped."""
        return self._enter.is_local and self._members.is_local

    def sample(self, seeds: Seeds, stream: BatchStream) -> SampledSubgraph:
        """The hyperedges around some seeds, and their members."""
        if seeds.times is not None:
            raise ArgumentError("hyperedge sampling does not heed time; leave seed_times out")
        numbers = LocalNumbers(self._schema.node_type_names)
        for node_type, gids in seeds.nodes.items():
            if node_type not in (self._vertex, self._hyperedge):
                raise ArgumentError(
                    f"seeds of type {node_type!r}; expected {self._vertex!r} or {self._hyperedge!r}"
                )
            numbers.add(node_type, gids)
        numbers.end_hop()
        incidences = _Incidences()
        for hop, caps in enumerate(self._caps):
            self._sample_hop(numbers, incidences, hop, caps, stream)
            numbers.end_hop()
        edges = {self._enter.step.relation: incidences.edges()}
        return SampledSubgraph(numbers.nodes, numbers.per_hop, edges, "in")

    def _sample_hop(
        self,
        numbers: LocalNumbers,
        incidences: _Incidences,
        hop: int,
        caps: tuple[int, int],
        stream: BatchStream,
    ) -> None:
        vertices = numbers.frontier(self._vertex)
        key = stream.hop_key(hop, _ENTER)
        drawn = self._enter.draw(vertices, np.full(len(vertices), caps[0]), key)
        # Hyperedges that are seeds draw their members in the first hop.
        seeds = numbers.nodes[self._hyperedge] if hop == 0 else np.empty(0, np.int64)
        hyperedges = _in_order_of_appearance(np.concatenate([seeds, drawn.neighbors]))
        is_new = np.isin(hyperedges, seeds) | ~np.isin(hyperedges, numbers.nodes[self._hyperedge])
        place = np.argsort(hyperedges)
        rows = place[np.searchsorted(hyperedges, drawn.neighbors, sorter=place)]
        certain = np.stack([rows, vertices[drawn.rows]], axis=1)
        # One that drew its members before only takes in who drew it now.
        members = self._members.draw(
            hyperedges,
            np.where(is_new, caps[1], 0),
            stream.hop_key(hop, _MEMBERS),
            certain,
        )
        columns = numbers.add(self._hyperedge, hyperedges)
        incidences.add(
            numbers.add(self._vertex, members.neighbors),
            columns[members.rows],
            members.positions,
        )


class _Incidences:
    """The incidences of a batch that grows, each once."""

    def __init__(self) -> None:
        self._ends: list[Ints] = []
        self._positions: list[Ints] = []

    def add(self, vertices: Ints, hyperedges: Ints, positions: Ints) -> None:
        """Add those of a hop that are new."""
        new = np.ones(len(positions), bool)
        if self._positions:
            new = ~np.isin(positions, np.concatenate(self._positions))
        self._ends.append(np.stack([vertices, hyperedges])[:, new])
        self._positions.append(positions[new])

    def edges(self) -> SampledEdges:
        """All of them."""
        return SampledEdges(
            np.concatenate(self._ends, axis=1),
            np.concatenate(self._positions),
            tuple(len(hop) for hop in self._positions),
        )


def _in_order_of_appearance(gids: Ints) -> Ints:
    return gids[np.sort(np.unique(gids, return_index=True)[1])]


def _pairs(fanout: Any) -> Sequence[Any]:
    if isinstance(fanout, str) or not isinstance(fanout, Sequence) or not fanout:
        raise ArgumentError(
            f"fanout = {fanout!r}; expected a pair per hop (hyperedges per vertex, members per "
            "hyperedge), such as [(5, 10)]"
        )
    return fanout


def _caps(hop: int, pair: Any) -> tuple[int, int]:
    if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
        raise ArgumentError(f"fanout[{hop}] = {pair!r}; expected a pair of numbers")
    caps = [
        ALL if cap == ALL_NEIGHBORS else require_at_least(f"fanout[{hop}][{which}]", cap, 1)
        for which, cap in enumerate(pair)
    ]
    return caps[0], caps[1]
