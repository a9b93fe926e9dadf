"""Every error a user of GraphRay can meet, in one tree.

Each one says what is wrong, where (file, row, column, partition), and what to do next. Each keeps
its builtin parent, so ``except ValueError`` or ``except TimeoutError`` works as well, and each
survives pickling between processes with its fields.

::

    GraphRayError
    ├── InputError (ValueError)             data that was brought in is wrong
    │   ├── InputNotFound (FileNotFoundError)
    │   └── DanglingEdge                    an edge names a node that the node table lacks
    ├── ArgumentError (ValueError)          a parameter is out of its range
    │   └── BalanceNotMet                   no partition was found that balances what it has to
    ├── NotFoundError (KeyError)            a name or id is not in the graph
    │   ├── NodeNotFound
    │   ├── EdgeNotFound
    │   ├── NodeTypeNotFound
    │   ├── RelationNotFound
    │   ├── ColumnNotFound
    │   └── StrategyNotFound                no strategy of that name
    ├── StoreError                          the files of a store
    │   ├── StoreNotFound (FileNotFoundError)
    │   ├── StoreExists (FileExistsError)
    │   ├── StoreCorrupt                    a checksum, size or structure does not hold
    │   ├── StoreTooNew                     written by a later GraphRay
    │   └── VersionConflict                 another writer published this version first
    ├── ClusterError                        a running graph
    │   ├── GraphNameTaken
    │   ├── GraphNotRunning
    │   ├── ConnectionEnded                 this process has disconnected from the cluster
    │   ├── LaunchError
    │   ├── PartitionUnavailable (TimeoutError)
    │   ├── Overloaded                      all replicas of a partition have too much to do
    │   ├── ReplicaHeldBack                 a replica that failed waits before it loads again
    │   ├── SnapshotGone                    a pinned state has been let go of
    │   └── PlacementError                  no way was found to place all replicas
    ├── TransactionError                    a change of a running graph
    │   ├── ConflictError                   another transaction was first
    │   ├── ChangeRefused                   an end is missing, or an id is taken
    │   ├── LockLost                        a lock has been granted to someone else since
    │   ├── LockNotAcquired (TimeoutError)  others held a lock for as long as was waited
    │   └── WriteIndeterminate (TimeoutError)   whether it was applied is not known
    ├── PartitionerError                    a partitioner returned what cannot be used
    └── MissingDependency (ImportError)     an optional package is not installed
"""

from __future__ import annotations

from typing import Any


