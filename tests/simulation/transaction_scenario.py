"""Transactions over partitions under all faults, and what has to hold afterwards."""

from __future__ import annotations

from graphray.replication.configuration import Strategy
from graphray.replication.replica import Replica
from graphray.replication.transactional_state import TransactionalState
from tests.simulation.checkers.anomalies import check_transactions
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.cluster import Cluster, ReplicaGroup
from tests.simulation.history import History
from tests.simulation.nemesis import FaultMix, Nemesis
from tests.simulation.runs import FAULTS_MS, QUIET_MS, Run, finish_run, members_at_rest
from tests.simulation.transaction_clients import (
    ACCOUNTS,
    GUARDED,
    LIST_KEYS,
    TransactionClient,
    resolve_all,
)
from tests.simulation.versioned_lists import VersionedLists


def run_transactions(strategy: Strategy, rng_seed: int, name: str) -> Run:
    """Lists, a bank and guarded writes over three partitions."""
    cluster = Cluster(rng_seed)
    for partition in ("p0", "p1", "p2"):
        cluster.add_group(partition, strategy, 3, lambda name: TransactionalState(VersionedLists()))
    history = History()
    clients = [
        TransactionClient(cluster, f"client{number}", history, FAULTS_MS) for number in range(4)
    ]
    nemesis = Nemesis(cluster, FaultMix(pause_between_ms=150), FAULTS_MS)
    cluster.scheduler.run_until(FAULTS_MS)
    nemesis.make_peace()
    cluster.scheduler.run_until(FAULTS_MS + QUIET_MS)
    for _ in range(2):
        clients[0].run(resolve_all(_left_prepared(cluster)))
        cluster.scheduler.run_until(cluster.scheduler.now_ms + QUIET_MS)
    run = finish_run(name, rng_seed, cluster, history)
    run.violations = _check(cluster, history)
    return run


def _state(group: ReplicaGroup) -> TransactionalState:
    replica = group.replicas[group.newest().primary].machine
    assert isinstance(replica, Replica)
    assert isinstance(replica.core.state, TransactionalState)
    return replica.core.state


def _left_prepared(cluster: Cluster) -> dict[str, tuple[str, str]]:
    return {
        name: (coordinator, partition)
        for partition, group in cluster.groups.items()
        for name, coordinator in _state(group).undecided().items()
    }


def _check(cluster: Cluster, history: History) -> list[Violation]:
    found = []
    final: dict[str, tuple[int, ...]] = {}
    for group in cluster.groups.values():
        found += members_at_rest(group)
        data = _state(group)._data
        assert isinstance(data, VersionedLists)
        final.update(data.everything())
    for name, (coordinator, partition) in _left_prepared(cluster).items():
        found.append(Violation("progress", f"{name} waits in {partition} for {coordinator}"))
    lists = {key: values for key, values in final.items() if key in LIST_KEYS}
    found += check_transactions(history.operations, lists)
    found += _check_bank(history, final)
    found += _check_guarded(history, final)
    return found


def _check_bank(history: History, final: dict[str, tuple[int, ...]]) -> list[Violation]:
    """Money is only ever moved: every audit, and the end, adds up to nothing."""
    found = [
        Violation("bank", f"{op.session} at {op.invoked_ms:.0f} ms counted {op.value}")
        for op in history.of_kind("audit")
        if op.done and op.value != 0
    ]
    total = sum(sum(final.get(account, ())) for account in ACCOUNTS)
    if total:
        found.append(Violation("bank", f"in the end the accounts add up to {total}"))
    return found


def _check_guarded(history: History, final: dict[str, tuple[int, ...]]) -> list[Violation]:
    """Whoever held the lock later wrote later; what was acknowledged is there."""
    fences = final.get(GUARDED, ())
    found = []
    if list(fences) != sorted(fences):
        found.append(Violation("fencing", f"fences were written in the order {fences}"))
    for op in history.of_kind("guarded"):
        if op.done and op.value not in fences:
            found.append(Violation("nothing lost", f"the write under fence {op.value}"))
    return found
