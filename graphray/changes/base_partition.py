"""One partition of one base version, as changes are read over it: rows by stable id.

Within a partition stable ids rise with the global ids, so a node's row is found by binary search in
``@stable``. What stands at an edge's other end may be owned elsewhere; base versions never change,
so it is read from the stored arrays of its owner.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.base import BaseVersions
from graphray.changes.node_table import arrow_ids, user_ids
from graphray.changes.plain_arrays import Ints, no_ints
from graphray.id_index import NOT_FOUND, find_gids
from graphray.ids import UserIds
from graphray.kernels.event_chains import find_in_rows
from graphray.kernels.stored_rows import find_sorted, list_entries
from graphray.shard import (
    EDGE,
    ID,
    INDPTR,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    ShardArray,
    edges_table,
    nodes_table,
    rows_table,
)

# A point read takes less time than making these names.
_nodes_table = cache(nodes_table)
_edges_table = cache(edges_table)
_rows_table = cache(rows_table)


class Ends(NamedTuple):
    """Nodes that something leads to.

    Attributes:
        part: ``int32[n]``, their owners.
        stable: ``int64[n]``, their stable ids.
        ids: users' ids; of no length where they were not asked for.
    """

    part: npt.NDArray[np.int32]
    stable: Ints
    ids: UserIds


class BasePartition:
    """See the module.

    Args:
        base: the versions.
        version: which one.
        part: the partition.
    """

    def __init__(self, base: BaseVersions, version: int, part: int) -> None:
        self._base = base
        self._version = version
        self._part = part
        self._book = base.book(version)
        # Opening an array anew costs more than reading a row of it.
        self._arrays: dict[tuple[int, ArrayKey], ShardArray] = {}

    def find_rows(self, node_type: str, stable: Ints) -> Ints:
        """The row of each node in the partition's tables, or `NOT_FOUND`, ``int64[n]``."""
        return find_sorted(self._numbers(_nodes_table(node_type), STABLE), stable)

    def has_nodes(self, node_type: str, stable: Ints) -> npt.NDArray[np.bool_]:
        """Which nodes the partition owns."""
        return self.find_rows(node_type, stable) != NOT_FOUND

    def entries_of(self, adjacency: AdjacencyName, rows: Ints) -> tuple[Ints, Ints]:
        """The entries of rows, in canonical order: whose of them each is, and which it is."""
        return list_entries(self._numbers(_rows_table(*adjacency), INDPTR), rows)

    def has_entries(
        self, adjacency: AdjacencyName, near_stable: Ints, edge: Ints
    ) -> npt.NDArray[np.bool_]:
        """Which edges stand in the rows of which nodes."""
        relation, direction = adjacency
        rows = self.find_rows(relation.near_type(direction), near_stable)
        indptr = self._numbers(_rows_table(*adjacency), INDPTR)
        ends = np.where(rows == NOT_FOUND, 0, indptr[rows + 1])
        starts = np.where(rows == NOT_FOUND, 0, indptr[rows])
        return find_in_rows(self._numbers(_edges_table(*adjacency), EDGE), starts, ends, edge)

    def edges(self, adjacency: AdjacencyName, entries: Ints) -> Ints:
        """The edge ids of entries, ``int64[n]``."""
        return self._numbers(_edges_table(*adjacency), EDGE)[entries].astype(np.int64)

    def far_ends(self, adjacency: AdjacencyName, entries: Ints) -> Ends:
        """The neighbours of entries."""
        relation, direction = adjacency
        gids = self._numbers(_edges_table(*adjacency), NEIGHBOR)[entries].astype(np.int64)
        return self._nodes(relation.far_type(direction), gids, with_ids=True)

    def locate(self, node_type: str, ids: UserIds) -> tuple[npt.NDArray[np.bool_], Ends]:
        """Which ids are in the partition's part of the index, and the nodes of those that are."""
        gids = find_gids(self._base.shard_of(self._version, self._part), node_type, ids)
        found = gids != NOT_FOUND
        return found, self._nodes(node_type, gids[found], with_ids=False)

    def node_values(self, node_type: str, column: str, rows: Ints) -> pa.Array:
        """A column of nodes of the partition."""
        return self._values(self._part, _nodes_table(node_type), column, rows)

    def entry_values(self, adjacency: AdjacencyName, column: str, entries: Ints) -> pa.Array:
        """A column of entries of the partition."""
        return self._values(self._part, _edges_table(*adjacency), column, entries)

    def _nodes(self, node_type: str, gids: Ints, with_ids: bool) -> Ends:
        if self._book.parts == 1:
            return self._nodes_of(self._part, node_type, gids, with_ids)
        parts = self._book.owner(node_type, gids)
        rows = gids - self._book.node_offsets[node_type][parts]
        if len(gids) and (parts == parts[0]).all():
            return self._nodes_of(int(parts[0]), node_type, rows, with_ids)
        stable = np.empty(len(gids), np.int64)
        pieces: list[pa.Array] = []
        order: list[Ints] = []
        for part in np.unique(parts).tolist():
            at = np.flatnonzero(parts == part)
            ends = self._nodes_of(part, node_type, rows[at], with_ids)
            stable[at] = ends.stable
            pieces.append(arrow_ids(ends.ids))
            order.append(at)
        ids: UserIds = no_ints()
        if with_ids and pieces:
            back = pa.array(np.argsort(np.concatenate(order)))
            ids = user_ids(pa.concat_arrays(pieces).take(back))
        elif with_ids:
            ids = self._ids(self._part, _nodes_table(node_type), gids)
        return Ends(parts.astype(np.int32), stable, ids)

    def _nodes_of(self, part: int, node_type: str, rows: Ints, with_ids: bool) -> Ends:
        """Nodes of one partition, by their rows there."""
        table = _nodes_table(node_type)
        stable = np.asarray(self._array(part, table, STABLE))[rows].astype(np.int64)
        ids = self._ids(part, table, rows) if with_ids else no_ints()
        return Ends(np.full(len(rows), part, np.int32), stable, ids)

    def _ids(self, part: int, table: str, rows: Ints) -> UserIds:
        # By way of Arrow, integers would take ten times as long.
        array = self._array(part, table, ID)
        return array[rows] if isinstance(array, np.ndarray) else array.take(pa.array(rows))

    def _values(self, part: int, table: str, column: str, rows: Ints) -> pa.Array:
        array = self._array(part, table, column)
        if not isinstance(array, np.ndarray):
            return array.take(pa.array(rows))
        taken = array.take(rows, axis=0)
        if taken.ndim == 1:
            return pa.array(taken)
        return pa.FixedSizeListArray.from_arrays(pa.array(taken.reshape(-1)), taken.shape[1])

    def _numbers(self, table: str, column: str) -> npt.NDArray[Any]:
        return np.asarray(self._array(self._part, table, column))

    def _array(self, part: int, table: str, column: str) -> ShardArray:
        name = part, ArrayKey(table, column)
        if name not in self._arrays:
            self._arrays[name] = self._base.shard_of(self._version, part).array(name[1])
        return self._arrays[name]
