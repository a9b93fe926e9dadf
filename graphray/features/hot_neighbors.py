"""Neighbours of nodes as hot rows: adjacency rows, with all that draws read of them.

Rows are of very different lengths, and a hot one may be very long. What is kept is what serves most
per byte: rows are taken in the order of their heat over their size, as in the greedy answer to the
knapsack problem (Dantzig, "Discrete-variable extremum problems", 1957), and none that would take
more than a sixteenth of the budget by itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.features.caching import CALL_BYTES, Heat, Ints
from graphray.kernels.gather import gather_spans
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.draws.hop_rule import RowEntries
from graphray.reading.gather import ask_owners
from graphray.reading.hot_rows import OWN_BYTES_MAX, HotContent, HotEntries, RowsOf
from graphray.reading.operations import Pick, TakeRows, Together
from graphray.reading.whole_rows import WholeRows
from graphray.schema import Direction, Relation
from graphray.shard import INDPTR, STABLE, ArrayKey, edges_table, nodes_table, rows_table

SHARE_MAX = 16
"""A row may take the budget divided by this."""
_FIXED_BYTES = 16
"""What a set takes whatever its rows: a last start, and the smallest slot table."""
_ROW_BYTES = OWN_BYTES_MAX + 8 + 8
"""Beside what is read of it a row has the position of its first entry, and where its own start."""
_BOUNDS_BYTES = 16

Array = npt.NDArray[Any]
Answer = tuple[Ints, tuple[dict[str, Array], RowEntries]]
"""Which of the rows asked about, and of these the values by row and by entry."""


@dataclass(frozen=True)
class HotNeighbors:
    """A source (see `graphray.features.caching.HotSource`).

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        further: the arrays that draws read beside the neighbours, by entry or by row.
    """

    relation: Relation
    direction: Direction
    further: tuple[ArrayKey, ...]

    @property
    def of(self) -> RowsOf:
        """The adjacency's rows."""
        return RowsOf.neighbors(self.relation, self.direction)

    @property
    def by_entry(self) -> tuple[ArrayKey, ...]:
        """The arrays that have a value per entry, beside the neighbours."""
        table = edges_table(self.relation, self.direction)
        return tuple(key for key in self.further if key.table == table)

    @property
    def by_row(self) -> tuple[ArrayKey, ...]:
        """The arrays that have a value per row: the stable ids, and those of the draws."""
        stable = ArrayKey(nodes_table(self.of.node_type), STABLE)
        return (stable, *(key for key in self.further if key not in self.by_entry))

    def fetcher(self, access: PartitionAccess) -> NeighborFetcher:
        """Reads them."""
        return NeighborFetcher(access, self)


