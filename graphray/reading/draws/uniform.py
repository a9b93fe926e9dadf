"""Uniform draws, without replacement or with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.draw_replace import draw_with_replacement
from graphray.kernels.gather import gather_draws
from graphray.reading.adjacency import (
    ALL_NEIGHBORS,
    FrontierRows,
    MappedAdjacency,
    draw_located,
)
from graphray.reading.draws.rule import Drawing, HopDraw, capped
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Uniform:
    """Each entry of a row is as likely as any other (see `graphray.reading.draws.rule.DrawRule`).

    Attributes:
        replace: draw with replacement: a row that has any entries gets as many draws as the hop
            asks for. All neighbours are still taken once each.
    """

    replace: bool = False

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """None."""
        return ()

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Count the draws of each row."""
        if self.replace and hop.fanout != ALL_NEIGHBORS:
            return _Repeated(adjacency, rows, hop)
        return _Distinct(adjacency, rows, hop)


class _Distinct:
    def __init__(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> None:
        self._adjacency, self._rows, self._hop = adjacency, rows, hop
        self.counts = capped(rows.degrees, hop.fanout)

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        hop = self._hop
        return draw_located(
            self._adjacency, self._rows, bounds, hop.fanout, hop.key, positions
        ).neighbors


class _Repeated:
    def __init__(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> None:
        self._adjacency, self._rows, self._hop = adjacency, rows, hop
        self.counts = np.where(rows.degrees > 0, hop.fanout, 0)

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        rows, adjacency = self._rows, self._adjacency
        key = np.uint64(self._hop.key)
        draw_with_replacement(rows.first, rows.degrees, rows.words, bounds, key, positions)
        neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
        gather_draws(positions, bounds, rows.owners, adjacency.neighbor_bases, neighbors)
        return neighbors
