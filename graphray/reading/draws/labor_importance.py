"""LABOR with chances that suit the hop: a node that many rows would draw is drawn more often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.derived.names import SHARE, entries_key, far_stable_key
from graphray.kernels.draw_labor import draw_by_chance
from graphray.kernels.gather import gather_entries
from graphray.kernels.labor_chances import HopRows, first_scales, next_chances, next_scales
from graphray.reading.adjacency import Draws, MappedAdjacency, effective_fanout
from graphray.reading.draws.hop_rule import SeenRows
from graphray.reading.draws.rule import HopDraw, bounds_of
from graphray.schema import Direction, Relation
from graphray.shard import NEIGHBOR, ArrayKey, edges_table

Ints = npt.NDArray[np.int64]

UNTIL_CONVERGENCE = 64
"""More iterations than there ever are: each but the last lowers the expected nodes markedly."""

# The share of the expected nodes that an iteration has to save to be followed by another.
_SAVED = 1e-4
_ROOM_PER_ROW = 1.5


@dataclass(frozen=True)
class ImportanceLabor:
    """LABOR-i, and LABOR of weighted edges (see `graphray.kernels.labor_chances`).

    A rule (see `graphray.reading.draws.hop_rule.HopRule`). Its draws have weights: each entry's
    weight, or 1, over the chance with which it was drawn.

    Attributes:
        iterations: how often the chances are improved; less often where that no longer saves nodes.
        weight: the column of the edges' weights; None where all weigh the same.
    """

    iterations: int
    weight: str | None = None

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """The stable ids of the neighbours, and the edges' weights."""
        keys = [far_stable_key(relation, direction)]
        if self.weight is not None:
            keys.append(entries_key(relation, direction, SHARE, self.weight))
        return tuple(keys)

    def draw_all(self, adjacency: MappedAdjacency, rows: SeenRows, hop: HopDraw) -> Draws:
        """The draws of all rows, by the chances that they agree on."""
        stable, *shares = self.array_keys(adjacency.relation, adjacency.direction)
        nothing = np.zeros(len(rows.degrees), np.int64)
        hop_rows = HopRows(
            rows.degrees, rows.addresses[stable], rows.addresses[shares[0]] if shares else nothing
        )
        like = rows.like(stable)
        fanout = effective_fanout(hop.fanout)
        scales = np.empty(len(rows.degrees), np.float64)
        first_scales(hop_rows, fanout, scales)
        # Large, but only the pages of nodes that the hop meets are ever touched.
        table = np.zeros((adjacency.num_far_nodes if self.iterations else 0, 2), np.float64)
        nodes_before = np.inf
        for iteration in range(self.iterations):
            nodes = next_chances(hop_rows, like, scales, iteration == 0, table)
            next_scales(hop_rows, like, fanout, table, scales)
            if nodes > (1 - _SAVED) * nodes_before:
                break
            nodes_before = nodes
        expected = np.clip(rows.degrees, 0, fanout).sum()
        room = int(expected * _ROOM_PER_ROW) + 64
        counts = np.empty(len(rows.degrees), np.int64)
        while True:
            entries, weights = np.empty(room, np.int64), np.empty(room, np.float64)
            total = draw_by_chance(
                hop_rows,
                like,
                scales,
                self.iterations == 0,
                table,
                np.uint64(hop.key),
                counts,
                entries,
                weights,
            )
            if total <= room:
                break
            room = total
        return _draws(adjacency, rows, counts, entries[:total], weights[:total])


def _draws(
    adjacency: MappedAdjacency,
    rows: SeenRows,
    counts: Ints,
    entries: Ints,
    weights: npt.NDArray[np.float64],
) -> Draws:
    """From entries, counted from their row's first, to positions and neighbours."""
    neighbor = ArrayKey(edges_table(adjacency.relation, adjacency.direction), NEIGHBOR)
    neighbors = np.empty(len(entries), adjacency.neighbor_dtype)
    gather_entries(rows.addresses[neighbor], counts, entries, neighbors)
    positions = entries + np.repeat(rows.first, counts)
    return Draws(bounds_of(counts), positions, neighbors, weights)
