"""The catalog: one actor per graph that knows who serves what and owns what is published.

Its state can be made anew from its constructor's argument and from Ray (replicas and placement
groups are found by name), so a restarted catalog goes on where its predecessor was. Only the
references to published arrays die with it; readers notice (`OwnerDiedError`), ask again, and the
arrays are published again.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.placement_group import PlacementGroup, remove_placement_group

from actors.changes_desk import ChangesDesk
from actors.health_watch import HealthWatch
from actors.hot_rows import Hold, HotRowsShelf
from actors.line_of_versions import published_version
from actors.placement import find_groups, replica_nodes
from actors.placement_desk import PlacementDesk
from actors.probe import probe
from actors.states_desk import StatesDesk
from graphray.changes.fold_plan import FoldPlan
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.view import NAMESPACE, ActorHandle, ChangeView, GraphSpec, GraphView
from graphray.client.wire import decode, decode_pieces, encode
from graphray.errors import GraphRayError, LaunchError
from graphray.events import Event
from graphray.health import Leave
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import CacheCounts
from graphray.replication.configuration import ReplicaId
from graphray.shard import ArrayKey
from graphray.status import CacheStatus, GraphStatus
from graphray.store import Store

_PUBLISH_TIMEOUT_S = 300.0

CreateReplica = Callable[[GraphSpec, int, int, PlacementGroup], ActorHandle]


class Catalog:
    """The actor class; kept plain, made remote in `actors.factory`.

    Args:
        spec: the graph.
        strategy: what places its replicas, packed.
        create_replica: makes a replica actor.
        hold: has an object copied on a node (see `actors.hot_rows`).
    """

    def __init__(
        self, spec: GraphSpec, strategy: bytes, create_replica: CreateReplica, hold: Hold
    ) -> None:
        self._spec = spec
        self._create_replica = create_replica
        self._store_: Store | None = None
        self._published: dict[tuple[int, str, SnapshotRef, ArrayKey], ray.ObjectRef] = {}
        self._publishing = threading.Lock()
        self._loaded = 0
        self._hot_rows = HotRowsShelf(hold)
        self._placement = PlacementDesk(spec, strategy)
        self._states = StatesDesk(spec, self._replica)
        self._changes = ChangesDesk(spec, self._replica, self._states.connect)
        self._health = HealthWatch(
            spec.health_settings, self._places, self._replica, self._changes.configurations
        )
        if ray.get_runtime_context().was_current_actor_reconstructed:
            self._health.begin("it was restarted; what it had noted before is lost")

    def start(self) -> None:
        """Bring up what is missing of the graph's replicas, and wait until all have loaded.

        Raises:
            ArgumentError: where the graph has changes that are replicated in another way.
            PlacementError: where there is no plan that has room for all replicas.
            LaunchError: where a replica could not be placed or loaded in time.
        """
        self._health.begin("the graph is launched")
        self._changes.prepare()
        groups = self._placement.place(self._store)
        loads: dict[Any, tuple[int, int]] = {}
        for part, replica in self._places():
            handle = self._create_replica(self._spec, part, replica, groups[part, replica])
            loads[handle.load.remote()] = (part, replica)
        self._await_loads(loads)
        self._changes.go_on(self._store.parts)

    def loaded(self) -> int:
        """How many replicas have loaded since `start` was called."""
        return self._loaded

    def view(self, at: SnapshotRef | None = None) -> GraphView:
        """What a client needs to read a state of the graph; None is the newest published one."""
        state = self._states.describe(at)
        handles = [
            [self._replica(part, replica) for replica in range(self._spec.options.replicas)]
            for part in range(state.store.parts)
        ]
        return GraphView(
            self._spec,
            state.store.kind,
            state.store.schema,
            state.book,
            state.snapshot_id,
            state.at,
            state.store.manifest.snapshot_id,
            handles,
        )

    def parts_on(self, node_id: str) -> list[int]:
        """The partitions that have a replica on a node."""
        return sorted(self._replicas_on(node_id))

    def resolve(
        self, node_id: str, keys: list[ArrayKey], at: SnapshotRef
    ) -> dict[int, list[ray.ObjectRef]]:
        """References to some arrays, for every partition that has a replica on a node.

        What is not yet published there is published now. A partition whose replicas on that node do
        not answer is left out; its readers ask another node's.
        """
        with self._publishing:
            found = {}
            for part, replicas in self._replicas_on(node_id).items():
                references = self._published_at(part, replicas, node_id, keys, at)
                if references is not None:
                    found[part] = references
            return found

    def hot_rows(
        self, node_id: str, snapshot_id: str, of: RowsOf, reader: str, counts: CacheCounts
    ) -> list[ray.ObjectRef]:
        """A node's hot rows (see `actors.hot_rows.HotRowsShelf.find`)."""
        return self._hot_rows.find(node_id, snapshot_id, of, reader, counts)

    def keep_hot_rows(
        self, snapshot_id: str, recipe: str, status: CacheStatus, boxed: list[ray.ObjectRef]
    ) -> list[ray.ObjectRef]:
        """Keep hot rows for a node (see `actors.hot_rows.HotRowsShelf.keep`)."""
        return self._hot_rows.keep(snapshot_id, recipe, status, boxed[0])

    def status(self) -> GraphStatus:
        """Every replica, asked just now."""
        store = self._store
        schema, book = store.schema, store.book
        standing = self._placement.standing(store)
        return GraphStatus(
            name=self._spec.name,
            uri=str(self._spec.uri),
            version=store.version,
            snapshot_id=store.manifest.snapshot_id,
            parts=store.parts,
            nodes={name: book.num_nodes(name) for name in schema.node_type_names},
            edges={str(r.relation): book.num_edges(r.relation) for r in schema.relations},
            replicas=tuple(
                replace(
                    self._health.explain(probed),
                    placement=standing.reasons.get((probed.part, probed.replica), ""),
                )
                for probed in probe(self._places(), self._replica)
            ),
            warnings=(*standing.warnings, *self._changes.problems(), *self._states.problems()),
            caches=self._hot_rows.status(),
            placement=self._spec.options.placement,
        )

    # --- health -----------------------------------------------------------------------------------

    @ray.method(concurrency_group="health")
    def check_in(self, part: int, replica: int, incarnation: str) -> Leave:
        """A restarted replica asks whether to go on; see `HealthWatch.check_in`."""
        return self._health.check_in(part, replica, incarnation)

    @ray.method(concurrency_group="health")
    def events(self, since: int) -> tuple[Event, ...]:
        """What has happened; see `HealthWatch.events`."""
        return self._health.events(since)

    @ray.method(concurrency_group="health")
    def release(self, part: int, replica: int) -> bool:
        """End the quarantine of a replica; see `HealthWatch.release`."""
        return self._health.release(part, replica)

    # --- snapshots --------------------------------------------------------------------------------

    def versions(self) -> tuple[int, ...]:
        """The published versions of the store, in rising order."""
        return self._store.versions()

    def locate_snapshot(self, pin: str, time: int) -> SnapshotRef:
        """The full name of a state that was just pinned; see `SnapshotDesk.locate`."""
        return self._states.snapshots.locate(pin, time)

    def plan_snapshot(self, at: SnapshotRef) -> FoldPlan:
        """How changes are folded in to see a pinned state; see `SnapshotDesk.plan`."""
        return self._states.snapshots.plan(at)

    def save_arrays(
        self, node_id: str, keys: list[ArrayKey], at: SnapshotRef
    ) -> dict[int, dict[ArrayKey, str | None]]:
        """Have the replicas of a node save arrays of a pinned state; see `StatesDesk`.

        A partition whose replicas on that node do not answer is left out; its readers ask another
        node's.
        """
        here = {part: replicas[0] for part, replicas in self._replicas_on(node_id).items()}
        return self._states.save_arrays(here, keys, at)

    def release_snapshot(self, at: SnapshotRef) -> None:
        """Have all replicas let go of a pinned state, and let go of what is published of it."""
        self._states.release(self._places(), at)
        with self._publishing:
            self._published = {key: kept for key, kept in self._published.items() if key[2] != at}

    @ray.method(concurrency_group="changes")
    def compact(self) -> int:
        """Publish the changes so far as the next version; see `Compactor.compact`."""
        return self._states.compact(self._open_now())

    # --- changes ----------------------------------------------------------------------------------

    @ray.method(concurrency_group="changes")
    def open_for_changes(self) -> ChangeView:
        """Begin to replicate changes, where that has not been done, and say who takes part.

        Raises:
            ArgumentError: where the graph has changes that are replicated in another way.
            ClusterError: where a replica cannot take part, or it took too long.
            StoreError: where the state folder cannot be read or written.
        """
        return self._open_now()

    @ray.method(concurrency_group="peers")
    def receive(self, to: str, sender: ReplicaId, *pieces: bytes) -> None:
        """A batch of messages from a replica; see `actors.peers`."""
        self._states.watch(lambda: self._states.compact(self._open_now()))
        self._changes.receive(self._store.parts, sender, decode_pieces(pieces))

    @ray.method(concurrency_group="changes")
    def ask(self, part: int, message: bytes, timeout_s: float) -> bytes | None:
        """A client's message to the manager of a partition, and its answer.

        Args:
            part: the partition.
            message: a `ConfigurationQuery`, encoded.
            timeout_s: how long to wait for the answer.

        Returns:
            The answer (`Configure`), encoded; None where there was none in time.
        """
        answer = self._changes.ask(self._store.parts, part, decode(message), timeout_s)
        return None if answer is None else encode(answer)

    # --- the end ----------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the replicas and free their places; the caller ends this actor."""
        self._health.close()
        self._states.close()
        self._changes.close()
        for place in self._places():
            try:
                ray.kill(self._replica(*place), no_restart=True)
            except ValueError:
                continue  # It was never made, or has ended.
        for group in find_groups(self._spec).values():
            remove_placement_group(group)
        self._published.clear()

    @property
    def _store(self) -> Store:
        if self._store_ is None:
            self._store_ = self._states.store(published_version(self._spec))
        return self._store_

    def _places(self) -> Iterator[tuple[int, int]]:
        """Partition and number of every replica."""
        return itertools.product(range(self._store.parts), range(self._spec.options.replicas))

    def _open_now(self) -> ChangeView:
        return self._changes.open(self._store.parts)

    def _replica(self, part: int, replica: int) -> ActorHandle:
        return ray.get_actor(self._spec.replica_actor(part, replica), namespace=NAMESPACE)

    def _await_loads(self, loads: dict[Any, tuple[int, int]]) -> None:
        timeout_s = self._spec.options.start_timeout_s
        deadline = time.monotonic() + timeout_s
        late = list(loads)
        while late and time.monotonic() < deadline:
            _, late = ray.wait(late, timeout=deadline - time.monotonic())
            self._loaded = len(loads) - len(late)
        for reference, (part, replica) in loads.items():
            place = f"replica {replica} of partition {part}"
            if reference in late:
                raise LaunchError(
                    f"{place} was not up after {timeout_s:g} s; "
                    f"{self._placement_story(part, replica)}"
                )
            try:
                ray.get(reference)
            except (RayError, GraphRayError) as error:
                cause = getattr(error, "cause", error)
                raise LaunchError(f"{place} could not load: {cause}") from None

    def _placement_story(self, part: int, replica: int) -> str:
        if replica not in replica_nodes(self._spec).get(part, {}):
            return (
                f"its placement group waits for {self._spec.options.cpus_per_replica:g} free CPUs "
                "on a node of its own; see 'ray status'"
            )
        return "its place is reserved, so its process or its loading is slow; see Ray's logs"

    def _replicas_on(self, node_id: str) -> dict[int, list[int]]:
        on_node = {}
        for part, nodes in replica_nodes(self._spec).items():
            replicas = [replica for replica, node in nodes.items() if node == node_id]
            if replicas:
                on_node[part] = replicas
        return on_node

    def _published_at(
        self,
        part: int,
        replicas: list[int],
        node_id: str,
        keys: list[ArrayKey],
        at: SnapshotRef,
    ) -> list[ray.ObjectRef] | None:
        missing = [key for key in keys if (part, node_id, at, key) not in self._published]
        if missing:
            references = self._publish(part, replicas, missing, at)
            if references is None:
                return None
            for key, reference in zip(missing, references, strict=True):
                self._published[part, node_id, at, key] = reference
            for replica in replicas:
                self._replica(part, replica).adopt.remote(missing, references, at)
        return [self._published[part, node_id, at, key] for key in keys]

    def _publish(
        self, part: int, replicas: list[int], keys: list[ArrayKey], at: SnapshotRef
    ) -> list[ray.ObjectRef] | None:
        """Have one of a node's replicas put arrays into the node's object store."""
        for replica in replicas:
            publish = self._replica(part, replica).publish.options(num_returns=len(keys) + 1)
            *references, done = publish.remote(keys, at)
            try:
                ray.get(done, timeout=_PUBLISH_TIMEOUT_S)
            except (RayError, GraphRayError):
                continue  # Its readers call, and are told what is wrong.
            return references
        return None
