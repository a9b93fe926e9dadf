"""The states of a graph at its catalog: which there are, how they are read, how one comes about."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import ray

from actors.compaction import Compactor
from actors.compaction_watch import CompactionWatch
from actors.line_of_versions import LineOfVersions, published_version
from actors.snapshot_desk import SnapshotDesk
from graphray.book import PartitionBook
from graphray.changes.base import StoreVersions
from graphray.client.changes.cluster_changes import connect_calls
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.connection import submit
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.transport import LOST, fetch
from graphray.client.view import ActorHandle, ChangeView, GraphSpec
from graphray.config import CallPolicy
from graphray.errors import ClusterError, GraphRayError, StoreError
from graphray.logs import get_logger
from graphray.metrics import COMPACTION_SECONDS
from graphray.shard import ArrayKey
from graphray.store import Store
from graphray.store.manifest import StoredFile
from graphray.store.writer import ShardTarget
from graphray.tally import count

_SAVE_TIMEOUT_S = 300.0
_WRITE_TIMEOUT_S = 3600.0
_ASK_TIMEOUT_S = 30.0
_WATCH_EVERY_S = 10.0

_LOG = get_logger(__name__)


class DescribedState(NamedTuple):
    """What a reader has to know of a state: the version under it, its book, and its hash."""

    at: SnapshotRef
    store: Store
    book: PartitionBook
    snapshot_id: str


class StatesDesk:
    """Where the catalog's calls about states arrive.

    Args:
        spec: the graph.
        find_replica: the handle of a replica's actor.
    """

    def __init__(self, spec: GraphSpec, find_replica: Callable[[int, int], ActorHandle]) -> None:
        self._spec = spec
        self._find_replica = find_replica
        self._lock = threading.Lock()
        self._compactor: Compactor | None = None
        self._watch: CompactionWatch | None = None
        self.snapshots = SnapshotDesk(self._open_versions, self.connect)

    def describe(self, at: SnapshotRef | None) -> DescribedState:
        """A state; None is the newest published one.

        Raises:
            StoreNotFound: where there is no such version.
            SnapshotGone: where a state is not pinned any more.
        """
        at = at or SnapshotRef(published_version(self._spec))
        store = self.store(at.version)
        if at.is_published:
            return DescribedState(at, store, store.book, store.manifest.snapshot_id)
        return DescribedState(
            at, store, self.snapshots.plan(at).book, self.snapshots.snapshot_id(at)
        )

    def store(self, version: int) -> Store:
        """A version of the store."""
        return Store.open(self._spec.uri, version, verify=False)

    def save_arrays(
        self, replicas: Mapping[int, int], keys: list[ArrayKey], at: SnapshotRef
    ) -> dict[int, dict[ArrayKey, str | None]]:
        """Have replicas save arrays of a pinned state; those that do not answer are left out.

        Args:
            replicas: which one, by partition.
            keys: the arrays.
            at: the state.
        """
        asked = {
            part: submit(self._find_replica(part, replica), "save_arrays", keys, at)
            for part, replica in replicas.items()
        }
        found = {}
        for part, reference in asked.items():
            with contextlib.suppress(*LOST, StoreError):
                found[part] = fetch(reference, _SAVE_TIMEOUT_S)
        return found

    def release(self, places: Iterable[tuple[int, int]], at: SnapshotRef) -> None:
        """Have all replicas let go of a pinned state."""
        for part, replica in places:
            submit(self._find_replica(part, replica), "forget_snapshot", at)

    def compact(self, changes: ChangeView) -> int:
        """Publish the changes so far as the next version; see `Compactor.compact`."""
        with self._lock:
            if self._compactor is None:
                line = LineOfVersions(self._spec.uri, changes.launch_id, changes.base_version)
                self._compactor = Compactor(
                    line,
                    self.snapshots,
                    self.connect,
                    self._write_partition,
                    self._oldest_needed,
                    self._spec.options.versions_kept,
                )
        started = time.monotonic()
        version = self._compactor.compact()
        seconds = time.monotonic() - started
        count(COMPACTION_SECONDS, (self._spec.name,), seconds)
        _LOG.info("compacted into version %d in %.1f s", version, seconds)
        return version

    def watch(self, compact: Callable[[], int]) -> None:
        """Have the changes compacted whenever they take much memory; does nothing twice."""
        limit_bytes = self._spec.options.compact_bytes
        with self._lock:
            if self._watch is None and limit_bytes:
                self._watch = CompactionWatch(
                    self._pending_bytes, compact, limit_bytes, _WATCH_EVERY_S
                )

    def problems(self) -> tuple[str, ...]:
        """What keeps changes from being compacted."""
        return (self._watch.problem,) if self._watch is not None and self._watch.problem else ()

    def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.close()

    def connect(self) -> PartitionCalls:
        """The way to the partitions, from inside the catalog."""
        own = ray.get_runtime_context().current_actor
        return connect_calls(own, self._spec, CallPolicy())

    def _open_versions(self) -> StoreVersions:
        return StoreVersions(self.store(published_version(self._spec)))

    def _pending_bytes(self) -> int:
        """The memory of changes, in the replica that has most."""
        asked = [self._find_replica(*place).pending_bytes.remote() for place in self._places()]
        found: list[int] = fetch(asked, _ASK_TIMEOUT_S)
        return max(found)

    def _places(self) -> Iterable[tuple[int, int]]:
        parts = self.store(published_version(self._spec)).parts
        return itertools.product(range(parts), range(self._spec.options.replicas))

    def _oldest_needed(self) -> int | None:
        """The oldest version that some replica has to read; None where one does not answer."""
        try:
            asked = [self._find_replica(*place).oldest_version.remote() for place in self._places()]
            found: list[int] = fetch(asked, _ASK_TIMEOUT_S)
        except (*LOST, GraphRayError):
            return None
        return min(found)

    def _write_partition(
        self, part: int, at: SnapshotRef, target: ShardTarget
    ) -> tuple[StoredFile, ...]:
        """Have one replica of a partition write its part of a version; another one if it dies."""
        problem: Exception | None = None
        for replica in range(self._spec.options.replicas):
            try:
                write = submit(self._find_replica(part, replica), "write_fold", at, target)
                files: tuple[StoredFile, ...] = fetch(write, _WRITE_TIMEOUT_S)
            except LOST as error:
                problem = error
            else:
                return files
        raise ClusterError(
            f"no replica of partition {part} could write its part of the next version: {problem}",
            part=part,
        )
