"""One hop's draws, along all relations: here where rows are mapped, by their owners elsewhere.

What this node keeps among its hot rows is drawn from here as well. An owner is called once a hop,
whatever the number of relations: the nodes to draw for go there, and what was drawn comes back.
Where a row's draws stand depends on the rows alone, so the result is the same whoever drew which
row. Where the rule is one for all rows of the hop together, owners send theirs whole, and all are
drawn from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.neighbors import ELSEWHERE, place_rows
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import Draws, FrontierRows, MappedAdjacency, locate_rows
from graphray.reading.draws.hop_rule import HopRule, RowEntries, seen_rows
from graphray.reading.draws.rule import DrawRule, HopDraw, bounds_of
from graphray.reading.hot_neighbors import find_hot
from graphray.reading.hot_rows import RowsOf
from graphray.reading.operations import Request, SampleRows, Together
from graphray.reading.whole_rows import WholeRows
from graphray.sampling.workspace import Frontier

Ints = npt.NDArray[np.int64]

_USES_COUNTED_MAX = 2**13
"""Of a hop's rows elsewhere: one takes 70 ns, so that all would be a tenth of a batch's time."""


@dataclass(frozen=True)
class AskedRows:
    """What a hop asks for along one relation.

    Attributes:
        adjacency: the relation's rows.
        rule: how neighbours are chosen.
        frontier: the nodes to draw for.
        fanout: draws per node, or -1 for all neighbours.
        key: the key of the hop's random streams.
        make_room: returns room for the positions of so many edges.
    """

    adjacency: MappedAdjacency
    rule: DrawRule | HopRule
    frontier: Frontier
    fanout: int
    key: int
    make_room: Callable[[int], Ints]

    @property
    def hop(self) -> HopDraw:
        """What the hop asks of each row."""
        return HopDraw(self.fanout, self.key, self.frontier.times)

    def request(self, at: Ints) -> Request[Any]:
        """The request for some of the rows."""
        adjacency, frontier = self.adjacency, self.frontier
        relation, direction = adjacency.relation, adjacency.direction
        if isinstance(self.rule, HopRule):
            further = self.rule.array_keys(relation, direction)
            return WholeRows(relation, direction, frontier.gids[at], further)
        return SampleRows(
            relation,
            direction,
            frontier.gids[at],
            self.fanout,
            self.key,
            self.rule,
            None if frontier.trees is None else frontier.trees[at],
            None if frontier.times is None else frontier.times[at],
        )


Piece = tuple[Ints, Any]
"""Rows that an owner was asked for: which of the frontier's, and the answer."""


def draw_hop(access: PartitionAccess, asked: Sequence[AskedRows]) -> list[Draws]:
    """The draws of a hop, one `Draws` for each relation asked about."""
    found = [_locate(access, each) for each in asked]
    located = [rows for _, rows in found]
    pieces = _ask_owners(access, asked, located)
    return [_draw(*each, answers) for each, answers in zip(found, pieces, strict=True)]


def _locate(access: PartitionAccess, asked: AskedRows) -> tuple[AskedRows, FrontierRows]:
    """Where the rows are, and what to draw them from: also from the hot rows of this node."""
    adjacency, frontier = asked.adjacency, asked.frontier
    rows = locate_rows(adjacency, frontier.gids, frontier.trees)
    if not rows.num_elsewhere:
        return asked, rows
    of = RowsOf.neighbors(adjacency.relation, adjacency.direction)
    elsewhere = np.flatnonzero(rows.degrees == ELSEWHERE)
    hot = access.cache.hot_rows(of)
    wider, rows = find_hot(adjacency, rows, elsewhere, frontier.trees, hot)
    misses = rows.num_elsewhere
    hits = len(elsewhere) - misses
    access.cache.note(of, frontier.gids[elsewhere], hits, misses, _USES_COUNTED_MAX)
    return replace(asked, adjacency=wider), rows


def _ask_owners(
    access: PartitionAccess, asked: Sequence[AskedRows], located: Sequence[FrontierRows]
) -> list[list[Piece]]:
    """What the owners of unmapped rows answer, by relation."""
    rows_at: dict[int, list[tuple[int, Ints]]] = {}
    for number, rows in enumerate(located):
        if rows.num_elsewhere:
            elsewhere = np.flatnonzero(rows.degrees == ELSEWHERE)
            owners = rows.owners[elsewhere]
            for part in np.unique(owners).tolist():
                rows_at.setdefault(part, []).append((number, elsewhere[owners == part]))
    pieces: list[list[Piece]] = [[] for _ in asked]
    if rows_at:
        answers = access.call_all(
            {
                part: Together(tuple(asked[number].request(at) for number, at in wanted))
                for part, wanted in rows_at.items()
            }
        )
        for part, wanted in rows_at.items():
            for (number, at), answer in zip(wanted, answers[part], strict=True):
                pieces[number].append((at, answer))
    return pieces


def _draw(asked: AskedRows, rows: FrontierRows, pieces: Sequence[Piece]) -> Draws:
    if isinstance(asked.rule, HopRule):
        return _draw_together(asked, asked.rule, rows, pieces)
    return _draw_each(asked, asked.rule, rows, pieces)


def _draw_together(
    asked: AskedRows,
    rule: HopRule,
    rows: FrontierRows,
    pieces: Sequence[tuple[Ints, RowEntries]],
) -> Draws:
    """Draw for all rows at once, those that owners sent too."""
    adjacency = asked.adjacency
    keys = rule.array_keys(adjacency.relation, adjacency.direction)
    draws = rule.draw_all(adjacency, seen_rows(adjacency, rows, keys, pieces), asked.hop)
    positions = asked.make_room(len(draws.positions))
    positions[:] = draws.positions
    return replace(draws, positions=positions)


def _draw_each(
    asked: AskedRows, rule: DrawRule, rows: FrontierRows, pieces: Sequence[tuple[Ints, Draws]]
) -> Draws:
    """Draw what is mapped here, and put everything in the frontier's order."""
    drawing = rule.begin(asked.adjacency, rows, asked.hop)
    counts = drawing.counts.copy() if pieces else drawing.counts
    for at, drawn in pieces:
        counts[at] = np.diff(drawn.bounds)
    bounds = bounds_of(counts)
    positions = asked.make_room(int(bounds[-1]))
    draws = Draws(bounds, positions, drawing.fill(bounds, positions))
    for at, drawn in pieces:
        place_rows(
            at,
            np.diff(drawn.bounds),
            drawn.positions,
            drawn.neighbors,
            bounds,
            draws.positions,
            draws.neighbors,
        )
    return draws
