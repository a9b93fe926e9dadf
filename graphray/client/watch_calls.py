"""What a `graphray.Graph` offers about what has happened to it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from graphray.errors import GraphNotRunning
from graphray.events import Event
from graphray.reading.access import PartitionAccess


@runtime_checkable
class WatchedAccess(Protocol):
    """Access to a graph that runs, and so is watched."""

    def events(self, since: int) -> tuple[Event, ...]:
        """The events with a larger number, oldest first."""
        ...

    def release(self, part: int, replica: int) -> bool:
        """End the quarantine of a replica; False where it has none."""
        ...


class WatchCalls:
    """The part of `graphray.Graph` that is about what has happened to it."""

    _access: PartitionAccess

    def events(self, since: int = 0) -> tuple[Event, ...]:
        """What has happened to a running graph, and why, oldest first.

        Numbers rise, also when the catalog is restarted, which begins a new log and says so. Where
        earlier ones are no longer kept, the first event says how many are missing.

        Args:
            since: only events with a larger number, such as that of the last one read.

        Returns:
            The events; none for a graph that was opened from its store, to which nothing happens.

        Raises:
            ClusterError: where the graph's catalog does not answer.

        Example:
            >>> import graphray, pyarrow as pa, tempfile
            >>> edges = pa.table({"src": [1, 2], "dst": [2, 3]})
            >>> store = graphray.build(edges, tempfile.mkdtemp() + "/store")
            >>> graphray.open(store.uri).events()
            ()
        """
        return self._access.events(since) if isinstance(self._access, WatchedAccess) else ()

    def release(self, part: int, replica: int) -> bool:
        """Let a replica load again that is quarantined because it failed too often.

        Args:
            part: its partition.
            replica: the number of the copy.

        Returns:
            Whether it was quarantined; it has another try within a second or so.

        Raises:
            ArgumentError: where there is no such replica.
            ClusterError: where the graph's catalog does not answer.
            GraphNotRunning: where the graph was opened from its store.
        """
        if not isinstance(self._access, WatchedAccess):
            raise GraphNotRunning(
                "this graph was opened from its store, which has no replicas; connect to a running "
                "one with graphray.connect(name)"
            )
        return self._access.release(part, replica)
