"""A table of events in the order in which they came, in columns that grow, found by key.

An event is an addition, a deletion or an update, and has the time of its commit. Events of later
times may come earlier; what counts is the time. A reader sees a *window* of them: those after the
time up to which the base version has everything, up to the time as of which it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.changes.plain_arrays import Ints, ints_from_plain, ints_to_plain
from graphray.kernels.event_chains import (
    EMPTY,
    first_times,
    last_seen,
    link_rows,
    move_slots,
    rows_seen,
)

NEVER = np.iinfo(np.int64).max
"""Later than any time."""

TIME, TIE = "time", "tie"
_ROWS_MIN = 64
_GROWTH = 1.5
# Of the slots of a hash table; more of them are probed longer, fewer take more memory.
_FILLED_MAX = 0.7


class Window(NamedTuple):
    """The events that a reader sees: ``low < time <= high``."""

    low: int
    high: int


class EventTable:
    """Columns of numbers, a row per event.

    Args:
        dtypes: the columns by name; `TIME` is added.
        chained: the columns by which rows are found.
        second: the column that tells rows of one key apart; None where the key does.

    Example:
        >>> table = EventTable({"key": np.int64}, ("key",))
        >>> table.append({"key": np.array([7, 8, 7])}, time=3)
        >>> table.seen("key", np.array([7]), Window(0, 5))[1].tolist()
        [0, 2]
    """

    def __init__(
        self, dtypes: Mapping[str, Any], chained: tuple[str, ...], second: str | None = None
    ) -> None:
        self._second = second
        self._columns = {
            name: np.empty(_ROWS_MIN, dtype) for name, dtype in {**dtypes, TIME: np.int64}.items()
        }
        self._chains = {name: _Chain() for name in chained}
        self.count = 0

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column as it is now; not to be kept, since appending may move it."""
        return self._columns[name][: self.count]

    @property
    def times(self) -> Ints:
        """The time of each event."""
        return self.column(TIME)

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        columns = sum(column.nbytes for column in self._columns.values())
        return columns + sum(chain.nbytes for chain in self._chains.values())

    def append(self, columns: Mapping[str, npt.NDArray[Any]], time: int) -> None:
        """Add events of one time: all columns but `TIME`, of one length."""
        start = self.count
        stop = start + len(next(iter(columns.values())))
        self._reserve(stop)
        for name, values in columns.items():
            self._columns[name][start:stop] = values
        self._columns[TIME][start:stop] = time
        self.count = stop
        for name, chain in self._chains.items():
            chain.extend(self._columns[name], start, stop)

    def seen(self, chain: str, wanted: Ints, window: Window) -> tuple[Ints, Ints]:
        """Offsets and rows of all events of some keys in a window; see `rows_seen`."""
        links = self._chains[chain]
        return rows_seen(
            wanted, self._columns[chain], links.slots, links.previous, self.times, *window
        )

    def last(self, chain: str, wanted: Ints, second: Ints, window: Window) -> Ints:
        """The row of the last event of each pair of keys in a window, or `EMPTY`, ``int64[n]``."""
        if self.count == 0:
            return np.full(len(wanted), EMPTY, np.int64)
        links = self._chains[chain]
        keys, times = self._columns[chain], self._columns[TIME]
        return last_seen(
            wanted,
            second,
            keys,
            keys if self._second is None else self._columns[self._second],
            links.slots,
            links.previous,
            times,
            self._columns.get(TIE, times),
            *window,
        )

    def first_times(self, chain: str, wanted: Ints, second: Ints) -> Ints:
        """The time of the first event of each pair of keys, or `NEVER`, ``int64[n]``."""
        links, keys = self._chains[chain], self._columns[chain]
        other = keys if self._second is None else self._columns[self._second]
        return first_times(
            wanted, second, keys, other, links.slots, links.previous, self.times, NEVER
        )

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Drop the other rows; those kept stay in order."""
        self._load({name: self.column(name)[rows] for name in self._columns})

    def to_plain(self) -> dict[str, bytes]:
        """A plain structure, for packing."""
        return {
            name: ints_to_plain(self.column(name), column.dtype)
            for name, column in self._columns.items()
        }

    def load_plain(self, plain: Mapping[str, bytes]) -> None:
        """The inverse of `to_plain`, for a table of the same columns."""
        self._load(
            {
                name: ints_from_plain(plain[name], column.dtype)
                for name, column in self._columns.items()
            }
        )

    def _load(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self.count = len(columns[TIME])
        capacity = max(self.count, _ROWS_MIN)
        for name, values in columns.items():
            self._columns[name] = np.empty(capacity, values.dtype)
            self._columns[name][: self.count] = values
        for name in self._chains:
            self._chains[name] = _Chain()
            self._chains[name].extend(self._columns[name], 0, self.count)

    def _reserve(self, count: int) -> None:
        for name, column in self._columns.items():
            self._columns[name] = _grown(column, self.count, count)


class _Chain:
    """The hash table and the links of one key column."""

    def __init__(self) -> None:
        self.slots = np.full(_ROWS_MIN, EMPTY, np.int32)
        self.previous = np.empty(_ROWS_MIN, np.int32)
        self._distinct = 0

    @property
    def nbytes(self) -> int:
        return self.slots.nbytes + self.previous.nbytes

    def extend(self, keys: Ints, start: int, stop: int) -> None:
        """Enter the rows ``start : stop``."""
        self.previous = _grown(self.previous, start, stop)
        distinct_max = self._distinct + stop - start
        if distinct_max > _FILLED_MAX * len(self.slots):
            size = 1 << int(distinct_max / _FILLED_MAX).bit_length()
            larger = np.full(size, EMPTY, np.int32)
            move_slots(keys, self.slots, larger)
            self.slots = larger
        self._distinct += link_rows(keys, start, stop, self.slots, self.previous)


def _grown(array: npt.NDArray[Any], filled: int, count: int) -> npt.NDArray[Any]:
    """The array, or a larger one with its first ``filled`` values, with room for ``count``."""
    if count <= len(array):
        return array
    larger = np.empty(max(count, int(len(array) * _GROWTH)), array.dtype)
    larger[:filled] = array[:filled]
    return larger
