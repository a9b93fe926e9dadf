"""LABOR draws: rows of a hop share their randomness, so that together they reach fewer nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.derived.names import far_stable_key
from graphray.kernels.draw_labor import draw_labor
from graphray.kernels.gather import gather_draws
from graphray.kernels.neighbors import place_rows
from graphray.reading.adjacency import FrontierRows, MappedAdjacency, effective_fanout
from graphray.reading.draws.rule import Drawing, HopDraw, bounds_of
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey

Ints = npt.NDArray[np.int64]

_ROOM_PER_ROW = 1.25


@dataclass(frozen=True)
class LaborDraw:
    """Each entry is drawn with the chance ``min(1, fanout / degree)``, in agreement between rows.

    See `graphray.kernels.draw_labor`, and `graphray.reading.draws.rule.DrawRule`.
    """

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """The stable ids of the neighbours."""
        return (far_stable_key(relation, direction),)

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Draw: how many draws a row gets is itself left to chance."""
        (stable,) = self.array_keys(adjacency.relation, adjacency.direction)
        fanout = effective_fanout(hop.fanout)
        counts = np.empty(len(rows.first), np.int64)
        expected = np.clip(rows.degrees, 0, fanout).sum()
        room = int(expected * _ROOM_PER_ROW) + 64
        while True:
            drawn = np.empty(room, np.int64)
            total = draw_labor(
                rows.first,
                rows.degrees,
                rows.owners,
                fanout,
                np.uint64(hop.key),
                adjacency.bases[stable],
                np.empty(0, adjacency.dtypes.get(stable, np.uint32)),
                counts,
                drawn,
            )
            if total <= room:
                return _Drawn(adjacency, rows, counts, drawn[:total])
            room = total


@dataclass
class _Drawn:
    adjacency: MappedAdjacency
    rows: FrontierRows
    counts: Ints
    drawn: Ints

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        rows, adjacency = self.rows, self.adjacency
        drawn = np.empty(len(self.drawn), adjacency.neighbor_dtype)
        gather_draws(
            self.drawn, bounds_of(self.counts), rows.owners, adjacency.neighbor_bases, drawn
        )
        neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
        every_row = np.arange(len(self.counts))
        place_rows(every_row, self.counts, self.drawn, drawn, bounds, positions, neighbors)
        return neighbors
