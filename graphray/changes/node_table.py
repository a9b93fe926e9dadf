"""What happened to the nodes of one type: those of this partition, and the ids that it is home of.

An added node and the index entry of its id are in one partition. The index entry of a node of the
base version may be in another than the node: it is made *void* there when the node is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphray.changes.changed_table import KEY, ChangedTable, Mask
from graphray.changes.delta import NodeDelta, NodeUpdates
from graphray.changes.event_table import NEVER, EventTable, Window
from graphray.changes.payload import AddedNodes
from graphray.changes.plain_arrays import Ints, no_columns
from graphray.changes.timeline import View
from graphray.changes.value_column import ValueColumn
from graphray.ids import UserIds, index_keys
from graphray.kernels.event_chains import EMPTY
from graphray.schema import IdKind

ID_KEY = "id_key"


class NodeTable(ChangedTable):
    """See the module.

    Args:
        id_kind: what users' ids are.
        column_types: the property columns, and their types.
        kept: which of them are kept.
    """

    def __init__(
        self, id_kind: IdKind, column_types: Mapping[str, pa.DataType], kept: Iterable[str]
    ) -> None:
        super().__init__(False, {ID_KEY: np.int64}, (ID_KEY,), id_type(id_kind), column_types, kept)
        self.void = EventTable({ID_KEY: np.int64}, (ID_KEY,))
        self.void_ids = ValueColumn(id_type(id_kind))

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return super().nbytes + self.void.nbytes + self.void_ids.nbytes

    def add_nodes(self, nodes: AddedNodes, time: int) -> None:
        """Add nodes."""
        rows = {KEY: nodes.stable, ID_KEY: _key_numbers(nodes.ids)}
        self.add(rows, arrow_ids(nodes.ids), nodes.columns, time)

    def make_void(self, ids: UserIds, time: int) -> None:
        """Make index entries of the base version void."""
        self.void.append({ID_KEY: _key_numbers(ids)}, time)
        self.void_ids.append(arrow_ids(ids))

    def is_void(self, ids: UserIds, window: Window) -> Mask:
        """Which of the base version's index entries are void."""
        return _matching(ids, self.void, self.void_ids, window) != EMPTY

    def with_ids(self, ids: UserIds, window: Window) -> Ints:
        """Which addition, not deleted, has each id, or `EMPTY`, as ``int64[n]``."""
        rows = _matching(ids, self.added, self.ids, window)
        found = np.flatnonzero(rows != EMPTY)
        keys, _ = self.names_of(self.added)
        gone = self.is_deleted(keys[rows[found]], keys[rows[found]], window)
        rows[found[gone]] = EMPTY
        return rows

    def delta(self, window: Window) -> NodeDelta | None:
        """What has changed in a window; None where nothing has."""
        rows = self.all_added(window)
        keys, _ = self.names_of(self.added)
        rows = rows[np.argsort(keys[rows])]
        updates = {}
        for column in self.columns:
            stable, _, values = self.updates_of_base(column, window)
            if len(stable):
                updates[column] = NodeUpdates(stable, values)
        deleted, _ = self.deleted_of_base(window)
        void = self._void_in(window)
        if not (len(rows) or len(deleted) or len(void) or updates):
            return None
        columns = {c: self.added_values(c, rows, window) for c in self.columns}
        return NodeDelta(
            keys[rows],
            user_ids(self.ids.take(rows)),
            pa.record_batch(columns) if columns and len(rows) else no_columns(),
            deleted,
            void,
            updates,
        )

    def _void_in(self, window: Window) -> UserIds:
        """The void entries that the base version of a window has, by key."""
        in_window = (self.void.times > window.low) & (self.void.times <= window.high)
        rows = np.flatnonzero(in_window & (self._added_before(window) == EMPTY))
        keys = self.void.column(ID_KEY)[rows].view(np.uint64)
        return user_ids(self.void_ids.take(rows[np.argsort(keys, kind="stable")]))

    def _added_before(self, window: Window) -> Ints:
        """By void entry, an addition in a window that had the id earlier, or `EMPTY`.

        If there is one, then it is the entry of that addition that became void.
        """
        found = np.full(self.void.count, EMPTY, np.int64)
        offsets, rows = self.added.seen(ID_KEY, self.void.column(ID_KEY), window)
        if len(rows) == 0:
            return found
        owner = np.repeat(np.arange(self.void.count), np.diff(offsets))
        same = np.asarray(pc.equal(self.ids.take(rows), self.void_ids.take(owner)), dtype=bool)
        same &= self.added.times[rows] < self.void.times[owner]
        found[owner[same]] = rows[same]
        return found

    def drop_unseen(self, views: tuple[View, ...]) -> None:
        """Drop all events that none of the views can see."""
        low = min(view.low for view in views)
        of = self._added_before(Window(low, NEVER))
        seen = self.void.times > low
        # The entry of an addition goes with it.
        seen[of != EMPTY] &= self.needed_additions(views)[of[of != EMPTY]]
        self.void_ids.keep(np.flatnonzero(seen))
        self.void.keep(seen)
        super().drop_unseen(views)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return super().to_plain(), self.void.to_plain(), self.void_ids.to_plain()

    def load_plain(self, plain: tuple[Any, ...]) -> None:
        """The inverse of `to_plain`."""
        table, void, void_ids = plain
        super().load_plain(table)
        self.void.load_plain(void)
        self.void_ids.load_plain(void_ids)


def id_type(id_kind: IdKind) -> pa.DataType:
    """The Arrow type of users' ids."""
    return pa.int64() if id_kind == "int64" else pa.large_string()


def arrow_ids(ids: UserIds) -> pa.Array:
    """Users' ids as an Arrow array."""
    return pa.array(ids) if isinstance(ids, np.ndarray) else ids


def user_ids(ids: pa.Array) -> UserIds:
    """The inverse of `arrow_ids`."""
    return ids.to_numpy() if pa.types.is_int64(ids.type) else ids


def _key_numbers(ids: UserIds) -> Ints:
    """The keys of ids, in the dtype of all keys here."""
    return index_keys(ids).view(np.int64)


def _matching(ids: UserIds, events: EventTable, held: ValueColumn, window: Window) -> Ints:
    """The last event in a window that has each id, or `EMPTY`, as ``int64[n]``."""
    found = np.full(len(ids), EMPTY, np.int64)
    if events.count == 0:
        return found
    offsets, rows = events.seen(ID_KEY, _key_numbers(ids), window)
    if len(rows) == 0:
        return found
    # Two strings may have one key.
    owner = np.repeat(np.arange(len(ids)), np.diff(offsets))
    wanted = arrow_ids(ids).take(pa.array(owner))
    same = np.asarray(pc.equal(held.take(rows), wanted), dtype=bool)
    found[owner[same]] = rows[same]
    return found
