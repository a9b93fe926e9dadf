"""Locks over simulated replicas: one holder, renewal, loss, fences, crosswise waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphray.client.changes.locking import Lock
from graphray.client.changes.reader import Reader
from graphray.client.changes.transaction import Transaction
from graphray.errors import ArgumentError, LockLost, LockNotAcquired
from graphray.replication.commands import AcquireLock
from tests.client.changes.graphs import SimulatedGraph


@pytest.fixture
def graph(store: Path) -> SimulatedGraph:
    return SimulatedGraph(store, 1)


def lock(graph: SimulatedGraph, name: str = "merge", ttl: float = 60.0, **options: float) -> Lock:
    return Lock(graph.new_client().calls, name, ttl, options.get("timeout"))


def test_fences_rise_and_the_lock_is_free_after_its_block(graph: SimulatedGraph) -> None:
    with lock(graph) as first:
        fence = first.fence
    with pytest.raises(LockLost, match="not held"):
        _ = first.fence
    with lock(graph, timeout=0.0) as second:
        assert second.fence > fence


def test_waiting_has_an_end(graph: SimulatedGraph) -> None:
    with lock(graph), pytest.raises(LockNotAcquired, match="'merge' was held"):
        lock(graph, timeout=0.2).__enter__()
    with lock(graph, timeout=0.0):
        pass


def test_one_holder_at_a_time(graph: SimulatedGraph) -> None:
    inside, most, counting = 0, 0, threading.Lock()

    def hold(number: int) -> int:
        nonlocal inside, most
        with lock(graph) as held:
            with counting:
                inside += 1
                most = max(most, inside)
            with counting:
                inside -= 1
            return held.fence

    with ThreadPoolExecutor(3) as threads:
        fences = list(threads.map(hold, range(9)))
    assert most == 1
    assert len(set(fences)) == 9


def test_who_lost_the_lock_is_told_and_its_changes_are_refused(graph: SimulatedGraph) -> None:
    calls = graph.client.calls
    mine = Lock(calls, "merge", 0.05, None)
    mine.__enter__()
    mine._released.set()  # The process is paused: nothing is renewed.
    calls.pause(100)
    fence = mine.fence
    with pytest.raises(LockLost), Transaction(graph.client, [mine]) as tx:
        tx.update_nodes("author", {"id": ["a1"], "age": [1]})
    with lock(graph) as theirs, Transaction(graph.new_client(), [theirs]) as tx:
        tx.update_nodes("author", {"id": ["a1"], "age": [2]})
    mine._held_until_ms = float("inf")  # It does not know; the fence does.
    with pytest.raises(LockLost, match=f"fence {fence}"), Transaction(graph.client, [mine]) as tx:
        tx.update_nodes("author", {"id": ["a1"], "age": [3]})
    mine._held_until_ms = 0.0
    with pytest.raises(LockLost, match="lease ran out"):
        mine.__exit__(None, None, None)
    assert Reader(graph.client).nodes("a1", "author")["age"].tolist() == [2]


def test_a_lock_is_renewed_while_it_is_held(graph: SimulatedGraph) -> None:
    with lock(graph, ttl=0.03) as held:
        until_ms = held._held_until_ms
        # The renewing thread sleeps in real time; simulated time passes while it calls.
        deadline = threading.Event()
        for _ in range(500):
            if held._held_until_ms > until_ms:
                break
            deadline.wait(0.01)
        assert held._held_until_ms > until_ms


def test_locks_that_are_wanted_crosswise(graph: SimulatedGraph) -> None:
    """The older of two threads takes the lock from the younger, which is told."""
    elder, younger = graph.new_client().calls, graph.new_client().calls
    has_y, may_cross = threading.Event(), threading.Event()

    def cross() -> None:
        with Lock(younger, "y", 60, None):
            has_y.set()
            assert may_cross.wait(30)
            with Lock(younger, "x", 60, None):
                raise AssertionError("it has lost y, and should know")

    with ThreadPoolExecutor(1) as thread:
        with Lock(elder, "x", 60, None) as x:
            elder.pause(5)
            crossed = thread.submit(cross)
            assert has_y.wait(30)
            with pytest.raises(LockNotAcquired):  # Who waits for nothing is left in peace.
                Lock(elder, "y", 60, 0.1).__enter__()
            may_cross.set()
            with Lock(elder, "y", 60, None):
                x.require_held()
        with pytest.raises(LockLost, match="'y' was lost"):
            crossed.result(30)


def test_what_is_no_lock(graph: SimulatedGraph) -> None:
    for name, ttl, timeout in (("", 1, None), ("x", 0, None), ("x", 1, -1)):
        with pytest.raises(ArgumentError, match="expected"):
            Lock(graph.client.calls, name, ttl, timeout)
    with Lock(graph.client.calls, "x", 60, None), pytest.raises(ArgumentError, match="for itself"):
        Lock(graph.client.calls, "x", 60, None).__enter__()


def test_a_lock_of_a_dead_holder_lapses(graph: SimulatedGraph) -> None:
    calls = graph.client.calls
    part = Lock(calls, "merge", 1, None)._part
    calls.command(part, AcquireLock("merge", "died", 0, 50))
    with lock(graph, timeout=10.0) as held:
        assert held.fence
