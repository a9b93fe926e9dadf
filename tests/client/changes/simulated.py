"""The replicas of the simulator, reached by a blocking client: time passes only while it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import partial
from weakref import WeakKeyDictionary

from graphray.changes.column_shares import Share
from graphray.client.changes.partition_calls import PartitionCalls, PatiencePolicy
from graphray.client.changes.session_pool import SessionPool
from graphray.replication.configuration import Strategy
from graphray.replication.effects import Clock
from graphray.replication.messages import Message
from graphray.replication.session import RetryPolicy
from graphray.replication.state_machine import StateMachine
from tests.simulation.cluster import Cluster

STEP_MS = 1.0
# Clients of several threads share a simulation, which has one.
_LOCKS: WeakKeyDictionary[Cluster, threading.Lock] = WeakKeyDictionary()


class SimulatedTransport:
    """Each message is sent from an address of its own, to which the answer comes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers: dict[Hashable, Message] = {}
        self._sent = 0
        self._lock = _LOCKS.setdefault(cluster, threading.Lock())

    def send(self, address: str, message: Message) -> Hashable:
        with self._lock:
            self._sent += 1
            name = f"caller {self._sent}"
            self._cluster.network.attach(name, partial(self._take, name))
            self._cluster.network.send(name, address, message)
            return name

    def _take(self, name: str, sender: str, answer: Message) -> None:
        self._answers[name] = answer

    def wait(
        self, pending: Collection[Hashable], timeout_s: float
    ) -> Mapping[Hashable, Message | None]:
        scheduler = self._cluster.scheduler
        until_ms = scheduler.now_ms + timeout_s * 1000
        while True:
            with self._lock:
                here = {name: self._answers.pop(name) for name in pending if name in self._answers}
                if here or scheduler.now_ms >= until_ms:
                    return here
                scheduler.run_until(min(until_ms, scheduler.now_ms + STEP_MS))

    def clock(self) -> Clock:
        now_ms = self._cluster.scheduler.now_ms
        return Clock(now_ms, 1_000_000 + now_ms)


def simulated_partitions(
    cluster: Cluster,
    parts: int,
    state: Callable[[int, Share | None], StateMachine],
    *,
    strategy: Strategy = Strategy.FULL,
    replicas: int = 3,
    shares: Sequence[Share] = (),
) -> None:
    """Bring partitions "0", "1" and so on up.

    Args:
        cluster: where.
        parts: how many.
        state: makes the state of a replica, of a partition and what it keeps (None for all).
        strategy: how they are replicated.
        replicas: how many each has.
        shares: what each replica keeps.
    """

    def state_of(part: int, kept: Mapping[str, Share], replica: str) -> StateMachine:
        return state(part, kept.get(replica))

    for part in range(parts):
        kept = {f"{part}.r{n}": share for n, share in enumerate(shares, 1)}
        start = partial(state_of, part, kept)
        cluster.add_group(str(part), strategy, replicas, start, tuple(kept.items()))


def simulated_client(cluster: Cluster) -> PartitionCalls:
    """A new client of all partitions of a cluster."""
    transport = SimulatedTransport(cluster)
    catalogs = {name: group.catalog for name, group in cluster.groups.items()}
    pool = SessionPool(catalogs, transport, RetryPolicy(try_ms=60, deadline_ms=5_000))
    shares = {share for group in cluster.groups.values() for _, share in group.coverage}
    patience = PatiencePolicy(5_000, 200)
    return PartitionCalls(list(catalogs), pool, transport, patience, _at_once, shares)


def _at_once(work: Callable[[], object]) -> None:
    """The simulation has one thread."""
    work()