class NeighborFetcher:
    """Rows of the partitions that are not mapped here (see `graphray.features.caching`)."""

    def __init__(self, access: PartitionAccess, source: HotNeighbors) -> None:
        self._access, self._source = access, source
        self._offsets = access.book.node_offsets[source.of.node_type]
        keys = MappedAdjacency.keys(source.relation, source.direction)
        mapped = access.mapped((*keys, *source.further))
        self.parts = tuple(
            part
            for part, arrays in enumerate(mapped)
            if arrays is None and self._offsets[part] < self._offsets[part + 1]
        )
        if self.parts:
            self._measure()

    def count_max(self, budget_bytes: int) -> int:
        """As many rows as there would be room for if none had any entries."""
        return budget_bytes // self._row_bytes

    def fetch(self, gids: Ints, heat: Heat, budget_bytes: int) -> HotContent:
        """Those that serve most per byte, within the budget, a bounded amount a call."""
        lengths = self._lengths(gids)
        sizes = self._row_bytes + lengths * self._entry_bytes
        kept = worth_keeping(heat, sizes, budget_bytes - _FIXED_BYTES, budget_bytes // SHARE_MAX)
        gids, sizes = gids[kept], sizes[kept]
        starts = np.zeros(len(gids) + 1, np.int64)
        np.cumsum(lengths[kept], out=starts[1:])
        columns: dict[str, Array] = {n: _room(len(gids), a) for n, a in self._columns.items()}
        values = {key: _room(int(starts[-1]), array) for key, array in self._entries.items()}
        entries = HotEntries(np.empty(len(gids), np.int64), starts, values)
        for chunk in _chunks(sizes):
            _enter(chunk, list(self._ask(gids[chunk])), columns, entries)
        return HotContent(gids, heat[kept], columns, entries)

    def _measure(self) -> None:
        """See which types all is of, and what a row and an entry take."""
        ((_, (columns, entries)),) = self._ask(self._offsets[[self.parts[0]]])
        self._columns, self._entries = columns, entries.values
        self._row_bytes = _ROW_BYTES + sum(map(_value_bytes, columns.values()))
        self._entry_bytes = sum(map(_value_bytes, entries.values.values()))

    def _ask(self, gids: Ints) -> Iterator[Answer]:
        """Some rows, from their owners."""
        source, owners = self._source, self._owners(gids)

        def request(at: Ints) -> Together:
            whole = WholeRows(source.relation, source.direction, gids[at], source.by_entry)
            return Together((whole, TakeRows((Pick(source.by_row, self._numbers(gids[at])),))))

        names = [key.column for key in source.by_row]
        for at, (entries, (taken,)) in ask_owners(self._access, [], owners, request):
            yield at, (dict(zip(names, taken, strict=True)), entries)

    def _lengths(self, gids: Ints) -> Ints:
        """How many entries some rows have, ``int64[n]``."""
        step = CALL_BYTES // _BOUNDS_BYTES
        pieces = [self._ask_lengths(gids[at : at + step]) for at in range(0, len(gids), step)]
        return np.concatenate([np.empty(0, np.int64), *pieces])

    def _ask_lengths(self, gids: Ints) -> Ints:
        bounds = (ArrayKey(rows_table(self._source.relation, self._source.direction), INDPTR),)

        def request(at: Ints) -> TakeRows:
            rows = self._numbers(gids[at])
            return TakeRows((Pick(bounds, rows), Pick(bounds, rows + 1)))

        lengths = np.empty(len(gids), np.int64)
        for at, (starts, stops) in ask_owners(self._access, [], self._owners(gids), request):
            lengths[at] = stops[0] - starts[0]
        return lengths

    def _owners(self, gids: Ints) -> Ints:
        return self._access.book.owner(self._source.of.node_type, gids)

    def _numbers(self, gids: Ints) -> Ints:
        """The row of each within its partition."""
        return gids - self._offsets[self._owners(gids)]


def worth_keeping(
    heat: npt.NDArray[Any], sizes: Ints, budget_bytes: int, row_bytes_max: int
) -> Ints:
    """Which rows to keep, rising: those of most heat per byte that fit.

    Args:
        heat: ``[n]``, what a row is worth.
        sizes: ``int64[n]``, what it takes, in bytes.
        budget_bytes: what all may take together.
        row_bytes_max: what one may take.

    >>> worth_keeping(np.array([9, 8, 7, 7]), np.array([90, 20, 10, 10]), 35, 50).tolist()
    [2, 3]
    """
    short = np.flatnonzero(sizes <= row_bytes_max)
    order = short[np.argsort(-heat[short] / sizes[short], kind="stable")]
    count = np.searchsorted(np.cumsum(sizes[order]), budget_bytes, side="right")
    return np.sort(order[:count])


def _chunks(sizes: Ints) -> Iterator[slice]:
    """Rows one after another, so many at a time that they are one call's bytes, about."""
    calls = np.cumsum(sizes) // CALL_BYTES
    bounds = [0, *(np.flatnonzero(np.diff(calls)) + 1).tolist(), len(sizes)]
    return (slice(*pair) for pair in itertools.pairwise(bounds))


def _enter(
    chunk: slice, answers: Sequence[Answer], columns: Mapping[str, Array], entries: HotEntries
) -> None:
    """Put what owners answered about some of the rows in their places."""
    for at, (taken, sent) in answers:
        entries.first[chunk][at] = sent.first
        for name, column in columns.items():
            column[chunk][at] = taken[name]
    starts = entries.starts[chunk.start : chunk.stop + 1]
    for key, values in entries.values.items():
        firsts = np.empty(len(starts) - 1, np.int64)
        for at, (_, sent) in answers:
            before = np.cumsum(sent.degrees) - sent.degrees
            firsts[at] = sent.values[key].ctypes.data + before * _value_bytes(values)
        words = math.prod(values.shape[1:])
        gather_spans(firsts, np.diff(starts) * words, values[starts[0] : starts[-1]].reshape(-1))


def _room(count: int, like: Array) -> Array:
    """Room for so many values like those of an array."""
    return np.empty((count, *like.shape[1:]), like.dtype)


def _value_bytes(array: Array) -> int:
    """What one value takes."""
    return array.itemsize * math.prod(array.shape[1:])
