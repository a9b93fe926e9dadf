"""Draws among what a row had at some time, in proportion to a column of the edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphray.derived.names import (
    EDGE_WEIGHED,
    FAR_WEIGHED,
    POSITIVE,
    entries_key,
    paired,
    rows_key,
)
from graphray.kernels.draw_weighted_temporal import TimedWeights, draw_weighted_window
from graphray.kernels.gather import gather_draws, gather_rows
from graphray.kernels.neighbors import ELSEWHERE
from graphray.reading.adjacency import ALL_NEIGHBORS, FrontierRows, MappedAdjacency
from graphray.reading.draws.rule import Drawing, HopDraw, capped
from graphray.reading.draws.temporal import resolve, windows
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey, edges_table

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TemporalWeighted:
    """A rule (see `graphray.reading.draws.rule`): of what was early enough, the more it weighs.

    Draws are those of `graphray.reading.draws.weighted.Weighted` among the entries that are not
    later than the row's time (an entry of just that time counts as early enough): what came later
    has no part in the chances of what had been there.

    Attributes:
        column: the times, integers.
        of: whose column it is: the edge's, or the neighbour's.
        weight: the weights, a column of the relation.
        max_age: leave out entries more than this earlier than the row's time.
        replace: draw with replacement, as for `graphray.reading.draws.uniform.Uniform`.
    """

    column: str
    of: Literal["edge", "neighbor"]
    weight: str
    max_age: int | None = None
    replace: bool = False

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """Cells, times and sums in the order of time; weights; how many entries can be drawn."""
        columns = paired(self.column, self.weight)
        names = EDGE_WEIGHED if self.of == "edge" else FAR_WEIGHED
        return (
            *(entries_key(relation, direction, name, columns) for name in names),
            ArrayKey(edges_table(relation, direction), self.weight),
            rows_key(relation, direction, POSITIVE, self.weight),
        )

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Find what each row had at its time that can be drawn."""
        _, times, *_, positive = self.array_keys(adjacency.relation, adjacency.direction)
        drawable = np.zeros(len(rows.first), np.uint32)
        gather_rows(rows.gids, rows.owners, adjacency.bases[positive], drawable)
        degrees = np.where(rows.degrees == ELSEWHERE, ELSEWHERE, drawable.astype(np.int64))
        in_order = replace(rows, degrees=degrees)
        starts, lengths = windows(adjacency, in_order, times, hop.times, self.max_age)
        if self.replace and hop.fanout != ALL_NEIGHBORS:
            counts = np.where(lengths > 0, hop.fanout, 0)
        else:
            counts = capped(lengths, hop.fanout)
        return _Drawing(self, adjacency, rows, hop, starts, lengths, counts)


@dataclass
class _Drawing:
    rule: TemporalWeighted
    adjacency: MappedAdjacency
    rows: FrontierRows
    hop: HopDraw
    starts: Ints
    lengths: Ints
    counts: Ints

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        rows, adjacency, hop = self.rows, self.adjacency, self.hop
        cells, _, sums, weights, _ = self.rule.array_keys(adjacency.relation, adjacency.direction)
        drawn = np.empty(bounds[-1], adjacency.dtypes.get(cells, np.uint64))
        # Until they are resolved, what is drawn are places in the order of time.
        draw_weighted_window(
            rows.first,
            self.starts,
            self.lengths,
            rows.words,
            rows.owners,
            bounds,
            np.uint64(hop.key),
            self.rule.replace and hop.fanout != ALL_NEIGHBORS,
            TimedWeights(
                adjacency.bases[cells],
                np.empty(0, drawn.dtype),
                adjacency.bases[sums],
                adjacency.bases[weights],
                np.empty(0, adjacency.dtypes.get(weights, np.float64)),
            ),
            positions,
        )
        gather_draws(positions, bounds, rows.owners, adjacency.bases[cells], drawn)
        return resolve(adjacency, rows, self.lengths, bounds, drawn, positions)
