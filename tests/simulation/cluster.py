"""Replicas, catalogs and clients on one network, and what may be done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.effects import Clock
from graphray.replication.manager import ConfigurationManager
from graphray.replication.packing import unpack
from graphray.replication.replica import Replica
from graphray.replication.settings import ReplicationSettings
from graphray.replication.state_machine import StateMachine
from tests.simulation.catalog_store import CatalogStore
from tests.simulation.disk import SimulatedDisk
from tests.simulation.network import Network
from tests.simulation.process import LocalClock, Process
from tests.simulation.recovery import RecoveryWatch
from tests.simulation.scheduler import Scheduler

SETTINGS = ReplicationSettings(
    heartbeat_ms=20,
    lease_ms=100,
    suspect_ms=150,
    seal_wait_ms=160,
    clock_drift_max=0.05,
    batch_entries_max=8,
    checkpoint_entries=25,
    keep_entries=10,
    caught_up_entries=4,
    read_wait_ms=100,
    sessions_max=1000,
)


# Here a primary is suspected long before its lease ends: only the lease protects its readers.
LONG_LEASES = replace(SETTINGS, lease_ms=300, suspect_ms=100, seal_wait_ms=420)


class ReplicaGroup:
    """The replica set of one partition, and who watches it.

    Args:
        partition: its name.
        strategy: how it replicates.
        copies: how many replicas it starts with.
        state: makes an empty state for a replica of that name.
        coverage: under the partial strategy, what each replica keeps.
    """

    def __init__(
        self,
        cluster: Cluster,
        partition: str,
        strategy: Strategy,
        copies: int,
        state: Callable[[str], StateMachine],
        coverage: tuple[tuple[str, frozenset[str]], ...] = (),
    ) -> None:
        self.partition = partition
        self.strategy = strategy
        self.coverage = coverage
        self._cluster = cluster
        self._state = state
        self._made = 0
        self.replicas: dict[str, Process] = {}
        self.store = CatalogStore()
        self.lost: set[str] = set()
        self._decoded: dict[str, Configuration] = {}
        self.wanted = tuple(self._next_name() for _ in range(copies))
        self.first = self.first_configuration()
        for name in self.wanted:
            self.replicas[name] = self.start_replica(name)
        self.catalogs = [self._start_catalog(name) for name in ("a", "b")]
        # The second catalog is a spare that wakes up now and then, and must do no harm.
        self.catalogs[1].kill()

    def first_configuration(self) -> Configuration:
        return Configuration(
            self.partition,
            1,
            self.strategy,
            self.wanted,
            wanted=self.wanted,
            copies_min=min(2, len(self.wanted)),
            coverage=self.coverage,
        )

    def _next_name(self) -> str:
        self._made += 1
        return f"{self.partition}.r{self._made}"

    @property
    def catalog(self) -> str:
        return f"{self.partition}.catalog.a"

    def configurations(self) -> list[Configuration]:
        """What the store says, by term: the truth, which no process may know yet."""
        prefix = f"{self.partition}/term/"
        for key, value in self.store.items.items():
            if key.startswith(prefix) and key not in self._decoded:
                self._decoded[key] = Configuration.from_plain(unpack(value))
        return [self._decoded[key] for key in sorted(self._decoded)] or [self.first]

    @property
    def network(self) -> Network:
        return self._cluster.network

    def term_times_ms(self) -> list[float]:
        """When each term began."""
        prefix = f"{self.partition}/term/"
        return sorted(t for key, t in self.store.created_ms.items() if key.startswith(prefix))

    def newest(self) -> Configuration:
        return self.configurations()[-1]

    def open_configurations(self) -> list[Configuration]:
        """Those that may hold acknowledged writes which no later one holds."""
        prefix = f"{self.partition}/complete/"
        complete = [int(key.removeprefix(prefix)) for key in self.store.items if prefix in key]
        return [c for c in self.configurations() if c.term >= max(complete, default=0)]

    def start_replica(self, name: str) -> Process:
        disk = SimulatedDisk()

        def start(clock: Clock) -> Replica:
            replica = Replica(name, self.catalog, self._state(name), self._cluster.settings, clock)
            replica.recover(*disk.read())
            return replica

        return self._cluster.process(name, start, disk=disk)

    def _start_catalog(self, suffix: str) -> Process:
        return self._cluster.process(
            f"{self.partition}.catalog.{suffix}",
            lambda clock: ConfigurationManager(self.first, self._cluster.settings),
            store=self.store,
        )

    def replace(self, leaving: str) -> None:
        """Want a new replica, on an empty disk, in place of one."""
        name = self._next_name()
        # Who leaves keeps what it has until it has gone.
        taken_over = tuple((name, tags) for replica, tags in self.coverage if replica == leaving)
        self.coverage += taken_over
        self.replicas[name] = self.start_replica(name)
        self.wanted = tuple(name if replica == leaving else replica for replica in self.wanted)

    def may_lose_a_disk(self) -> bool:
        """Whether no disk is missing among those that hold what was acknowledged."""
        members = {m for c in self.open_configurations() for m in c.members}
        if members & self.lost or self.first.copies_min < 2:
            return False
        # A column lies on two replicas: both have to be there, or it may be the last that is lost.
        return not self.coverage or all(map(self._keeps_all_assigned, self.wanted))

    def _keeps_all_assigned(self, name: str) -> bool:
        machine = self.replicas[name].machine
        kept = machine.core.kept if isinstance(machine, Replica) else frozenset()
        return name in self.newest().members and dict(self.coverage)[name] <= kept

    def lose_disk(self, name: str) -> None:
        """A replica is gone for good, and another is wanted in its place."""
        self.replicas[name].kill()
        self.lost.add(name)
        self.replace(name)


class Cluster:
    """Everything in one simulation."""

    def __init__(self, rng_seed: int, settings: ReplicationSettings = SETTINGS) -> None:
        self.settings = settings
        self.scheduler = Scheduler(rng_seed)
        self.rng = self.scheduler.rng
        self.counts: Counter[str] = Counter()
        self.network = Network(self.scheduler, self.counts)
        self.groups: dict[str, ReplicaGroup] = {}
        self.clients: list[Process] = []
        self.watch = RecoveryWatch()

    def process(self, address: str, start: Callable[[Clock], Any], **options: Any) -> Process:
        clock = LocalClock(self.scheduler, SETTINGS.clock_drift_max)
        return Process(address, self.scheduler, self.network, clock, start, **options)

    def add_group(
        self,
        partition: str,
        strategy: Strategy,
        copies: int,
        state: Callable[[str], StateMachine],
        coverage: tuple[tuple[str, frozenset[str]], ...] = (),
    ) -> ReplicaGroup:
        group = ReplicaGroup(self, partition, strategy, copies, state, coverage)
        self.groups[partition] = group
        return group
