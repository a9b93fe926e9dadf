"""A transaction as its user writes it: a block of calls that take effect together, or not at all.

Nothing is sent while the block runs, but for reads: tables are checked and kept. At its end the
nodes that are named are found, new ids drawn, and all partitions that are concerned commit together
(`graphray.replication.transactions`). Where another transaction was first on something that this
one has only changed, it is planned and committed again; where it had been read in the block, only
the user can say what follows from the new value, and gets a `ConflictError`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from random import Random
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.client.changes.locking import Lock
from graphray.client.changes.planning import ChangeClient, Planner
from graphray.client.changes.point_reads import PointReads, RelationName
from graphray.client.changes.questions import ValidatedReads
from graphray.client.changes.staged import StagedChanges
from graphray.client.changes.tables import edge_rows, node_rows
from graphray.errors import (
    EdgeNotFound,
    PartitionUnavailable,
    TransactionError,
    WriteIndeterminate,
)
from graphray.ids import UserIds, as_user_ids
from graphray.reading.column_values import Values
from graphray.replication.commands import Conflict, Invalid
from graphray.replication.transactions import Ending, Verdict
from graphray.replication.transactions import Transaction as Protocol
from graphray.replication.version_vector import VersionVector
from graphray.schema import Direction

_ATTEMPTS_MAX = 20
_PAUSE_MS_MIN, _PAUSE_MS_MAX = 2.0, 200.0


class Transaction:
    """Changes of a graph that take effect together; made by `graphray.Graph.transaction`.

    A context manager: leaving the block commits, an exception in it changes nothing.

    Args:
        client: the graph.
        locks: held locks under which the changes are made.
    """

    def __init__(self, client: ChangeClient, locks: Sequence[Lock] = ()) -> None:
        self._client = client
        self._locks = tuple(locks)
        self._staged = StagedChanges()
        self._read = Protocol(_new_name())
        asks = ValidatedReads(client.calls, self._read)
        self._reads = PointReads(client.schema, client.calls.parts, client.base, asks)
        self._tables = 0
        self._ending: Ending | None = None
        self._is_over = False
        self.name = self._read.name

    # --- changes ----------------------------------------------------------------------------------

    def add_nodes(self, node_type: str, table: Any) -> None:
        """Add nodes.

        Args:
            node_type: their type.
            table: what `graphray.build` takes for nodes, or a dict of columns. The ids are in the
                column ``id``, or in the first one; columns that it lacks are null.

        Raises:
            InputError: where an id is null, of the wrong kind or there twice, or a value does not
                fit, naming row and column.
            ColumnNotFound: where the node type has no such column.
            NodeTypeNotFound: where the graph has no such type.
        """
        rows = node_rows(self._client.schema, node_type, table, self._label("add_nodes"))
        self._staged.add_nodes(rows)

    def update_nodes(self, node_type: str, table: Any) -> None:
        """Set properties of nodes; columns that the table lacks stay as they are.

        Args:
            node_type: their type.
            table: as in `add_nodes`; raises as that does.
        """
        rows = node_rows(self._client.schema, node_type, table, self._label("update_nodes"))
        self._staged.update_nodes(rows)

    def delete_nodes(self, node_type: str, ids: Any) -> None:
        """Delete nodes, and all their edges.

        Args:
            node_type: their type.
            ids: users' ids, one or several.

        Raises:
            ArgumentError: where they are of the wrong kind.
        """
        kind = self._client.schema.node_type(node_type)
        table = {"id": as_user_ids(ids, kind.id_kind)}
        rows = node_rows(self._client.schema, node_type, table, self._label("delete_nodes"))
        self._staged.delete_nodes(rows)

    def add_edges(self, relation: RelationName, table: Any) -> None:
        """Add edges, between nodes that are there or added in this transaction.

        Args:
            relation: its triple, or its name where that is unique.
            table: what `graphray.build` takes for edges, or a dict of columns: ``src`` and ``dst``,
                or the first two, are the ends; properties that it lacks are null.

        Raises:
            InputError: as `add_nodes` does.
            RelationNotFound: where the graph has no such relation.
        """
        rows = edge_rows(self._client.schema, relation, table, self._label("add_edges"))
        self._staged.add_edges(rows)

    def update_edges(self, relation: RelationName, table: Any) -> None:
        """Set properties of all edges between two nodes each.

        Args:
            relation: as in `add_edges`; raises as that does.
            table: the ends, and the new values. A column ``@edge`` of edge ids picks single ones of
                several parallel edges.
        """
        label = self._label("update_edges")
        rows = edge_rows(self._client.schema, relation, table, label, names_edges=True)
        self._staged.update_edges(rows)

    def delete_edges(self, relation: RelationName, table: Any) -> None:
        """Delete all edges between two nodes each.

        Args:
            relation: as in `add_edges`; raises as that does.
            table: the ends; where it has further columns, only edges with these values go. A column
                ``@edge`` of edge ids picks single ones of several parallel edges.
        """
        label = self._label("delete_edges")
        rows = edge_rows(self._client.schema, relation, table, label, names_edges=True)
        self._staged.delete_edges(rows)

    # --- reads ------------------------------------------------------------------------------------

    def exists(self, ids: Any, node_type: str | None = None) -> npt.NDArray[np.bool_]:
        """Which of these nodes there are; see `nodes`."""
        self._require_unchanged_nodes(ids, node_type)
        return self._reads.exists(ids, node_type)

    def nodes(
        self, ids: Any, node_type: str | None = None, columns: Sequence[str] | None = None
    ) -> dict[str, Values]:
        """Properties of nodes, as `Reader.nodes` returns them.

        What is read inside of a transaction has to be the same when it commits.

        Raises:
            TransactionError: where this transaction has changed one of them; read before that.
            NodeNotFound: naming ids that are not there.
        """
        self._require_unchanged_nodes(ids, node_type)
        return self._reads.nodes(ids, node_type, columns)

    def neighbors(
        self,
        node_id: int | str,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
    ) -> npt.NDArray[Any]:
        """The ids of a node's neighbours, as `Reader.neighbors` returns them; see `nodes`."""
        self._require_unchanged_rows(node_id, relation, direction)
        return self._reads.neighbors(node_id, relation, direction=direction)

    def degree(
        self, ids: Any, relation: RelationName | None = None, *, direction: Direction = "out"
    ) -> npt.NDArray[np.int64]:
        """How many edges nodes have, as `Reader.degree` returns it; see `nodes`."""
        self._require_unchanged_rows(ids, relation, direction)
        return self._reads.degree(ids, relation, direction=direction)

    def edges(
        self,
        ids: Any,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
        columns: Sequence[str] | None = None,
    ) -> dict[str, Values]:
        """The edges of nodes, as `Reader.edges` returns them; see `nodes`."""
        self._require_unchanged_rows(ids, relation, direction)
        return self._reads.edges(ids, relation, direction=direction, columns=columns)

    # --- the end ----------------------------------------------------------------------------------

    @property
    def token(self) -> VersionVector:
        """Where this process stands: who reads ``after=token`` sees this transaction."""
        self._require_committed()
        return self._client.calls.pool.token

    @property
    def time(self) -> int:
        """The time of the commit; a snapshot of that time or later shows it."""
        return self._require_committed().time

    def commit(self) -> None:
        """Commit; called by the end of the block.

        Raises:
            ConflictError: where another transaction was first; run this one again.
            ChangeRefused: where an id is taken, or something that is named has just been deleted.
            NodeNotFound: naming nodes that are not there.
            EdgeNotFound: naming edges that are not there.
            LockLost: where a lock is held by someone else now.
            PartitionUnavailable: where a partition did not answer; nothing was applied.
            WriteIndeterminate: where it is not known whether the changes were applied.
        """
        self._require_open()
        self._is_over = True
        for lock in self._locks:
            lock.require_held()
        self._ending = self._committed()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._is_over = True
        elif not self._is_over:
            self.commit()

    def _committed(self) -> Ending:
        """Try until it is committed, or it is clear that it cannot be."""
        planner = Planner(self._client, self._staged)
        rng, fresh = Random(self.name), False
        for attempt in range(_ATTEMPTS_MAX):
            try:
                ending = self._attempt(planner, attempt, fresh)
            except EdgeNotFound:
                if fresh:
                    raise
                # An end that the base version knows may have been deleted, and added anew.
                fresh = True
                continue
            if ending.verdict is Verdict.COMMITTED:
                return ending
            if ending.verdict is Verdict.INDETERMINATE:
                raise WriteIndeterminate(
                    f"no answer came before the deadline: transaction {self.name} may or may not "
                    "have been applied, as a whole. Read to see which; 'graphray status' says how "
                    "the partitions fare",
                    transaction=self.name,
                )
            if ending.refusal == Conflict(()):
                raise PartitionUnavailable(
                    f"transaction {self.name} changed nothing: not every partition that it "
                    "concerns answered before the deadline; see 'graphray status', and run it again"
                )
            if not self._is_worth_another(ending, fresh, attempt):
                ending.raise_if_refused(self.name)
            # What was refused had been looked up in the base version: look again.
            fresh = fresh or isinstance(ending.refusal, Invalid)
            pause_ms = min(_PAUSE_MS_MIN * 2**attempt, _PAUSE_MS_MAX)
            self._client.calls.pause(pause_ms * rng.uniform(0.5, 1.0))
        raise AssertionError("unreachable")

    def _attempt(self, planner: Planner, attempt: int, fresh: bool) -> Ending:
        # A name is used once: an attempt that was given up may still be on its way somewhere.
        name = self.name if attempt == 0 else f"{self.name}/{attempt}"
        transaction = Protocol(name, fences={lock.name: lock.fence for lock in self._locks})
        transaction.reads.update({part: dict(keys) for part, keys in self._read.reads.items()})
        planner.plan(transaction, fresh=fresh)
        if not transaction.participants:
            return Ending(Verdict.COMMITTED)
        return self._client.calls.commit(transaction.commit())

    def _is_worth_another(self, ending: Ending, fresh: bool, attempt: int) -> bool:
        if attempt == _ATTEMPTS_MAX - 1:
            return False
        if isinstance(ending.refusal, Conflict):
            return not self._read.reads
        return isinstance(ending.refusal, Invalid) and not fresh

    # --- checks -----------------------------------------------------------------------------------

    def _label(self, call: str) -> str:
        self._require_open()
        self._tables += 1
        return f"{call} (table {self._tables} of the transaction)"

    def _require_open(self) -> None:
        if self._is_over:
            raise TransactionError(
                f"transaction {self.name} is over; begin another with graph.transaction()"
            )

    def _require_committed(self) -> Ending:
        if self._ending is None:
            raise TransactionError(f"transaction {self.name} has not been committed")
        return self._ending

    def _require_unchanged_nodes(self, ids: Any, node_type: str | None) -> None:
        schema = self._client.schema
        kind = schema.only_node_type("nodes") if node_type is None else schema.node_type(node_type)
        self._require_unchanged(
            lambda asked: self._staged.changes_nodes(kind.name, asked), ids, kind.name
        )

    def _require_unchanged_rows(
        self, ids: Any, relation: RelationName | None, direction: Direction
    ) -> None:
        kind = self._reads.relation(relation)
        near = kind.relation.near_type(direction)
        self._require_unchanged(
            lambda asked: self._staged.changes_rows(kind, direction, asked), ids, near
        )

    def _require_unchanged(
        self, is_changed: Callable[[UserIds], bool], ids: Any, node_type: str
    ) -> None:
        self._require_open()
        asked = as_user_ids(ids, self._client.schema.node_type(node_type).id_kind)
        if is_changed(asked):
            raise TransactionError(
                f"transaction {self.name} has changed what it is about to read at nodes of type "
                f"{node_type!r}, and its changes are not to be seen before it has been committed; "
                "read first, then change"
            )


def _new_name() -> str:
    return f"transaction {uuid.uuid4().hex}"
