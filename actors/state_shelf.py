"""The states of one partition, as its replica makes them: versions mapped, pinned states folded."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import ray

from actors.folded_states import FoldedState, FoldedStates
from actors.line_of_versions import published_version
from actors.served_states import ServedState, ServedStates
from graphray.changes.base import StoreVersions
from graphray.changes.compaction import write_partition
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_plan import FoldPlan
from graphray.changes.folded_shard import FoldedShard
from graphray.client.changes.cluster_changes import connect_calls
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.pinned_state import changes_at
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.transport import ask
from graphray.client.view import NAMESPACE, GraphSpec
from graphray.config import CallPolicy
from graphray.derived.rows import Sources
from graphray.errors import ArgumentError
from graphray.shard import ArrayKey
from graphray.store import Store
from graphray.store.manifest import StoredFile
from graphray.store.writer import ShardTarget

_POLICY = CallPolicy()
_PLAN_TIMEOUT_S = 300.0


class StateShelf:
    """What a replica serves.

    Args:
        spec: the graph.
        part: the partition.
        folder: for files of pinned states.
        pins: the names of the states that are pinned now, as far as this replica knows.
    """

    def __init__(
        self, spec: GraphSpec, part: int, folder: Path, pins: Callable[[], Sequence[str]]
    ) -> None:
        self._spec = spec
        self._part = part
        self._folder = folder
        self._pins = pins
        self._states = ServedStates(self._make)
        self._connecting = threading.Lock()
        self._calls_: PartitionCalls | None = None
        self._folding: FoldedStates | None = None

    def get(self, at: SnapshotRef) -> ServedState:
        """A state; made at first need.

        Raises:
            StoreError: where its version is not there, or damaged.
            SnapshotGone: where it is not pinned any more.
        """
        return self._states.get(at)

    def save(self, at: SnapshotRef, keys: Sequence[ArrayKey]) -> dict[ArrayKey, str | None]:
        """The files of some arrays of a pinned state; see `FoldedState.save`."""
        state = self.get(at)
        if not isinstance(state, FoldedState):
            raise ArgumentError(f"{at} is a published version, whose files are the store's")
        return state.save(keys)

    def write(self, at: SnapshotRef, target: ShardTarget) -> tuple[StoredFile, ...]:
        """Write the tables of a pinned state that changed; see `write_partition`."""
        plan, changes = self._plan(at), self._changes(at, self._part)
        store = self._store(at.version)
        return write_partition(target, store, FoldedShard(StoreVersions(store), changes, plan))

    def forget(self, at: SnapshotRef) -> None:
        """Let go of a pinned state."""
        state = self._states.forget(at)
        if isinstance(state, FoldedState):
            state.remove_files()

    def _make(self, at: SnapshotRef) -> ServedState:
        if not at.is_published:
            self._forget_unpinned()
            return self._fold(at)
        store = self._store(at.version)
        shard_of = functools.cache(store.shard)
        return ServedState(Sources(self._part, store.schema, store.book, shard_of))

    def _forget_unpinned(self) -> None:
        """Let go of states whose holders have died."""
        pins = set(self._pins())
        for at in self._states.pinned():
            if at.pin not in pins:
                self.forget(at)

    def _fold(self, at: SnapshotRef) -> FoldedState:
        with self._connecting:
            if self._folding is None:
                versions = StoreVersions(self._store(published_version(self._spec)))
                self._folding = FoldedStates(
                    self._part, self._folder, versions, self._plan, self._changes
                )
        return self._folding.make(at)

    def _plan(self, at: SnapshotRef) -> FoldPlan:
        catalog = ray.get_actor(self._spec.catalog_actor, namespace=NAMESPACE)
        plan: FoldPlan = ask(
            catalog, "plan_snapshot", at, policy=_POLICY, timeout_s=_PLAN_TIMEOUT_S
        )
        return plan

    def _changes(self, at: SnapshotRef, part: int) -> PartitionDelta:
        schema = self._store(at.version).schema
        return changes_at(self._calls, schema, part, at.time, at.version)

    @property
    def _calls(self) -> PartitionCalls:
        with self._connecting:
            if self._calls_ is None:
                catalog = ray.get_actor(self._spec.catalog_actor, namespace=NAMESPACE)
                self._calls_ = connect_calls(catalog, self._spec, _POLICY)
            return self._calls_

    def _store(self, version: int) -> Store:
        return Store.open(self._spec.uri, version, verify=False)
