"""What a `graphray.Graph` offers to change a running graph, and to read it as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from graphray.client.changes.cell_calls import CellClient
from graphray.client.changes.cell_reader import CellReader
from graphray.client.changes.cell_updates import CellUpdates
from graphray.client.changes.locking import Lock
from graphray.client.changes.planning import ChangeClient
from graphray.client.changes.reader import Reader, Token
from graphray.client.changes.transaction import Transaction
from graphray.errors import GraphNotRunning, TransactionError
from graphray.reading.access import PartitionAccess


@runtime_checkable
class ChangeableAccess(Protocol):
    """Access to a graph that runs, and so can change."""

    def change_client(self) -> ChangeClient:
        """What changing it takes; the same object every time."""
        ...

    def cell_client(self) -> CellClient | None:
        """The same where it is replicated as "eventual"; None where it is replicated otherwise."""
        ...

    def compact(self) -> int:
        """Publish the changes so far; returns the number of the version."""
        ...


class GraphChanges:
    """The part of `graphray.Graph` that is about changes."""

    _access: PartitionAccess

    def transaction(self, *, locks: Sequence[Lock] = ()) -> Transaction:
        """Begin a transaction: changes that take effect together, over all partitions.

        Args:
            locks: locks that are held; the changes are refused where one has been lost.

        Returns:
            A context manager; leaving its block commits, an exception in it changes nothing.

        Raises:
            GraphNotRunning: where the graph was opened from its store, which never changes.
            TransactionError: where the graph was launched with replication="eventual".
        """
        return Transaction(self._change_client(), locks)

    def updates(self) -> CellUpdates:
        """Begin to set properties of nodes, where the graph is replicated as "eventual".

        Any replica takes them, while the others are out of reach; they agree later.

        Returns:
            A context manager; its values are written when the block ends, and none of them where
            an exception ends it.

        Raises:
            GraphNotRunning: where the graph was opened from its store, which never changes.
            TransactionError: where the graph was launched with another kind of replication.
        """
        cells = self._changeable().cell_client()
        if cells is None:
            raise TransactionError(
                "updates are for graphs that were launched with replication='eventual'; use "
                "graph.transaction(), whose changes are atomic"
            )
        return CellUpdates(cells)

    def read(
        self, consistency: str = "strong", *, after: Token | None = None
    ) -> Reader | CellReader:
        """Read the graph as it is now, changes included.

        Args:
            consistency: "strong" (the default): every change that was acknowledged before;
                "causal", "session", "monotonic", "eventual": cheaper, from any replica. See
                docs/guarantees.md. Under replication="eventual" there is no "strong", and what is
                read are properties of nodes.
            after: a token of another process; what it has seen is seen here as well.

        Raises:
            ArgumentError: where there is no such level, or the token is none.
            GraphNotRunning: where the graph was opened from its store.
        """
        cells = self._changeable().cell_client()
        if cells is not None:
            return CellReader(cells, consistency, after)
        return Reader(self._change_client(), consistency, after)

    def lock(self, name: str, *, ttl: float = 30.0, timeout: float | None = None) -> Lock:
        """A named lock, held within a ``with`` block by one holder in the whole cluster.

        Args:
            name: the same for everyone who is to be kept apart.
            ttl: seconds for which it lasts after its holder has gone silent; it is renewed in the
                background while the block runs. Longer: a holder that died keeps others waiting;
                shorter: a pause of the holder costs it the lock.
            timeout: seconds to wait for it; None for as long as it takes.

        Raises:
            ArgumentError: where a number is out of range.
            GraphNotRunning: where the graph was opened from its store.
        """
        return Lock(self._change_client().calls, name, ttl, timeout)

    def compact(self) -> int:
        """Publish the changes so far as the next version of the store; returns its number.

        The graph is used meanwhile as before. Whoever opens the store, or connects to the graph,
        from then on reads that version; those who read an earlier one go on doing so. Where
        nothing has changed, the number is that of the newest version.

        Raises:
            GraphNotRunning: where the graph was opened from its store, which never changes.
            VersionConflict: where somebody else has published a next version of the store.
            StoreError: where the version cannot be written.
        """
        return self._changeable().compact()

    def _change_client(self) -> ChangeClient:
        return self._changeable().change_client()

    def _changeable(self) -> ChangeableAccess:
        access = self._access
        if isinstance(access, ChangeableAccess):
            return access
        raise GraphNotRunning(
            "this graph was opened from its store, and a store never changes; launch it with "
            "graphray.launch(...), or connect to it with graphray.connect(...)"
        )
