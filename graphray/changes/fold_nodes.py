"""The folded tables of a node type: its nodes, and the index of users' ids."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.changes.coverage import node_column_tag
from graphray.changes.fold_columns import ColumnUpdates, Fold, fold_array, fold_column
from graphray.changes.fold_plan import NO_ROWS, base_rows, find_sorted
from graphray.changes.fold_sources import FoldSources
from graphray.errors import StoreCorrupt
from graphray.ids import UserIds, index_keys
from graphray.kernels.fold import fold_ids
from graphray.shard import (
    GID,
    ID,
    KEY,
    RESERVED_PREFIX,
    STABLE,
    ArrayKey,
    ShardArray,
    as_shard_array,
    index_table,
    nodes_table,
)

Ints = npt.NDArray[np.int64]


class FoldedNodes:
    """A ``nodes`` table."""

    def __init__(self, sources: FoldSources, node_type: str) -> None:
        self._sources = sources
        self._type = node_type
        self._delta = sources.delta.nodes.get(node_type)
        self.name = nodes_table(node_type)

    @cached_property
    def fold(self) -> Fold:
        """Which nodes go, and where others come."""
        plan, offsets = self._sources.plan, self._sources.book.node_offsets[self._type]
        if self._delta is None:
            start, stop = self._sources.book.node_range(self._type, self._sources.part)
            return Fold(stop - start, NO_ROWS, NO_ROWS)
        return plan.nodes[self._type].rows_of(self._sources.part, offsets)

    def changes(self, column: str) -> bool:
        """Whether a column is another than the base version's."""
        if column == STABLE and self._stable.dtype != self._sources.plan.stable_dtype(self._type):
            return True
        if not column.startswith(RESERVED_PREFIX):
            self._sources.check_kept(node_column_tag(self._type, column), self.name, column)
        updated = self._delta is not None and column in self._delta.updates
        return updated or not self.fold.is_nothing

    def column(self, column: str) -> ShardArray:
        """A column as it is after the fold."""
        if column == STABLE:
            dtype = self._sources.plan.stable_dtype(self._type)
            added = NO_ROWS if self._delta is None else self._delta.added_stable
            return fold_array(self.fold, self._stable, added.astype(dtype))
        if column.startswith(RESERVED_PREFIX):
            stored = self._sources.shard.array(ArrayKey(self.name, column))
            ids = None if self._delta is None else self._delta.added_ids
            return stored if ids is None else fold_user_ids(self.fold, stored, ids)
        return self._sources.property_column(
            ArrayKey(self.name, column),
            self.fold,
            None if self._delta is None else _rows_of(self._delta.added_columns),
            self._updates(column),
        )

    @property
    def _stable(self) -> npt.NDArray[np.integer]:
        return self._sources.numbers(self.name, STABLE)

    def _updates(self, column: str) -> ColumnUpdates | None:
        found = None if self._delta is None else self._delta.updates.get(column)
        if found is None:
            return None
        rows = base_rows(self._stable, found.stable, f"nodes of type {self._type!r}")
        return ColumnUpdates(rows, found.values)


