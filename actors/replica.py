"""A replica: one copy of one partition, in a process of its own.

It serves two kinds of readers. Those on its own node map its arrays: `publish` returns them, which
puts them into the node's object store, owned by the caller (the catalog), so that they survive this
process. Those elsewhere send requests (`call`).

Construction does nothing that can fail, because a constructor that fails on a restart ends an actor
for good: the partition is loaded by the first method that needs it, and loading is retried with it.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from typing import Any

import ray

from actors.door import Door, door_settings
from actors.launch_record import LaunchRecord
from actors.line_of_versions import published_version
from actors.member import Member
from actors.served_states import ServedState
from actors.start_gate import StartGate
from actors.state_shelf import StateShelf
from graphray.client.call_terms import CallTerms
from graphray.client.pieces import cut
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.view import NAMESPACE, ActorHandle, GraphSpec
from graphray.client.wire import decode, decode_pieces, encode
from graphray.errors import GraphRayError
from graphray.health import Beat, Shed
from graphray.kernels.warmup import ensure_compiled
from graphray.reading.operations import Request, ShardView
from graphray.replication.configuration import ReplicaId
from graphray.shard import ArrayKey, ShardArray
from graphray.store import Store
from graphray.store.manifest import StoredFile
from graphray.store.writer import ShardTarget


class Replica:
    """The actor class; kept plain, made remote in `actors.factory`."""

    def __init__(self, spec: GraphSpec, part: int, replica: int) -> None:
        self._spec = spec
        self._part = part
        self._replica = replica
        self._member = Member(spec, part, replica, self._peers)
        self._states = StateShelf(spec, part, self._member.scratch, self._member.pins)
        options = spec.options
        self._door = Door(door_settings(options.threads_per_replica, options.queue_s_max))
        self._is_loaded = False
        self._loading = threading.Lock()
        self._problem = ""
        self._incarnation = secrets.token_hex(8)
        is_restart: bool = ray.get_runtime_context().was_current_actor_reconstructed
        self._gate = StartGate(spec, part, replica, self._incarnation, is_restart=is_restart)
        if is_restart:
            # Nobody asks a restarted replica to load, so it sees to it itself.
            threading.Thread(target=self._come_back, daemon=True).start()

    def load(self) -> None:
        """Open and verify the partition's files; does nothing where that has been done.

        Raises:
            StoreError: where they are not there or damaged.
        """
        self._load()

    def describe(self) -> tuple[str, int, bool, str, int]:
        """Its node, its process, whether it has loaded, what is wrong, and conflicts it has met."""
        node_id = ray.get_runtime_context().get_node_id()
        problem = "; ".join(filter(None, (self._problem, self._member.problem)))
        return node_id, os.getpid(), self._is_loaded, problem, self._member.conflicts

    @ray.method(concurrency_group="health")
    def heartbeat(self) -> Beat:
        """A sign of life, whatever else this process is busy with."""
        node_id, pid, is_loaded, problem, _ = self.describe()
        return Beat(node_id, pid, self._incarnation, is_loaded, problem)

    @ray.method(concurrency_group="requests")
    def call(self, request: Request[Any], terms: bytes) -> Any:
        """Run a request against the partition as it is in one state of the graph.

        Args:
            request: what to run.
            terms: `CallTerms`, encoded.

        Returns:
            The answer; or a `Shed`, where there is too much to do.
        """
        return self._serve(decode(terms), request.run)

    @ray.method(concurrency_group="requests")
    def call_in_pieces(self, request: Request[Any], pieces: int, terms: bytes) -> tuple[bytes, ...]:
        """As `call`, the answer cut into pieces (see `graphray.client.pieces`)."""
        answer = self._serve(decode(terms), lambda view: cut(request.run(view), pieces))
        return cut(answer, pieces) if isinstance(answer, Shed) else answer

    def publish(self, keys: list[ArrayKey], at: SnapshotRef) -> tuple[ShardArray | None, ...]:
        """The arrays of some keys, one return value each, and a None that says all went well.

        The caller gets that None alone: getting an array would bring it to the caller's node.
        """
        shard = self._at(at).view.shard
        return (*(shard.array(key) for key in keys), None)

    def adopt(self, keys: list[ArrayKey], references: list[ray.ObjectRef], at: SnapshotRef) -> None:
        """Read some arrays from the node's object store from now on, not from memory of its own."""
        self._at(at).share(dict(zip(keys, ray.get(references), strict=True)))

    def save_arrays(self, keys: list[ArrayKey], at: SnapshotRef) -> dict[ArrayKey, str | None]:
        """Files with arrays of a pinned state, for readers on this node; see `FoldedState.save`."""
        self._load()
        return self._states.save(at, keys)

    def write_fold(self, at: SnapshotRef, target: ShardTarget) -> tuple[StoredFile, ...]:
        """Write the tables of a pinned state that changed, as files of the store's next version."""
        return self._states.write(at, target)

    def forget_snapshot(self, at: SnapshotRef) -> None:
        """Let go of a pinned state."""
        self._states.forget(at)

    # --- changes ----------------------------------------------------------------------------------

    @ray.method(concurrency_group="changes")
    def start_replication(self, record: LaunchRecord) -> ReplicaId:
        """Take part in the graph's changes; see `Member.start`."""
        self._gate.require_open()
        return self._member.start(record)

    @ray.method(concurrency_group="peers")
    def receive(self, to: ReplicaId, sender: str, *pieces: bytes) -> bytes | None:
        """A batch of messages of the catalog or another replica, and the answer; see `Lane`."""
        answer = self._member.receive(to, sender, decode_pieces(pieces))
        return None if answer is None else encode(answer)

    @ray.method(concurrency_group="changes")
    def ask(self, message: bytes, timeout_s: float) -> bytes | None:
        """A client's message, and the answer that the replica's machine sends to it.

        Args:
            message: an `OpenSession`, `Write`, `Read`, `PutCells` or `GetCells`, encoded.
            timeout_s: how long to wait for the answer.

        Returns:
            The answer, encoded; None where there was none in time: a write may yet be applied.

        Raises:
            ClusterError: where this replica has stopped; the others go on.
        """
        answer = self._member.ask(decode(message), timeout_s)
        return None if answer is None else encode(answer)

    @ray.method(concurrency_group="changes")
    def pending_bytes(self) -> int:
        """The memory that changes take here beside the store."""
        return self._member.pending_bytes()

    @ray.method(concurrency_group="changes")
    def oldest_version(self) -> int:
        """The oldest version of the store that has to stay; see `Member.oldest_version`."""
        return self._member.oldest_version()

    @ray.method(concurrency_group="changes")
    def unended(self) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Transactions that wait for somebody to end them; see `Member.unended`."""
        return self._member.unended()

    @ray.method(concurrency_group="changes")
    def digests(self) -> tuple[int, dict[str, str]]:
        """How much of the log has been applied, and hashes of it; see `Member.digests`."""
        return self._member.digests()

    @ray.method(concurrency_group="changes")
    def check_disk(self) -> list[str]:
        """What is wrong with the files of this replica's disk; see `Member.check_disk`."""
        return self._member.check_disk()

    @ray.method(concurrency_group="changes")
    def rebuild(self, reason: str) -> None:
        """Set the disk aside, and come back from the peers; see `Member.rebuild`."""
        self._member.rebuild(reason)

    def _peers(self) -> tuple[dict[tuple[int, int], ActorHandle], ActorHandle]:
        """The handles of this partition's replicas, and of the catalog."""
        names = {
            (self._part, replica): self._spec.replica_actor(self._part, replica)
            for replica in range(self._spec.options.replicas)
        }
        replicas = {place: ray.get_actor(name, NAMESPACE) for place, name in names.items()}
        return replicas, ray.get_actor(self._spec.catalog_actor, NAMESPACE)

    # --- loading ----------------------------------------------------------------------------------

    def _come_back(self) -> None:
        self._gate.wait()
        threading.Thread(target=self._member.start_if_begun, daemon=True).start()
        self._load_again()

    def _load_again(self) -> None:
        try:
            self._load()
        except (GraphRayError, OSError) as error:
            # Whoever calls next tries again, and is told.
            self._problem = str(error)

    def _load(self) -> None:
        self._gate.require_open()
        with self._loading:
            if not self._is_loaded:
                # Here rather than in the first request, whose deadline it might cost.
                ensure_compiled()
                self._member.load_merges()
                version = published_version(self._spec)
                if self._spec.options.verify:
                    store = Store.open(self._spec.uri, version, verify=False)
                    store.shard(self._part).verify()
                self._states.get(SnapshotRef(version))
                self._is_loaded = True
                self._problem = ""

    def _serve(self, terms: CallTerms, run: Callable[[ShardView], Any]) -> Any:
        # Whatever it takes to load, it says nothing about what requests take.
        self._load()
        return self._door.through(
            lambda: run(self._states.get(terms.at).view), terms.left_s, terms.background
        )

    def _at(self, at: SnapshotRef) -> ServedState:
        self._load()
        return self._states.get(at)
