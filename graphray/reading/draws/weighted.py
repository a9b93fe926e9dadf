"""Draws in proportion to a column of the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.derived.names import ALIAS, POSITIVE, entries_key, rows_key
from graphray.kernels.draw_weighted import draw_weighted, draw_weighted_with_replacement
from graphray.kernels.gather import gather_rows
from graphray.reading.adjacency import (
    ALL_NEIGHBORS,
    FrontierRows,
    MappedAdjacency,
    effective_fanout,
)
from graphray.reading.draws.rule import Drawing, HopDraw
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey, edges_table

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weighted:
    """An entry is as likely as its weight says (see `graphray.reading.draws.rule.DrawRule`).

    Entries of weight 0 are never drawn. Without replacement, entries are drawn one after another,
    each in proportion to its weight among those that are left: the distribution of A-Res
    (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).

    Attributes:
        column: the weights, a column of the relation.
        replace: draw with replacement: a row that has any entries gets as many draws as the hop
            asks for. All neighbours are still taken once each.
    """

    column: str
    replace: bool = False

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """Weights, alias tables, and how many entries of each row can be drawn."""
        return (
            ArrayKey(edges_table(relation, direction), self.column),
            entries_key(relation, direction, ALIAS, self.column),
            rows_key(relation, direction, POSITIVE, self.column),
        )

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Count the draws of each row."""
        weights, alias, positive = self.array_keys(adjacency.relation, adjacency.direction)
        drawable = np.zeros(len(rows.first), np.uint32)
        if rows.num_elsewhere < len(drawable):
            gather_rows(rows.gids, rows.owners, adjacency.bases[positive], drawable)
        if self.replace and hop.fanout != ALL_NEIGHBORS:
            counts = np.where(drawable > 0, hop.fanout, 0)
            return _Repeated(adjacency, rows, hop, alias, counts)
        counts = np.minimum(drawable.astype(np.int64), effective_fanout(hop.fanout))
        return _Distinct(adjacency, rows, hop, alias, weights, counts, drawable)


@dataclass
class _Repeated:
    adjacency: MappedAdjacency
    rows: FrontierRows
    hop: HopDraw
    alias: ArrayKey
    counts: Ints

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        rows, adjacency = self.rows, self.adjacency
        neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
        draw_weighted_with_replacement(
            rows.first,
            rows.degrees,
            rows.words,
            rows.owners,
            bounds,
            np.uint64(self.hop.key),
            adjacency.bases[self.alias],
            positions,
            neighbors,
        )
        return neighbors


@dataclass
class _Distinct:
    adjacency: MappedAdjacency
    rows: FrontierRows
    hop: HopDraw
    alias: ArrayKey
    weights: ArrayKey
    counts: Ints
    drawable: npt.NDArray[np.uint32]

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        rows, adjacency = self.rows, self.adjacency
        neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
        draw_weighted(
            rows.first,
            rows.degrees,
            rows.words,
            rows.owners,
            self.drawable,
            bounds,
            np.uint64(self.hop.key),
            adjacency.bases[self.alias],
            adjacency.bases[self.weights],
            np.empty(0, adjacency.dtypes.get(self.weights, np.float32)),
            adjacency.neighbor_bases,
            positions,
            neighbors,
        )
        return neighbors
