"""What a run is and what came of it; shared by all scenarios."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from graphray.replication.replica import Replica
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.cluster import Cluster, ReplicaGroup
from tests.simulation.history import History
from tests.simulation.recovery import Recovery

FAULTS_MS = 2_000.0
QUIET_MS = 1_500.0


@dataclass
class Run:
    """What came of one seed.

    Attributes:
        violations: empty where everything held.
        counts: operations, faults and events, by name.
        recoveries: after faults that took a primary away, how long it took.
        trace: a digest of everything that happened; the same for the same seed.
    """

    scenario: str
    rng_seed: int
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)
    trace: str = ""

    @property
    def command(self) -> str:
        """How to see it again."""
        return f"python -m tests.simulation --scenario {self.scenario} --rng-seed {self.rng_seed}"


def finish_run(scenario: str, rng_seed: int, cluster: Cluster, history: History) -> Run:
    """Count what happened, and sum it up in a digest."""
    run = Run(scenario, rng_seed, counts=cluster.counts)
    run.counts["operations"] += len(history.operations)
    run.counts["acknowledged writes"] += sum(
        op.done for op in history.operations if op.kind != "read"
    )
    run.counts["events"] += cluster.scheduler.events
    run.counts["terms"] += sum(len(group.configurations()) for group in cluster.groups.values())
    run.recoveries = cluster.watch.recoveries()
    told = repr([vars(op) for op in history.operations if op.details is None])
    run.trace = hashlib.sha256(f"{told}{cluster.rng.random()}".encode()).hexdigest()[:16]
    return run


def members(group: ReplicaGroup) -> dict[str, Replica]:
    """The members of the last configuration that have a process."""
    found = {}
    for name in group.newest().members:
        machine = group.replicas[name].machine
        if isinstance(machine, Replica):
            found[name] = machine
    return found


def members_at_rest(group: ReplicaGroup) -> list[Violation]:
    """Whether all members have applied the same, some time after the last fault."""
    newest, replicas = group.newest(), members(group)
    furthest = max(replica.core.applied_lsn for replica in replicas.values())
    found = [
        Violation(
            "progress",
            f"{name} is at {replica.core.applied_lsn} of {furthest} in term {replica.core.term} "
            f"of {newest.term}, opened: {replica.core.opened}",
        )
        for name, replica in replicas.items()
        if replica.core.applied_lsn != furthest or not replica.core.opened
    ]
    missing = set(newest.members) - set(replicas)
    if missing or set(newest.members) != set(group.wanted):
        found.append(Violation("progress", f"{newest.members} instead of {group.wanted}"))
    return found
