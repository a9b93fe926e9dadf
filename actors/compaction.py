"""Compaction: the changes so far become the next version of the store, while the graph is used.

1. A state is pinned, and folded into the version under it: every partition writes its own tables
   where they changed, and the new version is published in one step.
2. Every partition is told, by an entry of its log (`Rebase`), that its changes up to that time
   are in the new version. Those who hold a snapshot of before go on reading over the old one.

What was done is read from the store: a version says which one it was made from, up to which time
and in which line of changes. So where the catalog dies between the two steps, the next one goes on
with the second (`finish`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from actors.line_of_versions import LineOfVersions
from actors.snapshot_desk import SnapshotDesk
from graphray.changes.compaction import publish_fold
from graphray.changes.payload import PartitionChange, Rebase
from graphray.client.changes.held_snapshot import HeldSnapshot
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.snapshot_ref import SnapshotRef
from graphray.errors import ClusterError
from graphray.replication.commands import Accepted, Changes, Commit
from graphray.replication.transactions import Call
from graphray.store import Store
from graphray.store.manifest import StoredFile
from graphray.store.place import Place
from graphray.store.reader import store_versions
from graphray.store.retention import drop_versions
from graphray.store.writer import ShardTarget, StoreWriter

_TTL_S = 60.0
_TRIES = 20

WritePartition = Callable[[int, SnapshotRef, ShardTarget], tuple[StoredFile, ...]]


class Compactor:
    """Compacts one graph; one compaction at a time.

    Args:
        line: its versions.
        desk: plans folds.
        connect: the way to the partitions.
        write_partition: has a replica write the tables of a partition that changed.
        oldest_needed: the oldest version that some replica has to read; None where one cannot say.
        versions_kept: how many of the newest versions stay, whoever needs them.
    """

    def __init__(
        self,
        line: LineOfVersions,
        desk: SnapshotDesk,
        connect: Callable[[], PartitionCalls],
        write_partition: WritePartition,
        oldest_needed: Callable[[], int | None],
        versions_kept: int,
    ) -> None:
        self._line = line
        self._desk = desk
        self._connect = connect
        self._write_partition = write_partition
        self._oldest_needed = oldest_needed
        self._versions_kept = versions_kept
        self._compacting = threading.Lock()

    def compact(self) -> int:
        """Publish the present state as the next version; returns its number.

        Where nothing has changed since the newest version, that is it.

        Raises:
            VersionConflict: where somebody else has published a next version of the store.
            StoreError: where the new version cannot be written.
            ClusterError: where a partition did not answer.
        """
        with self._compacting:
            calls = self._connect()
            self._rebase(calls)
            held = HeldSnapshot(calls, self._desk.locate, _TTL_S)
            try:
                if self._publish(held.at, calls.parts):
                    self._rebase(calls)
            finally:
                held.release()
            self._drop_old()
            return self._line.newest()

    def finish(self) -> None:
        """Do what a catalog that died has left to do."""
        with self._compacting:
            self._rebase(self._connect())

    def _drop_old(self) -> None:
        """Let go of versions of this line that are neither new nor needed."""
        needed = self._oldest_needed()
        if needed is None:
            return
        newest = self._line.newest()
        place = Place(self._line.uri)
        old = range(self._line.first, min(needed, newest - self._versions_kept + 1))
        dropped = set(old).intersection(store_versions(place))
        if dropped:
            drop_versions(place, dropped)

    def _publish(self, at: SnapshotRef, parts: int) -> bool:
        """Publish a state as the next version, where it is not the version that it stands on."""
        store = Store.open(self._line.uri, at.version, verify=False)
        about = {"compacted_by": self._line.launch_id, "compacted_to": at.time}
        with StoreWriter(Place(store.uri), at.version + 1) as writer:
            files = [
                file
                for part in range(parts)
                for file in self._write_partition(part, at, writer.target)
            ]
            if set(files) == set(store.manifest.files):
                return False
            publish_fold(writer, store, self._desk.plan(at), files, about)
            return True

    def _rebase(self, calls: PartitionCalls) -> None:
        """Tell all partitions of the newest version; those that stand on it already do nothing."""
        version = self._line.newest()
        if version == self._line.first:
            return
        manifest = Store.open(self._line.uri, version, verify=False).manifest
        name = f"version {version}"
        change = PartitionChange(name, rebase=Rebase(version, manifest.build["compacted_to"]))
        command = Commit(name, Changes({}, (), change.to_bytes(), {}))
        waiting = list(calls.names)
        for _ in range(_TRIES):
            results = calls.run_all([Call(partition, command) for partition in waiting])
            waiting = [
                partition
                for partition, result in zip(waiting, results, strict=True)
                if not isinstance(result, Accepted)
            ]
            if not waiting:
                return
        raise ClusterError(
            f"version {version} is published, but partitions {waiting} have not taken it up; they "
            "will with the next compaction"
        )
