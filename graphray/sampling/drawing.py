"""One hop's draws, along all relations: here where rows are mapped, by their owners elsewhere.

An owner is called once a hop, whatever the number of relations. Where a row's draws stand depends
on the rows alone, so the result is the same whoever drew which row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.neighbors import ELSEWHERE, place_rows
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import Draws, FrontierRows, MappedAdjacency, locate_rows
from graphray.reading.draws.rule import DrawRule, HopDraw, bounds_of
from graphray.reading.operations import SampleRows, Together
from graphray.sampling.workspace import Frontier

Ints = npt.NDArray[np.int64]


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
    rule: DrawRule
    frontier: Frontier
    fanout: int
    key: int
    make_room: Callable[[int], Ints]

    def request(self, at: Ints) -> SampleRows:
        """The request for some of the rows."""
        frontier = self.frontier
        return SampleRows(
            self.adjacency.relation,
            self.adjacency.direction,
            frontier.gids[at],
            self.fanout,
            self.key,
            self.rule,
            None if frontier.trees is None else frontier.trees[at],
            None if frontier.times is None else frontier.times[at],
        )


@dataclass(frozen=True)
class _Piece:
    """Rows that an owner drew: which of the frontier's, and what came."""

    at: Ints
    draws: Draws


def draw_hop(access: PartitionAccess, asked: Sequence[AskedRows]) -> list[Draws]:
    """The draws of a hop, one `Draws` for each relation asked about."""
    located = [locate_rows(a.adjacency, a.frontier.gids, a.frontier.trees) for a in asked]
    pieces = _draw_elsewhere(access, asked, located)
    return [_assemble(*each) for each in zip(asked, located, pieces, strict=True)]


def _draw_elsewhere(
    access: PartitionAccess, asked: Sequence[AskedRows], located: Sequence[FrontierRows]
) -> list[list[_Piece]]:
    """What the owners of unmapped rows drew, by relation."""
    rows_at: dict[int, list[tuple[int, Ints]]] = {}
    for number, rows in enumerate(located):
        if rows.num_elsewhere:
            elsewhere = np.flatnonzero(rows.degrees == ELSEWHERE)
            owners = rows.owners[elsewhere]
            for part in np.unique(owners).tolist():
                rows_at.setdefault(part, []).append((number, elsewhere[owners == part]))
    pieces: list[list[_Piece]] = [[] for _ in asked]
    if rows_at:
        answers = access.call_all(
            {
                part: Together(tuple(asked[number].request(at) for number, at in wanted))
                for part, wanted in rows_at.items()
            }
        )
        for part, wanted in rows_at.items():
            for (number, at), draws in zip(wanted, answers[part], strict=True):
                pieces[number].append(_Piece(at, draws))
    return pieces


def _assemble(asked: AskedRows, rows: FrontierRows, pieces: Sequence[_Piece]) -> Draws:
    """Draw what is mapped here, and put everything in the frontier's order."""
    hop = HopDraw(asked.fanout, asked.key, asked.frontier.times)
    drawing = asked.rule.begin(asked.adjacency, rows, hop)
    counts = drawing.counts.copy() if pieces else drawing.counts
    for piece in pieces:
        counts[piece.at] = np.diff(piece.draws.bounds)
    bounds = bounds_of(counts)
    positions = asked.make_room(int(bounds[-1]))
    draws = Draws(bounds, positions, drawing.fill(bounds, positions))
    for piece in pieces:
        place_rows(
            piece.at,
            np.diff(piece.draws.bounds),
            piece.draws.positions,
            piece.draws.neighbors,
            bounds,
            draws.positions,
            draws.neighbors,
        )
    return draws
