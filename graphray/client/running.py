"""A graph that runs on a cluster: what this node holds is mapped, the rest is asked for."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import ray

from graphray import tracing
from graphray.client.cache_board import CatalogBoard
from graphray.client.changes.cell_calls import CellClient
from graphray.client.changes.cluster_cells import connect_cells
from graphray.client.changes.cluster_changes import connect_changes
from graphray.client.changes.held_snapshot import HeldSnapshot
from graphray.client.changes.planning import ChangeClient
from graphray.client.cluster import require_ray
from graphray.client.connection import name_replicas
from graphray.client.exporter import start_exporting
from graphray.client.graph import Graph
from graphray.client.local_files import LocalFiles
from graphray.client.replica_sets import ReplicaSets
from graphray.client.snapshot_files import SavedPaths, SnapshotFiles
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.transport import LOST, ask, fetch
from graphray.client.view import NAMESPACE, ActorHandle, GraphView, catalog_name, graph_of_catalog
from graphray.config import CallPolicy
from graphray.errors import ConnectionEnded, GraphNotRunning
from graphray.events import Event
from graphray.reading.access import MappedArrays, PartitionAccess
from graphray.reading.node_cache import NodeCache
from graphray.reading.operations import Request
from graphray.shard import ArrayKey
from graphray.status import GraphStatus
from graphray.store import Store

_SAVE_TIMEOUT_S = 300.0
_COMPACT_TIMEOUT_S = 24 * 3600.0


def connect(name: str, *, policy: CallPolicy | None = None) -> Graph:
    """Connect to a graph that runs on the cluster at hand, from any process or job on it.

    Args:
        name: the name it was launched under.
        policy: deadlines; see `graphray.config.CallPolicy`.

    Raises:
        GraphNotRunning: where no graph of that name runs, or there is no cluster.
    """
    return Graph(ClusterAccess(find_catalog(name), policy or CallPolicy()))


def find_catalog(name: str) -> ActorHandle:
    """The catalog actor of a graph that runs on the cluster at hand; raises as `connect` does."""
    require_ray(f"connecting to {name!r}")
    try:
        return ray.get_actor(catalog_name(name), namespace=NAMESPACE)
    except ValueError:
        raise GraphNotRunning(
            f"no graph {name!r} runs on this cluster; running: "
            f"{', '.join(running_graphs()) or 'none'}; launch it with 'graphray launch'",
            name=name,
        ) from None


def running_graphs() -> list[str]:
    """The names of the graphs that run on the cluster at hand.

    Raises:
        GraphNotRunning: where there is no cluster.
    """
    require_ray("listing graphs")
    actors = ray.util.list_named_actors(all_namespaces=True)
    found = (graph_of_catalog(a["name"]) for a in actors if a["namespace"] == NAMESPACE)
    return sorted(name for name in found if name is not None)


def compacted(name: str) -> Store:
    """The store of a running graph with all changes so far in it; raises as `connect` does."""
    return ClusterAccess(find_catalog(name), CallPolicy()).newest_store()


class ClusterAccess:
    """A running graph (see `graphray.reading.access.PartitionAccess`).

    The arrays of partitions that have a replica on this node are mapped: from the store's files
    where they lie on this node's disk, else from the object store, where a replica publishes them
    on demand and the catalog actor owns them. Once mapped they stay valid here, whatever dies.
    """

    def __init__(
        self,
        catalog: ActorHandle,
        policy: CallPolicy,
        at: SnapshotRef | None = None,
        held: HeldSnapshot | None = None,
    ) -> None:
        self._catalog = catalog
        self._policy = policy
        self._held = held
        if held is not None:
            # Whoever drops a snapshot without closing it keeps it no longer than a dead process.
            weakref.finalize(self, held.forget)
        self._node_id = ray.get_runtime_context().get_node_id()
        view: GraphView = ask(catalog, "view", at, policy=policy)
        self.at = view.at
        self._spec = view.spec
        self.name = view.spec.name
        if view.spec.options.tracing:
            tracing.enable()
        name_replicas(self.name, view.handles)
        start_exporting()
        self.kind = view.kind
        self.schema, self.book, self.snapshot_id = view.schema, view.book, view.snapshot_id
        self._replicas = ReplicaSets(
            view.handles, policy, self._current_handles, view.at, self.name
        )
        self._arrays: list[MappedArrays] = [{} for _ in range(view.book.parts)]
        self._absent: set[tuple[int, ArrayKey]] = set()
        self._files = self._find_files(view.version_id)
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._changes: ChangeClient | None = None
        self._cells: CellClient | None = None
        board = CatalogBoard(catalog, self._spec.name, self._node_id, self.snapshot_id, policy)
        self.cache = NodeCache(self.snapshot_id, board)

    def __reduce__(self) -> tuple[Any, ...]:
        # A graph handed to another process is connected to anew there.
        return _reconnect, (self._spec.name, self._policy, self.at)

    def mapped(self, keys: Sequence[ArrayKey]) -> list[MappedArrays | None]:
        """The arrays of every partition that has a replica on this node, else None."""
        with self._lock:
            unknown = [
                key
                for key in keys
                if any(
                    key not in arrays and (part, key) not in self._absent
                    for part, arrays in enumerate(self._arrays)
                )
            ]
            if unknown:
                self._map(unknown)
            return [
                arrays if all(key in arrays for key in keys) else None for arrays in self._arrays
            ]

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        """Run one request at each of several partitions, over to other replicas on failure."""
        with tracing.span("read", graph=self.name, partitions=len(requests)):
            return self._replicas.call_all(requests)

    def change_client(self) -> ChangeClient:
        """What changing the graph takes; the first call connects to the replicas."""
        with self._connecting:
            if self._changes is None:
                self._changes = connect_changes(self._catalog, self._spec, self, self._policy)
            return self._changes

    def cell_client(self) -> CellClient | None:
        """What changing it takes where it is replicated as "eventual"; None under other ways."""
        if self._spec.options.replication != "eventual":
            return None
        with self._connecting:
            if self._cells is None:
                self._cells = connect_cells(self._catalog, self._spec, self, self._policy)
            return self._cells

    def snapshot(self, ttl_s: float) -> ClusterAccess:
        """The present state, pinned until the returned access is closed."""

        def locate(pin: str, time: int) -> SnapshotRef:
            at: SnapshotRef = ask(
                self._catalog,
                "locate_snapshot",
                pin,
                time,
                policy=self._policy,
                timeout_s=_SAVE_TIMEOUT_S,
            )
            return at

        with tracing.span("snapshot", graph=self.name):
            held = HeldSnapshot(self.change_client().calls, locate, ttl_s)
            return ClusterAccess(self._catalog, self._policy, held.at, held)

    def at_version(self, version: int) -> ClusterAccess:
        """A published version; raises StoreNotFound where there is none of that number."""
        return ClusterAccess(self._catalog, self._policy, SnapshotRef(version))

    def compact(self) -> int:
        """Publish the changes so far as the next version of the store."""
        self.change_client()
        with tracing.span("compact", graph=self.name):
            version: int = ask(
                self._catalog, "compact", policy=self._policy, timeout_s=_COMPACT_TIMEOUT_S
            )
        return version

    def newest_store(self) -> Store:
        """The store with all changes so far in it: they are compacted first."""
        return Store.open(self._spec.uri, self.compact())

    def versions(self) -> tuple[int, ...]:
        """The published versions of the store, in rising order."""
        versions: tuple[int, ...] = ask(self._catalog, "versions", policy=self._policy)
        return versions

    def status(self) -> GraphStatus:
        """Who serves what, as the catalog sees it."""
        self.cache.report()
        return ask(self._catalog, "status", policy=self._policy)

    def events(self, since: int) -> tuple[Event, ...]:
        """What has happened to the graph after an event, as far as the catalog keeps it."""
        events: tuple[Event, ...] = ask(self._catalog, "events", since, policy=self._policy)
        return events

    def release(self, part: int, replica: int) -> bool:
        """End the quarantine of a replica; False where it has none."""
        released: bool = ask(self._catalog, "release", part, replica, policy=self._policy)
        return released

    def close(self) -> None:
        """Let go of the mapped arrays, and of the snapshot where this process holds one."""
        self.cache.close()
        with self._lock:
            self._arrays = [{} for _ in self._arrays]
            self._absent = set()
        if self._held is not None:
            held, self._held = self._held, None
            held.release()
            with contextlib.suppress(ConnectionEnded):  # It ends by itself then.
                ask(self._catalog, "release_snapshot", held.at, policy=self._policy)

    def shutdown(self) -> None:
        """End the graph for everyone; when this returns, its name is free again."""
        self.close()
        ask(self._catalog, "stop", policy=self._policy)
        end_catalog(self._spec.name, self._policy)

    def _find_files(self, version_id: str) -> LocalFiles | SnapshotFiles | None:
        """The files of this node that the graph is mapped from, where there are any."""
        files = LocalFiles.of(self._spec, self.at.version, version_id)
        if files is None or self.at.is_published:
            return files
        return SnapshotFiles(files, self._save_arrays)

    def _save_arrays(self, keys: Sequence[ArrayKey]) -> SavedPaths:
        """Have the replicas of this node save arrays of a snapshot."""
        paths: SavedPaths = ask(
            self._catalog,
            "save_arrays",
            self._node_id,
            list(keys),
            self.at,
            policy=self._policy,
            timeout_s=_SAVE_TIMEOUT_S,
        )
        return paths

    def _current_handles(self) -> list[list[ActorHandle]]:
        handles: list[list[ActorHandle]]
        handles = ask(self._catalog, "view", self.at, policy=self._policy).handles
        name_replicas(self.name, handles)
        return handles

    def _map(self, keys: list[ArrayKey]) -> None:
        """Map what this node holds of some arrays; partitions it does not hold become absent."""
        rest = keys
        if self._files is not None:
            here = ask(self._catalog, "parts_on", self._node_id, policy=self._policy)
            for part, arrays in self._files.arrays(here, keys).items():
                self._arrays[part].update(arrays)
            rest = [key for key in keys if any(key not in self._arrays[part] for part in here)]
        if rest:
            self._map_published(rest)
        for part, arrays in enumerate(self._arrays):
            self._absent.update((part, key) for key in keys if key not in arrays)

    def _map_published(self, keys: list[ArrayKey]) -> None:
        """Map arrays from the object store, for every partition that has a replica here."""
        deadline = time.monotonic() + self._policy.deadline_s
        while True:
            published: dict[int, list[ray.ObjectRef]] = ask(
                self._catalog, "resolve", self._node_id, keys, self.at, policy=self._policy
            )
            references = [reference for each in published.values() for reference in each]
            try:
                values = iter(fetch(references, self._policy.deadline_s))
            except LOST:
                # The owner or the publisher died meanwhile: what was resolved is void.
                if time.monotonic() >= deadline:
                    return
                continue
            for part in published:
                self._arrays[part].update({key: next(values) for key in keys})
            return


def _reconnect(name: str, policy: CallPolicy, at: SnapshotRef) -> PartitionAccess:
    return ClusterAccess(find_catalog(name), policy, at)


def end_catalog(name: str, policy: CallPolicy) -> None:
    """Kill a graph's catalog actor, and wait until its name is free."""
    deadline = time.monotonic() + policy.deadline_s
    pause = threading.Event()
    while time.monotonic() < deadline:
        try:
            ray.kill(ray.get_actor(catalog_name(name), namespace=NAMESPACE), no_restart=True)
        except ValueError:
            return
        pause.wait(policy.backoff_s)
