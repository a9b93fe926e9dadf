"""A blocking client over simulated replicas: answers, retries, deadlines, floors across threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from graphray.client.changes.partition_calls import PartitionCalls
from graphray.errors import PartitionUnavailable, WriteIndeterminate
from graphray.replication.commands import AcquireLock, LockAnswer, Query
from graphray.replication.configuration import Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.packing import pack, unpack
from graphray.replication.transactional_state import TransactionalState
from graphray.replication.transactions import Ending, Transaction, Verdict, take_snapshot
from tests.client.changes.simulated import simulated_client, simulated_partitions
from tests.simulation.cluster import Cluster
from tests.simulation.versioned_lists import VersionedLists

KEY = "x"


def three_partitions(rng_seed: int, strategy: Strategy = Strategy.FULL) -> Cluster:
    cluster = Cluster(rng_seed)
    simulated_partitions(
        cluster, 3, lambda part, kept: TransactionalState(VersionedLists()), strategy=strategy
    )
    return cluster


def append(calls: PartitionCalls, name: str, value: int, parts: tuple[int, ...] = (0,)) -> Ending:
    transaction = Transaction(name)
    for part in parts:
        transaction.change(calls.names[part], [KEY.encode()], pack([(KEY, value)]))
    return calls.commit(transaction.commit())


def values(
    calls: PartitionCalls, part: int, level: Consistency = Consistency.STRONG
) -> tuple[int, ...]:
    query = Query((KEY.encode(),), pack((KEY,)))
    found: tuple[int, ...] = unpack(calls.query({part: query}, level)[part].content)[KEY]
    return found


@pytest.mark.parametrize("strategy", [Strategy.FULL, Strategy.QUORUM, Strategy.CHAIN])
def test_what_was_written_is_read(strategy: Strategy) -> None:
    calls = simulated_client(three_partitions(1, strategy))
    assert append(calls, "a", 1).verdict is Verdict.COMMITTED
    assert append(calls, "b", 2, (0, 1, 2)).verdict is Verdict.COMMITTED
    assert [values(calls, part) for part in range(3)] == [(1, 2), (2,), (2,)]


@pytest.mark.parametrize("rng_seed", range(4))
def test_lost_and_doubled_messages_neither_lose_nor_double_a_write(rng_seed: int) -> None:
    cluster = three_partitions(rng_seed)
    calls = simulated_client(cluster)
    cluster.network.faults.lost = cluster.network.faults.doubled = 0.1
    committed = [
        value
        for value in range(8)
        if append(calls, f"t{value}", value, (0, 1)).verdict is Verdict.COMMITTED
    ]
    assert len(committed) >= 6
    assert values(calls, 0) == values(calls, 1) == tuple(committed)


def test_a_dead_primary_is_replaced_and_the_client_follows() -> None:
    cluster = three_partitions(3)
    calls = simulated_client(cluster)
    append(calls, "a", 1)
    group = cluster.groups["0"]
    group.replicas[group.newest().primary].kill()
    assert append(calls, "b", 2).verdict is Verdict.COMMITTED
    assert values(calls, 0) == (1, 2)


def test_a_deadline_is_an_error_that_says_what_is_known() -> None:
    cluster = three_partitions(4)
    calls = simulated_client(cluster)
    for replica in cluster.groups["1"].replicas.values():
        replica.kill()
    with pytest.raises(PartitionUnavailable, match="partition 1"):
        values(calls, 1)
    with pytest.raises(WriteIndeterminate, match="may or may not") as raised:
        calls.command(1, AcquireLock("merge", "me", 1, 100))
    assert raised.value.fields["part"] == 1
    assert append(calls, "a", 1, (0, 1)).verdict is Verdict.ABORTED


def test_a_query_waits_for_a_transaction_that_lost_its_client_and_ends_it() -> None:
    calls = simulated_client(three_partitions(5))
    transaction = Transaction("left")
    for part in (0, 1):
        transaction.change(calls.names[part], [KEY.encode()], pack([(KEY, 9)]))
    prepare = next(transaction.commit())
    assert isinstance(prepare, tuple)
    calls.run_all(prepare)  # And then its client is gone.
    assert values(calls, 1) == ()
    assert append(calls, "next", 1, (0, 1)).verdict is Verdict.COMMITTED


def test_a_session_reads_its_own_writes_at_any_replica_and_from_any_thread() -> None:
    calls = simulated_client(three_partitions(6))
    for value in range(10):
        append(calls, f"t{value}", value)
        with ThreadPoolExecutor(1) as thread:
            seen = thread.submit(values, calls, 0, Consistency.SESSION).result()
        assert seen[-1] == value


def test_a_token_is_a_floor_for_others() -> None:
    cluster = three_partitions(7)
    calls = simulated_client(cluster)
    other = simulated_client(cluster)
    for value in range(10):
        append(calls, f"t{value}", value)
        query = Query((), pack((KEY,)))
        answer = other.query({0: query}, Consistency.MONOTONIC, calls.pool.token)[0]
        assert unpack(answer.content)[KEY][-1] == value


def test_threads_share_the_partitions_and_lose_nothing() -> None:
    calls = simulated_client(three_partitions(8))
    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(lambda v: append(calls, f"t{v}", v, (v % 3,)), range(24)))
    committed = [v for v, ending in enumerate(ended) if ending.verdict is Verdict.COMMITTED]
    assert len(committed) == 24
    assert sorted(sum((values(calls, part) for part in range(3)), ())) == committed


def test_steps_return_what_they_return() -> None:
    calls = simulated_client(three_partitions(9))
    ending = append(calls, "a", 1, (0, 1))
    assert calls.drive(take_snapshot("s", calls.names)) >= ending.time
    assert isinstance(calls.command(2, AcquireLock("merge", "me", 1, 100)), LockAnswer)
