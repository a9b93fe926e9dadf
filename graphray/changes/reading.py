"""A partition as of one time: its base version and the changes in a window over it, seen as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.base_partition import BasePartition
from graphray.changes.changed_table import KEY
from graphray.changes.edge_table import FAR_PART, FAR_STABLE, EdgeTable
from graphray.changes.event_table import Window
from graphray.changes.node_table import NodeTable, arrow_ids, user_ids
from graphray.changes.plain_arrays import Ints, no_columns
from graphray.changes.queries import Flags, Nodes, Places, Rows
from graphray.id_index import NOT_FOUND
from graphray.ids import UserIds
from graphray.kernels.event_chains import EMPTY
from graphray.shard import ID

NodeTables: TypeAlias = Mapping[str, NodeTable]
EdgeTables: TypeAlias = Mapping[AdjacencyName, EdgeTable]


class _Entries(NamedTuple):
    """Entries of some rows: in whose row each stands, its edge, and where it leads."""

    owner: Ints
    edge: Ints
    far_part: npt.NDArray[np.int32]
    far_stable: Ints
    far_ids: UserIds

    def take(self, order: Ints) -> _Entries:
        """The same in another order."""
        return _Entries(
            self.owner[order],
            self.edge[order],
            self.far_part[order],
            self.far_stable[order],
            user_ids(arrow_ids(self.far_ids).take(pa.array(order))),
        )


def _appended(of_base: _Entries, table: EdgeTable, owner: Ints, added: Ints) -> _Entries:
    """Entries of the base, and behind them some that were added."""
    edge, far_part, far_stable = (
        table.added.column(name)[added] for name in (KEY, FAR_PART, FAR_STABLE)
    )
    return _Entries(
        np.concatenate((of_base.owner, owner)),
        np.concatenate((of_base.edge, edge)),
        np.concatenate((of_base.far_part, far_part)),
        np.concatenate((of_base.far_stable, far_stable)),
        user_ids(_joined(arrow_ids(of_base.far_ids), table.ids.take(added))),
    )


@dataclass(frozen=True)
class Reading:
    """What stands in a partition as of one time.

    Attributes:
        part: the partition.
        base: its base version.
        window: the changes that are seen.
        nodes: all changes, by node type.
        edges: all changes, by adjacency.
    """

    part: int
    base: BasePartition
    window: Window
    nodes: NodeTables
    edges: EdgeTables

    # --- whether something is there ---------------------------------------------------------------

    def has_nodes(self, node_type: str, stable: Ints) -> Flags:
        """Which nodes the partition has, as ``bool[n]``."""
        return self._found_nodes(node_type, stable)[2]

    def has_entries(self, adjacency: AdjacencyName, near_stable: Ints, edge: Ints) -> Flags:
        """Which edges stand in which rows, as ``bool[n]``."""
        table = self.edges[adjacency]
        there = table.added_rows(edge, near_stable, self.window) != EMPTY
        if not there.all():
            there |= self.base.has_entries(adjacency, near_stable, edge)
        return there & ~table.is_deleted(edge, near_stable, self.window)

    def _found_nodes(self, node_type: str, stable: Ints) -> tuple[Ints, Ints, Flags]:
        """Rows of the base, rows of additions, and whether a node is there at all."""
        table = self.nodes[node_type]
        added = table.added_rows(stable, stable, self.window)
        rows = self.base.find_rows(node_type, stable)
        there = rows != NOT_FOUND
        if table.added.count:
            there |= added != EMPTY
        if table.deleted.count:
            there &= ~table.is_deleted(stable, stable, self.window)
        return rows, added, there

    # --- nodes ------------------------------------------------------------------------------------

    def locate(self, node_type: str, ids: UserIds) -> Places:
        """Where the nodes are whose ids this partition is home of."""
        table = self.nodes[node_type]
        part, stable = np.zeros(len(ids), np.int32), np.zeros(len(ids), np.int64)
        exists, ends = self.base.locate(node_type, ids)
        part[exists], stable[exists] = ends.part, ends.stable
        if table.void.count:
            exists &= ~table.is_void(ids, self.window)
            part[~exists] = stable[~exists] = 0
        if table.added.count:
            rows = table.with_ids(ids, self.window)
            added = rows != EMPTY
            exists, part[added] = exists | added, self.part
            stable[added] = table.added.column(KEY)[rows[added]]
        return Places(exists, part, stable)

    def node_ids(self, node_type: str, stable: Ints) -> pa.Array:
        """Users' ids of nodes that are there."""
        return self._node_ids(node_type, *self._found_nodes(node_type, stable)[:2])

    def read_nodes(self, node_type: str, stable: Ints, columns: tuple[str, ...]) -> Nodes:
        """Ids and columns of nodes."""
        rows, added, exists = self._found_nodes(node_type, stable)
        rows, added, stable = rows[exists], added[exists], stable[exists]
        of_base = added == EMPTY
        table = self.nodes[node_type]
        values = {}
        for column in columns:
            both = _spliced(
                self.base.node_values(node_type, column, rows[of_base]),
                table.columns[column].take(added[~of_base]),
                of_base,
            )
            values[column] = table.overlaid(column, both, stable, stable, self.window)
        ids = self._node_ids(node_type, rows, added)
        return Nodes(exists, user_ids(ids), pa.record_batch(values) if values else no_columns())

    def _node_ids(self, node_type: str, rows: Ints, added: Ints) -> pa.Array:
        of_base = added == EMPTY
        return _spliced(
            self.base.node_values(node_type, ID, rows[of_base]),
            self.nodes[node_type].ids.take(added[~of_base]),
            of_base,
        )

    # --- rows -------------------------------------------------------------------------------------

    def row_edges(self, adjacency: AdjacencyName, stable: Ints) -> tuple[Ints, Ints]:
        """The rows of nodes: positions in ``stable`` and edge ids, ``int64[m]`` each, no order."""
        relation, direction = adjacency
        base_rows = self.base.find_rows(relation.near_type(direction), stable)
        owner, _, edge = self._base_entries(adjacency, stable, base_rows)
        added_owner, rows = self.edges[adjacency].in_rows(stable, self.window)
        added_edge = self.edges[adjacency].added.column(KEY)[rows]
        return np.concatenate([owner, added_owner]), np.concatenate([edge, added_edge])

    def read_rows(self, adjacency: AdjacencyName, stable: Ints, columns: tuple[str, ...]) -> Rows:
        """The rows of nodes."""
        relation, direction = adjacency
        base_rows, _, exists = self._found_nodes(relation.near_type(direction), stable)
        table, wanted = self.edges[adjacency], exists.nonzero()[0]
        near = stable[wanted]
        owner, entries, edge = self._base_entries(adjacency, near, base_rows[wanted])
        added_owner, added = table.in_rows(near, self.window)
        found = _Entries(owner, edge, *self.base.far_ends(adjacency, entries))
        order: Ints | None = None  # Of what the base has, which is in order as it is.
        if len(added):
            found = _appended(found, table, added_owner, added)
            order = np.lexsort((found.edge, found.far_stable, found.owner))
            found = found.take(order)
        values = {}
        for column in columns:
            of_base = self.base.entry_values(adjacency, column, entries)
            both = _joined(of_base, table.columns[column].take(added))
            both = both if order is None else both.take(pa.array(order))
            values[column] = table.overlaid(
                column, both, found.edge, near[found.owner], self.window
            )
        lengths = np.zeros(len(stable) + 1, np.int64)
        lengths[1 + wanted] = np.bincount(found.owner, minlength=len(wanted))
        return Rows(
            exists,
            lengths.cumsum(),
            found.far_part,
            found.far_stable,
            found.far_ids,
            found.edge,
            pa.record_batch(values) if values else no_columns(),
        )

    def _base_entries(
        self, adjacency: AdjacencyName, stable: Ints, rows: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """Entries of the base that are not deleted: whose row each is in, which it is, its edge."""
        owner, entries = self.base.entries_of(adjacency, rows)
        edge = self.base.edges(adjacency, entries)
        table = self.edges[adjacency]
        if table.deleted.count == 0:
            return owner, entries, edge
        stands = ~table.is_deleted(edge, stable[owner], self.window)
        return owner[stands], entries[stands], edge[stands]


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    if len(second) == 0:
        return first
    return second if len(first) == 0 else pa.concat_arrays([first, second])


def _spliced(first: pa.Array, second: pa.Array, is_first: npt.NDArray[np.bool_]) -> pa.Array:
    """Two arrays merged: where ``is_first``, the next of the first one, else of the second."""
    if len(first) == 0 or len(second) == 0:
        return _joined(first, second)
    at = np.where(is_first, np.cumsum(is_first) - 1, len(first) + np.cumsum(~is_first) - 1)
    return pa.concat_arrays([first, second]).take(pa.array(at))
