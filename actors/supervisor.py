"""The catalog's part in replication: who leads each partition, and who is to serve it.

Each partition has a `ConfigurationManager` in a shell of its own. What they decide is in the
launch's decisions folder, created if absent, so a catalog that was restarted, or a second one that
still runs, decides nothing that contradicts it.

Beside them one thread looks after the partitions now and then:

- a replica that reports under another identity than the one that is wanted at its place, while that
  one is silent, has lost its disk: the new one is *wanted* in its place, until a configuration says
  so;
- a replica that is silent is told to take part: perhaps its process is new, or its disk failed;
- transactions that nobody finishes are brought to their end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError

from actors.attendance import Attendance
from actors.decision_store import DecisionStore
from actors.launch_record import LaunchRecord
from actors.line_of_versions import published_version
from actors.partition_state import launched_shares
from actors.peers import Peers
from actors.shell import MachineShell
from actors.transaction_cleaner import TransactionCleaner
from graphray.changes.column_shares import Share
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.transport import fetch
from graphray.client.view import CATALOG, ActorHandle, ChangeView, GraphSpec, place_of
from graphray.errors import ClusterError, GraphRayError
from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.manager import ConfigurationManager
from graphray.replication.messages import ConfigurationQuery, Configure, Message, Want
from graphray.replication.packing import unpack
from graphray.store import Store

_ASK_S = 2.0
_PAUSE_S = 0.1
_CLEAN_EVERY_S = 5.0

FindReplica = Callable[[int, int], ActorHandle]


@dataclass
class _Partition:
    """One partition as the supervisor keeps it.

    Attributes:
        manager: decides its configurations.
        attendance: which of its replicas are there.
        wanted: who should serve it, as of the last look.
        newest: its newest configuration, as of the last look.
        lost: identities that were replaced.
    """

    manager: MachineShell
    attendance: Attendance
    wanted: tuple[ReplicaId, ...] = ()
    newest: Configuration | None = None
    lost: tuple[ReplicaId, ...] = ()


class Supervisor:
    """Brings up replication and keeps it up, until it is closed.

    Args:
        spec: the graph.
        record: its line of changes.
        parts: how many partitions it has.
        find_replica: the handle of a replica's actor.
        calls: the way to the partitions, asked for when it is needed first.
        deadline_s: how long bringing up may take.

    Raises:
        ClusterError: where it did not come up before the deadline.
    """

    def __init__(
        self,
        spec: GraphSpec,
        record: LaunchRecord,
        parts: int,
        find_replica: FindReplica,
        calls: Callable[[], PartitionCalls],
        deadline_s: float,
    ) -> None:
        self._spec = spec
        self.record = record
        self._settings = spec.replication_settings
        # The columns are those of every version of a store.
        schema = Store.open(spec.uri, published_version(spec), verify=False).schema
        self._shares = launched_shares(spec, schema)
        self._place = record.decisions(spec)
        self._store = DecisionStore(self._place)
        self._handles = {
            (part, replica): find_replica(part, replica)
            for part in range(parts)
            for replica in range(spec.options.replicas)
        }
        self._starts: dict[tuple[int, int], Any] = {}
        deadline = time.monotonic() + deadline_s
        first = self._first_configurations(parts, deadline)
        peers = Peers(CATALOG, self._handles, None, self.receive)
        self._partitions = [self._partition(part, first[part], peers) for part in range(parts)]
        self._cleaner = TransactionCleaner(parts, self._leader, calls, _CLEAN_EVERY_S)
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def view(self, deadline_s: float) -> ChangeView:
        """What clients need to know.

        Raises:
            ClusterError: where the decisions cannot be read.
        """
        deadline = time.monotonic() + deadline_s
        configurations = [self._newest(part, deadline) for part in range(len(self._partitions))]
        return ChangeView(
            self.record.launch_id,
            self.record.base_version,
            self.record.strategy,
            self._settings,
            tuple(configurations),
        )

    def receive(self, sender: ReplicaId, messages: Sequence[Message]) -> None:
        """Messages of a replica."""
        partition = self._partitions[place_of(sender)[0]]
        partition.attendance.hear(sender, time.monotonic())
        partition.manager.post_batch(sender, messages)

    def ask(self, part: int, message: Message, timeout_s: float) -> Message | None:
        """A client's message to a partition's manager; None where it had no answer in time."""
        return self._partitions[part].manager.ask(message, timeout_s)

    def configurations(self) -> tuple[Configuration, ...]:
        """The newest of every partition, as of the last look; without those not yet looked at."""
        newest = (partition.newest for partition in self._partitions)
        return tuple(found for found in newest if found is not None)

    def problems(self) -> tuple[str, ...]:
        """What stands in the way of changes now, for a person."""
        now_s = time.monotonic()
        silent = [
            f"partition {part}: replica {place_of(identity)[1]} does not take part in changes"
            for part, partition in enumerate(self._partitions)
            for identity in partition.attendance.silent(partition.wanted, now_s)
        ]
        failed = [
            f"{partition.manager.name} stopped: {partition.manager.failure}"
            for partition in self._partitions
            if partition.manager.failure
        ]
        store = [f"decisions: {self._store.problem}"] if self._store.problem else []
        cleaning = [self._cleaner.problem] if self._cleaner.problem else []
        return (*silent, *failed, *store, *cleaning)

    def close(self) -> None:
        """Stop."""
        self._cleaner.close()
        self._closed.set()
        for partition in self._partitions:
            partition.manager.close()
        self._watcher.join()

    def _partition(self, part: int, first: Configuration, peers: Peers) -> _Partition:
        manager = MachineShell(
            f"the manager of partition {part}",
            ConfigurationManager(first, self._settings),
            peers.send,
            store=self._store,
        )
        grace_s = self._settings.suspect_ms / 1000
        replicas = self._spec.options.replicas
        attendance = Attendance(part, replicas, grace_s, time.monotonic())
        return _Partition(manager, attendance, first.wanted or first.members)

    # --- bringing up ------------------------------------------------------------------------------

    def _first_configurations(self, parts: int, deadline: float) -> list[Configuration]:
        """The first configuration of every partition: as was decided, else of all replicas."""
        for place in self._handles:
            self._start(place)
        decided = [self._decided_first(part) for part in range(parts)]
        return [found or self._new_first(part, deadline) for part, found in enumerate(decided)]

    def _decided_first(self, part: int) -> Configuration | None:
        name = f"{part}~term~{1:012d}"
        if self._place.size_bytes(name) is None:
            return None
        return Configuration.from_plain(unpack(self._place.read(name)))

    def _new_first(self, part: int, deadline: float) -> Configuration:
        replicas = self._spec.options.replicas
        identities = tuple(self._identity((part, n), deadline) for n in range(replicas))
        strategy, coverage = self.record.strategy, self._coverage(identities)
        # An acknowledged write lies on more than half of the disks, whoever is away.
        copies_min = 1 if strategy is Strategy.EVENTUAL else replicas // 2 + 1
        return Configuration(
            str(part),
            1,
            strategy,
            identities,
            wanted=identities,
            copies_min=copies_min,
            coverage=coverage,
        )

    def _start(self, place: tuple[int, int]) -> None:
        """Have a replica take part, unless it is already being asked to."""
        call = self._starts.get(place)
        if call is None or ray.wait([call], timeout=0)[0]:
            self._starts[place] = self._handles[place].start_replication.remote(self.record)

    def _identity(self, place: tuple[int, int], deadline: float) -> ReplicaId:
        """Under which identity a replica takes part; asked until it answers."""
        while True:
            try:
                found: ReplicaId = fetch(self._starts[place], deadline - time.monotonic())
            except (RayError, GraphRayError) as error:
                if time.monotonic() >= deadline:
                    part, replica = place
                    raise ClusterError(
                        f"replica {replica} of partition {part} cannot keep changes: {error}",
                        part=part,
                        replica=replica,
                    ) from error
                threading.Event().wait(_PAUSE_S)
                self._start(place)
            else:
                return found

    def _newest(self, part: int, deadline: float) -> Configuration:
        manager = self._partitions[part].manager
        while True:
            answer = manager.ask(
                ConfigurationQuery(), min(_ASK_S, self._settings.suspect_ms / 1000)
            )
            if isinstance(answer, Configure):
                return answer.configuration
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"who leads partition {part} cannot be read: "
                    f"{self._store.problem or 'its manager did not answer'}",
                    part=part,
                )

    # --- looking after ----------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._closed.wait(self._settings.suspect_ms / 1000):
            for part, partition in enumerate(self._partitions):
                if not partition.manager.failure:
                    self._look_after(part, partition)

    def _leader(self, part: int) -> ActorHandle | None:
        if self.record.strategy is Strategy.EVENTUAL:
            return None  # There are no transactions.
        newest = self._partitions[part].newest
        return None if newest is None else self._handles.get(place_of(newest.primary))

    def _look_after(self, part: int, partition: _Partition) -> None:
        try:
            answer = partition.manager.ask(ConfigurationQuery(), _ASK_S)
        except ClusterError:
            return  # It was closed, or has failed and says so.
        if not isinstance(answer, Configure):
            return
        partition.newest = answer.configuration
        self._want(partition, answer.configuration)
        for identity in partition.attendance.silent(partition.wanted, time.monotonic()):
            self._start(place_of(identity))

    def _want(self, partition: _Partition, newest: Configuration) -> None:
        """Say who should serve a partition, until a configuration says so."""
        before = newest.wanted or newest.members
        partition.wanted = partition.attendance.wanted(before, time.monotonic())
        # Who goes is named as long as it is there: it keeps what it kept.
        named = dict.fromkeys((*partition.wanted, *newest.everyone))
        earlier = {i: share for i, share in newest.coverage if i in named}
        coverage = tuple({**earlier, **dict(self._coverage(named))}.items())
        if partition.wanted != before or not set(coverage) <= set(newest.coverage):
            partition.lost = (*newest.lost, *(i for i in before if i not in partition.wanted))
            want = Want(partition.wanted, coverage, partition.lost)
            partition.manager.post_batch(CATALOG, (want,))

    def _coverage(self, identities: Iterable[ReplicaId]) -> tuple[tuple[ReplicaId, Share], ...]:
        """What each is to keep, as its place says; nothing where all keep all."""
        shares = dict(enumerate(self._shares or ()))
        places = ((identity, place_of(identity)[1]) for identity in identities)
        return tuple((identity, shares[place]) for identity, place in places if place in shares)