class FoldedIndex:
    """An ``index`` table: entries stand in rising key, then stable id."""

    def __init__(self, sources: FoldSources, node_type: str) -> None:
        self._sources = sources
        self._type = node_type
        self._delta = sources.delta.nodes.get(node_type)
        self.name = index_table(node_type)

    @cached_property
    def fold(self) -> Fold:
        """Which entries are void, and where those of new nodes come."""
        if self._delta is None:
            return Fold(len(self._keys), NO_ROWS, NO_ROWS)
        return Fold(len(self._keys), self._void_rows(), self._places)

    def changes(self, column: str) -> bool:
        """Whether a column is another than the base version's."""
        plan = self._sources.plan
        if column == GID and not (
            plan.keeps_ids(self._type) and self._gids.dtype == plan.gid_dtype(self._type)
        ):
            return True
        return not self.fold.is_nothing

    def column(self, column: str) -> ShardArray:
        """A column as it is after the fold."""
        if column == GID:
            return self._folded_gids()
        if self._delta is None:
            return self._sources.shard.array(ArrayKey(self.name, column))
        if column == KEY:
            return fold_array(self.fold, self._keys, self._added_keys[self._by_key])
        stored = self._sources.shard.array(ArrayKey(self.name, column))
        return fold_user_ids(self.fold, stored, _taken(self._delta.added_ids, self._by_key))

    @property
    def _keys(self) -> npt.NDArray[np.uint64]:
        return self._sources.numbers(self.name, KEY)

    @property
    def _gids(self) -> npt.NDArray[np.integer]:
        return self._sources.numbers(self.name, GID)

    @cached_property
    def _added_keys(self) -> npt.NDArray[np.uint64]:
        assert self._delta is not None
        return index_keys(self._delta.added_ids)

    @cached_property
    def _by_key(self) -> Ints:
        """The added nodes in the order of the index; they come in rising stable id."""
        return np.argsort(self._added_keys, kind="stable")

    @cached_property
    def _places(self) -> Ints:
        """Before which entry each new one comes, in the order of `_by_key`."""
        assert self._delta is not None
        keys, stable = self._added_keys[self._by_key], self._delta.added_stable[self._by_key]
        places, tied = find_sorted(self._keys, keys)
        for new in np.flatnonzero(tied).tolist():
            # Two strings of one hash, or an id that is given again.
            at = int(places[new])
            while at < len(self._keys) and self._keys[at] == keys[new]:
                if self._stable_at(at) > stable[new]:
                    break
                at += 1
            places[new] = at
        return places

    def _stable_at(self, entry: int) -> int:
        """The stable id of the node that an entry leads to."""
        gid, offsets = int(self._gids[entry]), self._sources.book.node_offsets[self._type]
        owner = int(self._sources.book.owner(self._type, np.array([gid]))[0])
        stable = self._sources.numbers(nodes_table(self._type), STABLE, owner)
        return int(stable[gid - int(offsets[owner])])

    def _void_rows(self) -> Ints:
        """The entries of deleted nodes."""
        assert self._delta is not None
        void = self._delta.void_ids
        if not len(void):
            return NO_ROWS
        keys = index_keys(void)
        rows, found = find_sorted(self._keys, keys)
        if not isinstance(void, np.ndarray) and found.all():
            ids = self._sources.shard.array(ArrayKey(self.name, ID))
            same = pc.equal(ids.take(pa.array(rows)), void).to_numpy(zero_copy_only=False)
            for at in np.flatnonzero(~same).tolist():
                # Strings of one hash stand next to each other.
                hits = range(int(rows[at]), int(np.searchsorted(self._keys, keys[at], "right")))
                rows[at] = next((hit for hit in hits if ids[hit] == void[at]), -1)
            found = rows >= 0
        if not found.all():
            raise StoreCorrupt(
                f"the changes make void {void[int(np.argmin(found))]!r} in the index of "
                f"{self._type!r}, which the base version does not have in partition "
                f"{self._sources.part}: they belong to another version"
            )
        return np.sort(rows)

    def _folded_gids(self) -> npt.NDArray[np.integer]:
        plan = self._sources.plan
        dtype, nodes = plan.gid_dtype(self._type), plan.nodes.get(self._type)
        if nodes is None:
            return self._gids.astype(dtype, copy=False)
        added = NO_ROWS
        if self._delta is not None:
            added = nodes.find_added(self._sources.part, self._delta.added_stable[self._by_key])
        out = np.empty(self.fold.size, dtype)
        fold_ids(
            self._gids, nodes.shifts, self.fold.dropped, self.fold.places, added.astype(dtype), out
        )
        return out


def fold_user_ids(fold: Fold, stored: ShardArray, added: UserIds) -> ShardArray:
    """A column of users' ids after a fold."""
    if isinstance(stored, np.ndarray):
        return fold_array(fold, stored, np.asarray(added, stored.dtype))
    comes = pa.array(added, stored.type) if len(added) else pa.nulls(0, stored.type)
    return as_shard_array(fold_column(fold, stored, comes))


def _taken(ids: UserIds, order: Ints) -> UserIds:
    return ids[order] if isinstance(ids, np.ndarray) else ids.take(pa.array(order))


def _rows_of(batch: pa.RecordBatch) -> pa.RecordBatch | None:
    """None for the batch without columns, which has no rows either."""
    return batch if batch.num_columns else None
