"""New values of nodes' properties under the eventual strategy; made by `graphray.Graph.updates`.

Nothing is sent while the block runs: tables are checked and kept. At its end each value goes to
some replica of its node's home partition, many in one message. What is in one message is seen
together; a block as a whole is not a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from graphray.changes.cell_values import cell_column, cell_keys, encode_cells
from graphray.changes.keys import home_parts
from graphray.client.changes.cell_calls import CellClient
from graphray.client.changes.tables import node_rows
from graphray.errors import ArgumentError, TransactionError
from graphray.ids import UserIds, as_user_ids
from graphray.reading.gather import find_nodes
from graphray.replication.cells import Place, Writes
from graphray.replication.version_vector import VersionVector
from graphray.schema import require_column

_MESSAGE_CELLS_MAX = 2_000
_MESSAGE_BYTES_MAX = 2**20


class CellUpdates:
    """Values to be written when the block ends; a context manager.

    An exception in the block writes nothing.

    Args:
        client: the graph.
    """

    def __init__(self, client: CellClient) -> None:
        self._client = client
        self._batches: dict[int, list[_Batch]] = {}
        self._tables = 0
        self._is_open = False

    def update_nodes(self, node_type: str, table: Any) -> None:
        """Set properties of nodes; columns that the table lacks stay as they are.

        Args:
            node_type: their type.
            table: what `graphray.build` takes for nodes, or a dict of columns. The ids are in the
                column ``id``, or in the first one.

        Raises:
            InputError: where an id is null, of the wrong kind or there twice, or a value does not
                fit, naming row and column; or where there is no column beside the ids.
            ColumnNotFound: where the node type has no such column.
            NodeNotFound: naming ids that are not there; nodes come with a build.
        """
        self._require_open()
        self._tables += 1
        label = f"update_nodes, table {self._tables}"
        rows = node_rows(self._client.schema, node_type, table, label)
        if rows.columns.num_columns == 0:
            raise rows.source.problem("there is no column to update beside the ids")
        find_nodes(self._client.access, node_type, rows.ids)
        for name, values in zip(rows.columns.schema.names, rows.columns.columns, strict=True):
            self._stage(node_type, name, rows.ids, encode_cells(values))

    def clear_nodes(self, node_type: str, ids: Any, columns: Sequence[str] | None = None) -> None:
        """Take back what was written of nodes: the store's own values show again.

        Args:
            node_type: their type.
            ids: users' ids, one or several.
            columns: which properties; None for all that have no merge function.

        Raises:
            ArgumentError: where the ids are of the wrong kind, or a column has a merge function:
                what is merged cannot be taken back.
            ColumnNotFound: where the node type has no such column.
            NodeNotFound: naming ids that are not there.
        """
        self._require_open()
        kind = self._client.schema.node_type(node_type)
        names = [c.name for c in kind.columns if not self._is_merged(node_type, c.name)]
        if columns is not None:
            names = [
                require_column(kind.columns, c, f"node type {node_type!r}").name for c in columns
            ]
        for name in names:
            if self._is_merged(node_type, name):
                raise ArgumentError(
                    f"column {name!r} of node type {node_type!r} has a merge function, and what is "
                    "merged cannot be taken back; leave it out"
                )
        asked = as_user_ids(ids, kind.id_kind)
        find_nodes(self._client.access, node_type, asked)
        for name in names:
            self._stage(node_type, name, asked, [None] * len(asked))

    @property
    def token(self) -> VersionVector:
        """Where this process stands: who reads ``after=token`` sees what has been written here."""
        return self._client.pool.token

    def __enter__(self) -> CellUpdates:
        if self._is_open or self._tables:
            raise TransactionError("these updates have been begun before; call graph.updates()")
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if kind is None:
            self._client.write(
                {part: [b.writes for b in batches] for part, batches in self._batches.items()}
            )

    def _stage(
        self, node_type: str, column: str, ids: UserIds, values: Sequence[bytes | None]
    ) -> None:
        name = cell_column(node_type, column)
        homes = home_parts(ids, self._client.pool.parts).tolist()
        for part, key, value in zip(homes, cell_keys(ids), values, strict=True):
            batches = self._batches.setdefault(part, [_Batch()])
            if not batches[-1].takes((key, name)):
                batches.append(_Batch())
            batches[-1].add((key, name), value)

    def _is_merged(self, node_type: str, column: str) -> bool:
        return cell_column(node_type, column) in self._client.merges

    def _require_open(self) -> None:
        if not self._is_open:
            raise TransactionError(
                "updates are collected within a block: with graph.updates() as updates: ..."
            )


class _Batch:
    """The cells of one message, each once: what is written twice is written in this order."""

    def __init__(self) -> None:
        self._writes: dict[Place, bytes | None] = {}
        self._size_bytes = 0

    def takes(self, place: Place) -> bool:
        """Whether there is room for a cell."""
        is_full = len(self._writes) >= _MESSAGE_CELLS_MAX or self._size_bytes >= _MESSAGE_BYTES_MAX
        return not is_full and place not in self._writes

    def add(self, place: Place, value: bytes | None) -> None:
        """Add a cell."""
        self._writes[place] = value
        self._size_bytes += len(place[0]) + len(value or b"")

    @property
    def writes(self) -> Writes:
        """All of them."""
        return tuple(self._writes.items())
