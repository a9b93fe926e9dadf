"""The folded tables of one adjacency: the bounds of its rows, and its entries.

Rows are those of the nodes: they go and come with them. Within a row, entries stay in canonical
order, so each new one is placed by the neighbour's stable id and its edge id.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.book import AdjacencyName
from graphray.changes.coverage import edge_column_tag
from graphray.changes.delta import EdgeDelta
from graphray.changes.fold_columns import ColumnUpdates, Fold, fold_array
from graphray.changes.fold_nodes import FoldedNodes
from graphray.changes.fold_plan import NO_ROWS, base_rows, entry_positions, find_sorted
from graphray.changes.fold_sources import FoldSources
from graphray.kernels.fold import fold_bounds, fold_ids, place_entries, shift_ids
from graphray.shard import (
    EDGE,
    INDPTR,
    NEIGHBOR,
    RESERVED_PREFIX,
    STABLE,
    ArrayKey,
    ShardArray,
    edges_table,
    nodes_table,
    rows_table,
)

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


class FoldedEntries:
    """An ``edges`` table."""

    def __init__(self, sources: FoldSources, name: AdjacencyName) -> None:
        self._sources = sources
        self._adjacency = name
        self._relation, self._direction = name
        self._far_type = self._relation.far_type(self._direction)
        self._delta = sources.delta.edges.get(name)
        self.name = edges_table(*name)
        self.rows = FoldedNodes(sources, self._relation.near_type(self._direction))

    @cached_property
    def fold(self) -> Fold:
        """Which entries go, and where others come."""
        count = int(self.indptr[-1])
        if self._delta is None:
            return Fold(count, NO_ROWS, NO_ROWS)
        return Fold(count, self._dropped(self._delta), self._places(self._delta))

    @cached_property
    def added_rows(self) -> Ints:
        """The row of each entry that comes, numbered as after the fold."""
        if self._delta is None:
            return NO_ROWS
        _, rows, is_added = self._near
        fold = self.rows.fold
        kept = rows - np.searchsorted(fold.dropped, rows)
        before = np.where(is_added, self._new_near, np.searchsorted(fold.places, rows, "right"))
        return kept + before

    @property
    def indptr(self) -> Ints:
        """The stored bounds of the rows."""
        return self._sources.numbers(rows_table(*self._adjacency), INDPTR)

    def changes(self, column: str) -> bool:
        """Whether a column is another than the base version's."""
        plan = self._sources.plan
        if column == NEIGHBOR and not (
            plan.keeps_ids(self._far_type)
            and self._stored(NEIGHBOR).dtype == plan.gid_dtype(self._far_type)
        ):
            return True
        if column == EDGE and self._stored(EDGE).dtype != plan.edge_dtype(self._relation):
            return True
        if not column.startswith(RESERVED_PREFIX):
            self._sources.check_kept(edge_column_tag(self._relation, column), self.name, column)
        updated = self._delta is not None and column in self._delta.updates
        return updated or not self.fold.is_nothing

    def column(self, column: str) -> ShardArray:
        """A column as it is after the fold."""
        if column == NEIGHBOR:
            return self._neighbors()
        if column == EDGE:
            dtype = self._sources.plan.edge_dtype(self._relation)
            added = NO_ROWS if self._delta is None else self._delta.edge
            return fold_array(self.fold, self._stored(EDGE), added.astype(dtype))
        delta = self._delta
        return self._sources.property_column(
            ArrayKey(self.name, column),
            self.fold,
            delta.columns if delta is not None and delta.columns.num_columns else None,
            self._updates(column),
        )

    def _stored(self, column: str) -> Array:
        return self._sources.numbers(self.name, column)

    def _updates(self, column: str) -> ColumnUpdates | None:
        found = None if self._delta is None else self._delta.updates.get(column)
        if found is None:
            return None
        shard = self._sources.shard
        positions = entry_positions(shard, self._adjacency, found.near_stable, found.edge)
        return ColumnUpdates(positions, found.values)

    def _dropped(self, delta: EdgeDelta) -> Ints:
        shard = self._sources.shard
        return np.sort(
            entry_positions(shard, self._adjacency, delta.deleted_near, delta.deleted_edge)
        )

    @cached_property
    def _near(self) -> tuple[Array, Ints, npt.NDArray[np.bool_]]:
        """The rows of the entries that come: the stored row, or that before which a new one comes.

        And which of them are rows of new nodes.
        """
        assert self._delta is not None
        stable = self._sources.numbers(self.rows.name, STABLE)
        rows, is_stored = find_sorted(stable, self._delta.near_stable)
        return stable, rows, ~is_stored

    @cached_property
    def _new_near(self) -> Ints:
        """The number of the new node in whose row each entry comes; of others it means nothing."""
        assert self._delta is not None
        nodes = self._sources.delta.nodes.get(self._relation.near_type(self._direction))
        known = NO_ROWS if nodes is None else nodes.added_stable
        _, _, is_added = self._near
        numbers = np.zeros(len(is_added), np.int64)
        numbers[is_added] = base_rows(
            known, self._delta.near_stable[is_added], f"rows of {self._relation}"
        )
        return numbers

    def _places(self, delta: EdgeDelta) -> Ints:
        if not len(delta.edge):
            return NO_ROWS
        _, rows, is_added = self._near
        places = self.indptr[rows]
        stored = ~is_added
        if not stored.any():
            return places
        parts = range(self._sources.book.parts)
        offsets = self._sources.book.node_offsets[self._far_type]
        stable = [
            self._sources.numbers(nodes_table(self._far_type), STABLE, part) for part in parts
        ]
        bases = [
            ids.ctypes.data - int(offset) * ids.itemsize
            for ids, offset in zip(stable, offsets, strict=False)
        ]
        found = np.empty(int(stored.sum()), np.int64)
        place_entries(
            self.indptr,
            self._stored(NEIGHBOR),
            self._stored(EDGE),
            offsets,
            np.array(bases, np.int64),
            stable[0],
            rows[stored],
            delta.far_stable[stored],
            delta.edge[stored],
            found,
        )
        places[stored] = found
        return places

    def _neighbors(self) -> Array:
        plan = self._sources.plan
        nodes, dtype = plan.nodes.get(self._far_type), plan.gid_dtype(self._far_type)
        added = self._added_neighbors().astype(dtype)
        if plan.keeps_ids(self._far_type):
            return fold_array(self.fold, self._stored(NEIGHBOR), added)
        assert nodes is not None
        out = np.empty(self.fold.size, dtype)
        fold_ids(
            self._stored(NEIGHBOR),
            nodes.shifts,
            self.fold.dropped,
            self.fold.places,
            added,
            out,
        )
        return out

    def _added_neighbors(self) -> Ints:
        """The new global ids of the neighbours of entries that come."""
        if self._delta is None:
            return NO_ROWS
        gids = np.empty(len(self._delta.edge), np.int64)
        for part in np.unique(self._delta.far_part).tolist():
            there = self._delta.far_part == part
            gids[there] = self._gids_of(part, self._delta.far_stable[there])
        return gids

    def _gids_of(self, part: int, stable: Ints) -> Ints:
        nodes = self._sources.plan.nodes.get(self._far_type)
        gids = np.full(len(stable), -1) if nodes is None else nodes.find_added(part, stable)
        stored = gids < 0
        known = self._sources.numbers(nodes_table(self._far_type), STABLE, part)
        rows = base_rows(known, stable[stored], f"neighbours in {self._relation}")
        old = rows + self._sources.book.node_range(self._far_type, part)[0]
        if nodes is None:
            gids[stored] = old
        else:
            shifted = np.empty(len(old), np.int64)
            shift_ids(old, nodes.shifts, shifted)
            gids[stored] = shifted
        return gids


class FoldedRows:
    """A ``rows`` table."""

    def __init__(self, sources: FoldSources, name: AdjacencyName, entries: FoldedEntries) -> None:
        self._sources = sources
        self._entries = entries
        self.name = rows_table(*name)

    def changes(self, column: str) -> bool:
        """Whether a column is another than the base version's."""
        return not (self._entries.fold.is_nothing and self._entries.rows.fold.is_nothing)

    def column(self, column: str) -> ShardArray:
        """The bounds of the rows after the fold."""
        rows, entries = self._entries.rows.fold, self._entries.fold
        out = np.empty(rows.size + 1, np.int64)
        fold_bounds(
            self._entries.indptr,
            rows.dropped,
            rows.places,
            entries.dropped,
            self._entries.added_rows,
            out,
        )
        return out
