"""Draws among what a row had at some time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphray.derived.names import EDGE_CELLS, EDGE_TIMES, FAR_CELLS, FAR_TIMES, entries_key
from graphray.kernels.draw_replace import draw_with_replacement
from graphray.kernels.draw_temporal import (
    count_until,
    resolve_cells,
    resolve_slots,
    take_last,
)
from graphray.kernels.gather import gather_draws
from graphray.kernels.neighbors import ELSEWHERE, draw_rows
from graphray.reading.adjacency import (
    ALL_NEIGHBORS,
    FrontierRows,
    MappedAdjacency,
    effective_fanout,
)
from graphray.reading.draws.rule import Drawing, HopDraw, capped
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey

Ints = npt.NDArray[np.int64]
Strategy = Literal["uniform", "latest"]

_MIN = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Temporal:
    """A rule (see `graphray.reading.draws.rule`): only entries not later than the row's time.

    An entry of just that time counts as early enough.

    Attributes:
        column: the times, integers.
        of: whose column it is: the edge's, or the neighbour's.
        strategy: "uniform" draws among the entries that are early enough, and takes them in rising
            time where they are no more than the hop asks for; "latest" takes the last ones, the
            latest first. Entries of one time are in canonical order.
        max_age: leave out entries more than this earlier than the row's time.
        replace: draw with replacement, as for `graphray.reading.draws.uniform.Uniform`.
    """

    column: str
    of: Literal["edge", "neighbor"]
    strategy: Strategy = "uniform"
    max_age: int | None = None
    replace: bool = False

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """Rows in order of time, as cells, and the times in that order."""
        names = (EDGE_CELLS, EDGE_TIMES) if self.of == "edge" else (FAR_CELLS, FAR_TIMES)
        return tuple(entries_key(relation, direction, name, self.column) for name in names)

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Find what each row had at its time."""
        cells, times = self.array_keys(adjacency.relation, adjacency.direction)
        start, lengths = windows(adjacency, rows, times, hop.times, self.max_age)
        return _Drawing(self, adjacency, rows, hop, cells, start, lengths)


def windows(
    adjacency: MappedAdjacency,
    rows: FrontierRows,
    times: ArrayKey,
    now: Ints | None,
    max_age: int | None,
) -> tuple[Ints, Ints]:
    """What each row had at its time, of its entries in order of time.

    Args:
        adjacency: the rows.
        rows: where they are, and how many of their entries count.
        times: the times of entries, in their order.
        now: ``int64[n]``, the time as of which each row is looked at.
        max_age: leave out entries more than this earlier; None for no limit.

    Returns:
        ``int64[n]``, how many entries are before the window; and ``int64[n]``, how many are in it,
        or `graphray.kernels.neighbors.ELSEWHERE`.
    """
    assert now is not None
    like = np.empty(0, adjacency.dtypes.get(times, np.int64))

    def count(limits: Ints) -> Ints:
        return count_until(
            rows.first, rows.degrees, rows.owners, limits, adjacency.bases[times], like
        )

    stop = count(now)
    start = np.zeros_like(stop)
    if max_age is not None:
        # Where the window reaches back before all times there are, nothing is too old.
        start = np.where(now > _MIN + max_age, count(now - max_age - 1), 0)
    return start, np.where(rows.degrees == ELSEWHERE, ELSEWHERE, stop - start)


def resolve(
    adjacency: MappedAdjacency,
    rows: FrontierRows,
    lengths: Ints,
    bounds: Ints,
    cells: npt.NDArray[Any],
    positions: Ints,
) -> npt.NDArray[Any]:
    """From cells that were drawn to edge positions, which are filled, and the neighbours there.

    Args:
        adjacency: the rows.
        rows: where they are.
        lengths: ``int64[n]``; rows where it is below 1 have no draws here.
        bounds: ``int64[n + 1]``, the draws of each row.
        cells: ``[draws]``, see `graphray.derived.times`.
        positions: filled, ``int64[draws]``.
    """
    neighbors = np.empty(bounds[-1], adjacency.neighbor_dtype)
    if neighbors.dtype == np.uint32:
        resolve_cells(rows.first, lengths, bounds, cells, positions, neighbors)
    else:
        resolve_slots(rows.first, lengths, bounds, cells, positions)
        gather_draws(positions, bounds, rows.owners, adjacency.neighbor_bases, neighbors)
    return neighbors


class _Drawing:
    def __init__(
        self,
        rule: Temporal,
        adjacency: MappedAdjacency,
        rows: FrontierRows,
        hop: HopDraw,
        cells: ArrayKey,
        start: Ints,
        lengths: Ints,
    ) -> None:
        self._rule, self._adjacency, self._hop, self._cells = rule, adjacency, hop, cells
        # The rows as they were: ranges of the entries in order of time.
        self._then = replace(rows, first=rows.first + start, degrees=lengths)
        self._rows = rows
        self._repeated = rule.replace and hop.fanout != ALL_NEIGHBORS
        if self._repeated:
            self.counts = np.where(lengths > 0, hop.fanout, 0)
        else:
            self.counts = capped(lengths, hop.fanout)

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        cells = self._choose(bounds, positions)
        lengths = self._then.degrees
        return resolve(self._adjacency, self._rows, lengths, bounds, cells, positions)

    def _choose(self, bounds: Ints, slots: Ints) -> npt.NDArray[Any]:
        """Draw in the order of time; ``slots`` is scratch. Returns what was drawn, as cells."""
        then, key = self._then, np.uint64(self._hop.key)
        bases = self._adjacency.bases[self._cells]
        cells = np.empty(bounds[-1], self._adjacency.dtypes.get(self._cells, np.uint64))
        if self._rule.strategy == "uniform" and not self._repeated:
            draw_rows(
                then.first,
                then.degrees,
                then.words,
                then.owners,
                bounds,
                effective_fanout(self._hop.fanout),
                key,
                bases,
                slots,
                cells,
            )
            return cells
        if self._repeated:
            draw_with_replacement(then.first, then.degrees, then.words, bounds, key, slots)
        else:
            take_last(then.first, then.degrees, bounds, slots)
        gather_draws(slots, bounds, then.owners, bases, cells)
        return cells
