"""What a `graphray.Graph` offers about its states: snapshots of the present, and versions."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.store import Store, StoreUri
from graphray.store.backup import copy_version

_TTL_S = 60.0


@runtime_checkable
class StatefulAccess(Protocol):
    """Access to a graph of which there is more than one state."""

    def snapshot(self, ttl_s: float) -> PartitionAccess:
        """The present state, for as long as the returned access is not closed."""
        ...

    def at_version(self, version: int) -> PartitionAccess:
        """A published version."""
        ...

    def versions(self) -> tuple[int, ...]:
        """The published versions, in rising order."""
        ...

    def newest_store(self) -> Store:
        """The store with all changes so far in it."""
        ...


class SnapshotCalls:
    """The part of `graphray.Graph` that is about its states."""

    _access: PartitionAccess

    def snapshot(self, version: int | None = None, *, ttl: float = _TTL_S) -> Self:
        """A state of the graph that stays as it is, whatever is written meanwhile.

        Without a version, the present state: every transaction that was acknowledged before is in
        it, none that comes later. Sample, load, query it like any graph; close it (or use it as a
        context manager) to let go of what only it can see. It can be handed to other processes,
        and ends with this one.

        Args:
            version: a published version, such as `versions` lists; None for the present.
            ttl: seconds for which the state is kept after this process has died. Shorter: what only
                it can see is let go of sooner; too short, and a pause of this process costs it the
                snapshot (`SnapshotGone`).

        Raises:
            StoreNotFound: where there is no such version.
            ClusterError: where a partition did not answer.

        Example:
            >>> import graphray, pyarrow as pa, tempfile
            >>> edges = pa.table({"src": [1, 2], "dst": [2, 3]})
            >>> store = graphray.build(edges, tempfile.mkdtemp() + "/store")
            >>> with graphray.open(store.uri).snapshot(version=1) as state:
            ...     state.neighbors(1).tolist()
            [2]
        """
        if not ttl > 0:
            raise ArgumentError(f"ttl = {ttl}; expected seconds above 0")
        access = self._states()
        found = access.snapshot(ttl) if version is None else access.at_version(version)
        return type(self)(found)  # type: ignore[call-arg]  # Graph's constructor.

    def backup(self, uri: StoreUri) -> int:
        """Copy the graph as it is now to another place; returns the number of the version.

        The changes so far are compacted first, since a backup is a store like any other: open it,
        or bring it back with `graphray.restore`. Files that the place has from an earlier backup
        are not copied again.

        Args:
            uri: a folder or URI that this process can write to.

        Raises:
            StoreExists: where the place holds another graph.
            StoreError: where a file cannot be read or written.
        """
        states = self._states()
        store = states.newest_store()
        copy_version(store, uri)
        return store.version

    def versions(self) -> tuple[int, ...]:
        """The published versions of the graph's store, in rising order."""
        return self._states().versions()

    def _states(self) -> StatefulAccess:
        assert isinstance(self._access, StatefulAccess), type(self._access)
        return self._access
