"""What a transaction is to change, as its user said it: checked tables, nothing looked up yet.

Deletions concern what was there before, so the order of the calls within one transaction does not
matter: deletions come first, then additions, then updates. Of two updates of one node the later
call stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.client.changes.assembly import join_ids
from graphray.client.changes.tables import EdgeRows, NodeRows
from graphray.errors import ArgumentError, InputError
from graphray.ids import UserIds
from graphray.schema import Direction, Relation, RelationType


@dataclass
class StagedChanges:
    """The tables of one transaction, by node type and relation, in the order of the calls."""

    added_nodes: dict[str, list[NodeRows]] = field(default_factory=dict)
    updated_nodes: dict[str, list[NodeRows]] = field(default_factory=dict)
    deleted_nodes: dict[str, list[NodeRows]] = field(default_factory=dict)
    added_edges: dict[Relation, list[EdgeRows]] = field(default_factory=dict)
    updated_edges: dict[Relation, list[EdgeRows]] = field(default_factory=dict)
    deleted_edges: dict[Relation, list[EdgeRows]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not any(vars(self).values())

    def add_nodes(self, rows: NodeRows) -> None:
        """Stage new nodes.

        Raises:
            InputError: where one of them has been staged before.
        """
        staged = self.added_nodes.setdefault(rows.kind.name, [])
        _require_new(rows, staged)
        _stage(staged, rows)

    def update_nodes(self, rows: NodeRows) -> None:
        """Stage new values of columns of nodes.

        Raises:
            InputError: where the table has no columns to update.
            ArgumentError: where other columns of that type have been staged.
        """
        if rows.columns.num_columns == 0:
            raise rows.source.problem("there is no column to update beside the ids")
        staged = self.updated_nodes.setdefault(rows.kind.name, [])
        _require_same_columns(f"node type {rows.kind.name!r}", rows, staged)
        _stage(staged, rows)

    def delete_nodes(self, rows: NodeRows) -> None:
        """Stage the deletion of nodes; one that is staged twice goes once."""
        _stage(self.deleted_nodes.setdefault(rows.kind.name, []), rows)

    def add_edges(self, rows: EdgeRows) -> None:
        """Stage new edges."""
        _stage(self.added_edges.setdefault(rows.kind.relation, []), rows)

    def update_edges(self, rows: EdgeRows) -> None:
        """Stage new values of columns of edges; raises as `update_nodes` does."""
        if rows.columns.num_columns == 0:
            raise rows.source.problem("there is no column to update beside the ends")
        staged = self.updated_edges.setdefault(rows.kind.relation, [])
        _require_same_columns(f"relation {rows.kind.relation}", rows, staged)
        _stage(staged, rows)

    def delete_edges(self, rows: EdgeRows) -> None:
        """Stage the deletion of edges."""
        _stage(self.deleted_edges.setdefault(rows.kind.relation, []), rows)

    # --- what a read inside the transaction would have to see -------------------------------------

    def changes_nodes(self, node_type: str, ids: UserIds) -> bool:
        """Whether one of these nodes is changed."""
        tables = (self.added_nodes, self.updated_nodes, self.deleted_nodes)
        return any(
            _share_ids(rows.ids, ids) for table in tables for rows in table.get(node_type, ())
        )

    def changes_rows(self, kind: RelationType, direction: Direction, ids: UserIds) -> bool:
        """Whether an adjacency row of one of these nodes is changed."""
        relation = kind.relation
        near, far = relation.near_type(direction), relation.far_type(direction)
        # Which edges go with a deleted neighbour is only known at the end.
        if far in self.deleted_nodes or self.changes_nodes(near, ids):
            return True
        ends = (0, 1) if not kind.directed else ((0,) if direction == "out" else (1,))
        tables = (self.added_edges, self.updated_edges, self.deleted_edges)
        return any(
            _share_ids(rows.ends[end], ids)
            for table in tables
            for rows in table.get(relation, ())
            for end in ends
        )


def joined_node_ids(tables: Sequence[NodeRows]) -> UserIds:
    """The ids of several tables, one after the other."""
    return join_ids([rows.ids for rows in tables])


def positions_in(ids: UserIds, known: UserIds) -> npt.NDArray[np.int64]:
    """Where each id stands among distinct known ones, ``int64[n]``; -1 where it does not.

    >>> positions_in(np.array([5, 9]), np.array([7, 5])).tolist()
    [1, -1]
    """
    found = pc.index_in(_as_arrow(ids), value_set=_as_arrow(known))
    return pc.fill_null(found, -1).to_numpy().astype(np.int64)


def _share_ids(some: UserIds, others: UserIds) -> bool:
    return bool((positions_in(others, some) >= 0).any())


def _as_arrow(ids: UserIds) -> pa.Array:
    return pa.array(ids) if isinstance(ids, np.ndarray) else ids


def _stage(staged: list[NodeRows] | list[EdgeRows], rows: NodeRows | EdgeRows) -> None:
    if len(rows):
        staged.append(rows)  # type: ignore[arg-type]


def _require_new(rows: NodeRows, staged: Iterable[NodeRows]) -> None:
    for earlier in staged:
        at = positions_in(rows.ids, earlier.ids)
        if (at >= 0).any():
            row = int(np.argmax(at >= 0))
            label, first = earlier.source.locate(int(at[row]))
            raise rows.source.problem(
                f"the id {rows.ids[row]!s} of node type {rows.kind.name!r} is already added by "
                f"{label}, row {first}; node ids are unique",
                row=row,
                column=rows.id_column,
                kind=InputError,
            )


def _require_same_columns(
    owner: str, rows: NodeRows | EdgeRows, staged: Sequence[NodeRows] | Sequence[EdgeRows]
) -> None:
    if staged and staged[0].columns.schema != rows.columns.schema:
        raise ArgumentError(
            f"this transaction already updates {', '.join(staged[0].columns.schema.names)} of "
            f"{owner}, and cannot update {', '.join(rows.columns.schema.names)} as well; give all "
            "of them in one table, or use two transactions"
        )