class GraphRayError(Exception):
    """The parent of every error raised on purpose by GraphRay."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        # KeyError would print repr(message); every class of the tree prints the message itself.
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.fields)


def _rebuild(kind: type[GraphRayError], message: str, fields: dict[str, Any]) -> GraphRayError:
    return kind(message, **fields)


class InputError(GraphRayError, ValueError):
    """The data brought in is wrong; fix the named file, row and column, and build again."""

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        row: int | None = None,
        column: str | None = None,
        **fields: Any,
    ) -> None:
        place = [
            part
            for part in (
                source,
                None if row is None else f"row {row}",
                None if column is None else f"column {column!r}",
            )
            if part
        ]
        self.problem = message
        self.source, self.row, self.column = source, row, column
        super().__init__(f"{', '.join(place)}: {message}" if place else message, **fields)

    def __reduce__(self) -> tuple[Any, ...]:
        place = {"source": self.source, "row": self.row, "column": self.column}
        return _rebuild, (type(self), self.problem, {**place, **self.fields})


class InputNotFound(InputError, FileNotFoundError):
    """A file or folder to read is not there; check the path."""


class DanglingEdge(InputError):
    """An edge names a node that the node table lacks; add it, or pass ``missing_nodes="add"``."""


class ArgumentError(GraphRayError, ValueError):
    """A parameter is out of its range; the message says which values are accepted."""


class BalanceNotMet(ArgumentError):
    """A criterion that was to be balanced is not; the message says which and the best reached."""


class NotFoundError(GraphRayError, KeyError):
    """A name or an id is not in the graph; the message lists what is."""


class NodeNotFound(NotFoundError):
    """An id is not in the graph."""


class EdgeNotFound(NotFoundError):
    """An edge id is not in the relation."""


class NodeTypeNotFound(NotFoundError):
    """The graph has no node type of that name."""


class RelationNotFound(NotFoundError):
    """The graph has no relation of that name."""


class ColumnNotFound(NotFoundError):
    """A node type or relation has no column of that name."""


class StrategyNotFound(NotFoundError):
    """No strategy is registered under that name; the message lists those that are."""


class StoreError(GraphRayError):
    """Something about the files of a store."""


class StoreNotFound(StoreError, FileNotFoundError):
    """There is no store at that place; build one with ``graphray build``."""


class StoreExists(StoreError, FileExistsError):
    """There is already a store; choose another folder or publish a new version of it."""


class StoreCorrupt(StoreError):
    """A file of the store is missing, cut short or changed; restore it or build again."""


class StoreTooNew(StoreError):
    """The store was written in a later format; upgrade GraphRay."""


class VersionConflict(StoreError):
    """Another writer published this version first; read the newest version and try again."""


class ClusterError(GraphRayError):
    """Something about a graph that runs on a cluster."""


class GraphNameTaken(ClusterError):
    """A graph of that name already runs; connect to it, or shut it down first."""


class GraphNotRunning(ClusterError):
    """No graph of that name runs on this cluster; the message lists those that do."""


class ConnectionEnded(ClusterError):
    """The process has disconnected from its cluster; connect to Ray and to the graph anew."""


class LaunchError(ClusterError):
    """A graph could not be brought up; nothing of it was left running."""


class PartitionUnavailable(ClusterError, TimeoutError):
    """No replica of a partition answered before the deadline; the message says how each fares."""


class Overloaded(ClusterError):
    """All replicas of a partition have too much to do; come back after ``.retry_after_s``."""

    def __init__(self, message: str, *, retry_after_s: float, **fields: Any) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, retry_after_s=retry_after_s, **fields)


class PlacementError(ClusterError):
    """No way was found to place all replicas; the message says what is missing."""


class ReplicaHeldBack(ClusterError):
    """A replica that failed is not to load yet; others answer. The message says why."""


class SnapshotGone(ClusterError):
    """The snapshot has been let go of, and what it showed is no longer kept; take another one."""


class TransactionError(GraphRayError):
    """Something about a change of a running graph."""


class ConflictError(TransactionError):
    """Another transaction was first on the same keys; nothing was applied, run it again."""


class ChangeRefused(TransactionError):
    """The graph will not have the change: an end is missing, an id taken; nothing was applied."""


class LockLost(TransactionError):
    """A lock has been granted to someone else since; nothing was applied, acquire it again."""


class LockNotAcquired(TransactionError, TimeoutError):
    """Others held the lock for as long as was waited; wait longer, or look who holds it."""


class WriteIndeterminate(TransactionError, TimeoutError):
    """No answer came before the deadline: the write may have been applied, or may yet be."""


class PartitionerError(GraphRayError):
    """A partitioner returned an assignment of the wrong length, type or range."""


class MissingDependency(GraphRayError, ImportError):
    """An optional package is needed for this call; the message says what to install."""


def missing_dependency(package: str, extra: str, purpose: str) -> MissingDependency:
    """The error for an optional package that is not installed.

    >>> str(missing_dependency("torch", "torch", "Batch.to_pyg"))
    "Batch.to_pyg needs the package 'torch'; install it with: pip install 'graphray[torch]'"
    """
    install = f"pip install 'graphray[{extra}]'"
    return MissingDependency(
        f"{purpose} needs the package {package!r}; install it with: {install}", package=package
    )
