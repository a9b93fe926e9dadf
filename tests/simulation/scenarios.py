"""Whole runs: a cluster, a workload, faults, and the checks that have to hold afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from graphray.replication.configuration import Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.packing import unpack
from graphray.replication.replica import Replica
from tests.simulation.checkers.durability import check_nothing_lost
from tests.simulation.checkers.linearizability import Violation, check_linearizable
from tests.simulation.checkers.sessions import check_sessions
from tests.simulation.clients import ListClient, ListWorkload
from tests.simulation.cluster import Cluster, ReplicaGroup
from tests.simulation.history import History, Operation
from tests.simulation.lists import Lists
from tests.simulation.nemesis import FaultMix, Nemesis

LEVELS = [
    Consistency.STRONG,
    Consistency.STRONG,
    Consistency.CAUSAL,
    Consistency.SESSION,
    Consistency.MONOTONIC,
    Consistency.EVENTUAL,
]
FAULTS_MS = 2_000.0
QUIET_MS = 1_500.0


@dataclass
class Run:
    """What came of one seed.

    Attributes:
        violations: empty where everything held.
        counts: operations, faults and events, by name.
        trace: a digest of everything that happened; the same for the same seed.
    """

    scenario: str
    rng_seed: int
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    trace: str = ""

    @property
    def command(self) -> str:
        """How to see it again."""
        return f"python -m tests.simulation --scenario {self.scenario} --rng-seed {self.rng_seed}"


def run_lists(strategy: Strategy, rng_seed: int, mix: FaultMix | None = None) -> Run:
    """Lists in two partitions, read at every level, under all faults."""
    cluster = Cluster(rng_seed)
    for partition in ("p0", "p1"):
        cluster.add_group(partition, strategy, 3, lambda name: Lists())
    workload = ListWorkload({p: [f"{p}:a", f"{p}:b"] for p in cluster.groups}, LEVELS)
    history = History()
    tokens: list[tuple[Operation, str]] = []
    for number in range(4):
        ListClient(cluster, f"client{number}", workload, history, FAULTS_MS, tokens)
    nemesis = Nemesis(cluster, mix or FaultMix(), FAULTS_MS)
    cluster.scheduler.run_until(FAULTS_MS)
    nemesis.make_peace()
    cluster.scheduler.run_until(FAULTS_MS + QUIET_MS)
    run = Run(strategy.value, rng_seed, counts=cluster.counts)
    _count(run, cluster, history)
    run.violations = check_lists(cluster, history)
    return run


def _count(run: Run, cluster: Cluster, history: History) -> None:
    run.counts["operations"] += len(history.operations)
    run.counts["acknowledged writes"] += sum(op.done for op in history.of_kind("append"))
    run.counts["events"] += cluster.scheduler.events
    run.counts["terms"] += sum(len(group.configurations()) for group in cluster.groups.values())
    run.trace = f"{len(history.operations)}:{cluster.scheduler.events}:{cluster.rng.random()}"


def check_lists(cluster: Cluster, history: History) -> list[Violation]:
    """Everything that holds for lists in one log per partition."""
    strong = [op for op in history.operations if op.kind == "append" or op.level == "strong"]
    found = check_linearizable(strong)
    found += check_sessions(history.operations)
    for group in cluster.groups.values():
        final, stuck = _final_lists(group)
        found += stuck
        keys = [op for op in history.operations if op.key.startswith(group.partition)]
        found += check_nothing_lost(keys, final)
    return found


def _final_lists(
    group: ReplicaGroup,
) -> tuple[dict[str, dict[str, tuple[int, ...]]], list[Violation]]:
    """What each member of the last configuration holds, and who has not come to rest."""
    newest = group.newest()
    members = {name: _machine(group, name) for name in newest.members}
    furthest = max(replica.core.applied_lsn for replica in members.values())
    stuck = [
        Violation(
            "progress",
            f"{name} is at {replica.core.applied_lsn} of {furthest} in term {replica.core.term} "
            f"of {newest.term}, opened: {replica.core.opened}",
        )
        for name, replica in members.items()
        if replica.core.applied_lsn != furthest or not replica.core.opened
    ]
    final = {
        name: {
            key: tuple(values) for key, values in unpack(replica.core.state.checkpoint()).items()
        }
        for name, replica in members.items()
    }
    return final, stuck


def _machine(group: ReplicaGroup, name: str) -> Replica:
    machine = group.replicas[name].machine
    assert isinstance(machine, Replica)
    return machine


SCENARIOS: dict[str, Callable[[int], Run]] = {
    "full": lambda rng_seed: run_lists(Strategy.FULL, rng_seed),
    "quorum": lambda rng_seed: run_lists(Strategy.QUORUM, rng_seed),
    "chain": lambda rng_seed: run_lists(Strategy.CHAIN, rng_seed),
}
