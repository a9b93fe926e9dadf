"""What happened to the nodes of a type, or to the entries of an adjacency: events of three kinds.

A *thing* is a node, named by its stable id, or an entry, named by its edge id (the key) and the
node in whose row it stands (the second key); a node is its own second key. Within a window a thing
is of the base version or added, may be deleted, and has per column the value of its last update.

All that depends on the kind of thing is which further columns an addition has. What came in is kept
as it came, and put together when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.event_table import NEVER, TIE, EventTable, Window
from graphray.changes.plain_arrays import Ints
from graphray.changes.timeline import BEFORE_ALL, View
from graphray.changes.value_column import ValueColumn
from graphray.kernels.event_chains import EMPTY

Mask: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[Any]

KEY, SECOND = "key", "second"


class Updates:
    """The updates of one column."""

    def __init__(self, names: Mapping[str, Any], second: str | None, dtype: pa.DataType) -> None:
        self.events = EventTable({**names, TIE: np.uint64}, (KEY,), second)
        self.values = ValueColumn(dtype)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return self.events.to_plain(), self.values.to_plain()

    def load_plain(self, plain: tuple[Any, ...]) -> None:
        """The inverse of `to_plain`."""
        self.events.load_plain(plain[0])
        self.values.load_plain(plain[1])


class ChangedTable:
    """The events of one kind of thing.

    Args:
        has_second: whether things have a second key.
        further: the further columns of numbers of an addition, and whether they are chained.
        id_type: the type of the users' ids that an addition carries.
        column_types: the property columns, and their types.
        kept: which of them are kept.
    """

    def __init__(
        self,
        has_second: bool,
        further: Mapping[str, Any],
        chained: tuple[str, ...],
        id_type: pa.DataType,
        column_types: Mapping[str, pa.DataType],
        kept: Iterable[str],
    ) -> None:
        self.column_types = column_types
        self._names = {KEY: np.int64, **({SECOND: np.int64} if has_second else {})}
        self._second = SECOND if has_second else None
        self.added = EventTable({**self._names, **further}, (KEY, *chained), self._second)
        self.ids = ValueColumn(id_type)
        self.deleted = EventTable(self._names, (KEY,), self._second)
        self.columns: dict[str, ValueColumn] = {}
        self.updates: dict[str, Updates] = {}
        for name in kept:
            self.start_keeping(name)

    def start_keeping(self, column: str) -> None:
        """Keep a column from now on, without any values so far."""
        dtype = self.column_types[column]
        self.columns[column] = ValueColumn(dtype)
        self.updates[column] = Updates(self._names, self._second, dtype)

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        updates = sum(u.events.nbytes + u.values.nbytes for u in self.updates.values())
        values = sum(column.nbytes for column in (self.ids, *self.columns.values()))
        return self.added.nbytes + self.deleted.nbytes + values + updates

    # --- what comes in ----------------------------------------------------------------------------

    def add(
        self,
        rows: Mapping[str, npt.NDArray[Any]],
        ids: pa.Array,
        columns: pa.RecordBatch,
        time: int,
    ) -> None:
        """Add things; a kept column that is not given is null."""
        self.added.append(rows, time)
        self.ids.append(ids)
        given = columns.schema.names
        for name, column in self.columns.items():
            if name in given:
                column.append(columns.column(name))
            else:
                column.append_nulls(len(ids))

    def delete(self, keys: Ints, second: Ints, time: int) -> None:
        """Delete things."""
        self.deleted.append(self._named(keys, second), time)

    def update(
        self, keys: Ints, second: Ints, columns: pa.RecordBatch, tie: int, time: int
    ) -> None:
        """Set columns of things; those of columns that are not kept are dropped."""
        ties = np.full(len(keys), tie, np.uint64)
        for name, values in zip(columns.schema.names, columns.columns, strict=True):
            if name in self.updates:
                updates = self.updates[name]
                updates.events.append({**self._named(keys, second), TIE: ties}, time)
                updates.values.append(values)

    def _named(self, keys: Ints, second: Ints) -> dict[str, Numbers]:
        return {KEY: keys} if self._second is None else {KEY: keys, SECOND: second}

    # --- what is seen in a window -----------------------------------------------------------------

    def names_of(self, events: EventTable) -> tuple[Ints, Ints]:
        """The keys and second keys of events."""
        return events.column(KEY), events.column(self._second or KEY)

    def added_rows(self, keys: Ints, second: Ints, window: Window) -> Ints:
        """Which addition each thing is, or `EMPTY`; deleted ones too."""
        return self.added.last(KEY, keys, second, window)

    def is_deleted(self, keys: Ints, second: Ints, window: Window) -> Mask:
        """Which things are deleted."""
        return self.deleted.last(KEY, keys, second, window) != EMPTY

    def standing(self, rows: Ints, window: Window) -> Ints:
        """Those of some additions that have not been deleted."""
        if self.deleted.count == 0 or len(rows) == 0:
            return rows
        keys, second = self.names_of(self.added)
        return rows[~self.is_deleted(keys[rows], second[rows], window)]

    def all_added(self, window: Window) -> Ints:
        """All additions that have not been deleted, as rows of `added`."""
        times = self.added.times
        return self.standing(np.flatnonzero((times > window.low) & (times <= window.high)), window)

    def added_values(self, column: str, rows: Ints, window: Window) -> pa.Array:
        """A column of some additions."""
        keys, second = self.names_of(self.added)
        values = self.columns[column].take(rows)
        return self.overlaid(column, values, keys[rows], second[rows], window)

    def overlaid(
        self, column: str, values: pa.Array, keys: Ints, second: Ints, window: Window
    ) -> pa.Array:
        """Values of things, with those that were updated replaced."""
        updates = self.updates[column]
        if updates.events.count == 0 or len(keys) == 0:
            return values
        rows = updates.events.last(KEY, keys, second, window)
        hit = rows != EMPTY
        if not hit.any():
            return values
        choice = np.arange(len(values))
        choice[hit] = len(values) + np.arange(np.count_nonzero(hit))
        both = pa.concat_arrays([values, updates.values.take(rows[hit])])
        return both.take(pa.array(choice))

    def deleted_of_base(self, window: Window) -> tuple[Ints, Ints]:
        """Keys and second keys of what the base has and is deleted, by second key, then key."""
        keys, second = self.names_of(self.deleted)
        seen = (self.deleted.times > window.low) & (self.deleted.times <= window.high)
        keys, second = keys[seen], second[seen]
        of_base = self.added_rows(keys, second, window) == EMPTY
        return _distinct(keys[of_base], second[of_base])

    def updates_of_base(self, column: str, window: Window) -> tuple[Ints, Ints, pa.Array]:
        """Keys, second keys (so ordered) and values of what the base has and was updated."""
        updates = self.updates[column]
        keys, second = self.names_of(updates.events)
        seen = (updates.events.times > window.low) & (updates.events.times <= window.high)
        keys, second = _distinct(keys[seen], second[seen])
        of_base = self.added_rows(keys, second, window) == EMPTY
        of_base &= ~self.is_deleted(keys, second, window)
        keys, second = keys[of_base], second[of_base]
        rows = updates.events.last(KEY, keys, second, window)
        return keys, second, updates.values.take(rows)

    # --- what nobody sees any more ----------------------------------------------------------------

    def drop_unseen(self, views: tuple[View, ...]) -> None:
        """Drop all events that none of the views can see."""
        added = self.needed_additions(views)
        keys, second = self.names_of(self.deleted)
        starts = self.added.first_times(KEY, keys, second)
        ends = self.deleted.first_times(KEY, keys, second)
        _, deleted = _needed_pairs(np.where(starts == NEVER, BEFORE_ALL, starts), ends, views)
        for updates in self.updates.values():
            self._drop_unseen_updates(updates, views)
        self._keep_added(added)
        self.deleted.keep(deleted)

    def needed_additions(self, views: tuple[View, ...]) -> Mask:
        """Which additions have to be kept for those views."""
        keys, second = self.names_of(self.added)
        ends = self.deleted.first_times(KEY, keys, second)
        return _needed_pairs(self.added.times, ends, views)[0]

    def _drop_unseen_updates(self, updates: Updates, views: tuple[View, ...]) -> None:
        events = updates.events
        keys, second = self.names_of(events)
        ends = self.deleted.first_times(KEY, keys, second)
        order = np.lexsort((events.column(TIE), events.times, keys, second))
        follows = (keys[order[1:]] == keys[order[:-1]]) & (second[order[1:]] == second[order[:-1]])
        replaced, by = order[:-1][follows], order[1:][follows]
        ends[replaced] = np.minimum(ends[replaced], events.times[by])
        needed = _needed(events.times, ends, views)
        events.keep(needed)
        updates.values.keep(np.flatnonzero(needed))

    def _keep_added(self, needed: Mask) -> None:
        """Drop the other additions."""
        if needed.all():
            return
        rows = np.flatnonzero(needed)
        self.added.keep(needed)
        self.ids.keep(rows)
        for column in self.columns.values():
            column.keep(rows)

    # --- as a whole -------------------------------------------------------------------------------

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return (
            self.added.to_plain(),
            self.ids.to_plain(),
            self.deleted.to_plain(),
            {name: self.column_to_plain(name) for name in self.columns},
        )

    def load_plain(self, plain: tuple[Any, ...]) -> None:
        """The inverse of `to_plain`, for a table that keeps the same columns."""
        added, ids, deleted, columns = plain
        self.added.load_plain(added)
        self.ids.load_plain(ids)
        self.deleted.load_plain(deleted)
        for name, column in columns.items():
            self.load_column(name, column)

    def column_to_plain(self, name: str) -> tuple[Any, ...]:
        """All values of one column, for a replica that is to keep it too."""
        return self.columns[name].to_plain(), self.updates[name].to_plain()

    def load_column(self, name: str, plain: tuple[Any, ...]) -> None:
        """The inverse of `column_to_plain`."""
        values, updates = plain
        self.columns[name].load_plain(values)
        self.updates[name].load_plain(updates)


def _distinct(keys: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Pairs in order of the second key, then of the key, each once."""
    order = np.lexsort((keys, second))
    keys, second = keys[order], second[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]) | (second[1:] != second[:-1])
    return keys[first], second[first]


def _needed(starts: Ints, ends: Ints, views: Iterable[View]) -> Mask:
    """What lasts from ``starts`` to ``ends`` and is seen by some view."""
    seen = np.zeros(len(starts), np.bool_)
    for low, first, end in views:
        seen |= (starts > low) & (np.maximum(starts, first) < np.minimum(ends, end))
    return seen


def _needed_pairs(starts: Ints, ends: Ints, views: Iterable[View]) -> tuple[Mask, Mask]:
    """Which additions are needed, and which of their deletions.

    A deletion is needed where a view sees it of what its base version has. Then the addition is,
    too, if the base version of another view has not: else that one would miss what is deleted.
    """
    visible = _needed(starts, ends, views)
    deleted = np.zeros(len(starts), np.bool_)
    for low, first, end in views:
        deleted |= (starts <= low) & (ends > low) & (np.maximum(ends, first) < end)
    added = (starts > min(low for low, _, _ in views)) & (visible | deleted)
    return added, added | deleted
