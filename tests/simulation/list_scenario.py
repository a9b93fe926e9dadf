"""Lists in one log per partition, read at every level, under all faults."""

from __future__ import annotations

from dataclasses import replace

from graphray.replication.configuration import Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.settings import ReplicationSettings
from tests.simulation.checkers.durability import check_nothing_lost
from tests.simulation.checkers.linearizability import Violation, check_linearizable
from tests.simulation.checkers.sessions import check_sessions
from tests.simulation.clients import ListClient, ListWorkload
from tests.simulation.cluster import SETTINGS, Cluster, ReplicaGroup
from tests.simulation.history import History, Operation
from tests.simulation.lists import Lists
from tests.simulation.nemesis import FaultMix, Nemesis
from tests.simulation.runs import FAULTS_MS, QUIET_MS, Run, finish_run, members, members_at_rest

LEVELS = [
    Consistency.STRONG,
    Consistency.STRONG,
    Consistency.CAUSAL,
    Consistency.SESSION,
    Consistency.MONOTONIC,
    Consistency.EVENTUAL,
]


def run_lists(
    strategy: Strategy,
    rng_seed: int,
    settings: ReplicationSettings = SETTINGS,
    name: str | None = None,
) -> Run:
    """Lists in two partitions."""
    cluster = Cluster(rng_seed, settings)
    for partition in ("p0", "p1"):
        cluster.add_group(partition, strategy, 3, lambda name: Lists())
    workload = ListWorkload({p: [f"{p}:a", f"{p}:b"] for p in cluster.groups}, LEVELS)
    return _run(name or strategy.value, rng_seed, cluster, workload)


def run_partial(rng_seed: int) -> Run:
    """One partition whose replicas all keep the topology, and one or two columns each."""
    cluster = Cluster(rng_seed)
    shares = ["topology text", "topology text image", "topology image"]
    coverage = tuple((f"p0.r{i}", frozenset(s.split())) for i, s in enumerate(shares, 1))

    def empty(name: str) -> Lists:
        group = cluster.groups.get("p0")
        assigned = dict(coverage if group is None else group.coverage)
        return Lists(assigned[name])

    cluster.add_group("p0", Strategy.PARTIAL, 3, empty, coverage)
    keys = [f"{column}:a" for column in ("topology", "text", "image")]
    return _run("partial", rng_seed, cluster, ListWorkload({"p0": keys}, LEVELS, use_tags=True))


def _run(name: str, rng_seed: int, cluster: Cluster, workload: ListWorkload) -> Run:
    history = History()
    tokens: list[tuple[Operation, str]] = []
    for number in range(4):
        ListClient(cluster, f"client{number}", workload, history, FAULTS_MS, tokens)
    # Those who only read notice last that the one they ask does not lead any more.
    readers = replace(workload, write_share=0.0)
    for number in range(2):
        ListClient(cluster, f"reader{number}", readers, history, FAULTS_MS, tokens)
    nemesis = Nemesis(cluster, FaultMix(), FAULTS_MS)
    cluster.scheduler.run_until(FAULTS_MS)
    nemesis.make_peace()
    # A last move takes a few changes of term, and each of them may have to wait for a lease.
    quiet_ms = QUIET_MS * cluster.settings.lease_ms / SETTINGS.lease_ms
    cluster.scheduler.run_until(FAULTS_MS + quiet_ms)
    run = finish_run(name, rng_seed, cluster, history)
    run.violations = check_lists(cluster, history)
    return run


def check_lists(cluster: Cluster, history: History) -> list[Violation]:
    """Everything that holds for lists in one log per partition."""
    strong = [op for op in history.operations if op.kind == "append" or op.level == "strong"]
    found = check_linearizable(strong)
    found += check_sessions(history.operations)
    final: dict[str, dict[str, tuple[int, ...]]] = {}
    for group in cluster.groups.values():
        found += members_at_rest(group)
        final.update(_final_lists(group))
    return found + check_nothing_lost(history.operations, final)


def _final_lists(group: ReplicaGroup) -> dict[str, dict[str, tuple[int, ...]]]:
    """What each member of the last configuration holds."""
    final = {}
    for name, replica in members(group).items():
        assert isinstance(replica.core.state, Lists)
        final[name] = replica.core.state.everything()
    return final
