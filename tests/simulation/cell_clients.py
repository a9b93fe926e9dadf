"""Clients of the eventual strategy: they write, delete and read cells, and count in a merged
column.
"""

from __future__ import annotations

from random import Random
from typing import Any

from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock
from graphray.replication.eventual_session import CellCompleted, EventualSession
from graphray.replication.packing import pack, unpack
from graphray.replication.session import Outcome
from tests.simulation.clients import POLICY
from tests.simulation.cluster import Cluster, ReplicaGroup
from tests.simulation.history import History, Operation

KEYS = [b"a", b"b", b"c"]
PLAIN, MERGED = "value", "members"
LEVELS = [
    Consistency.CAUSAL,
    Consistency.SESSION,
    Consistency.MONOTONIC,
    Consistency.EVENTUAL,
]


def union(one: bytes, other: bytes) -> bytes:
    """The merge function of the merged column: sets grow."""
    return pack(tuple(sorted({*unpack(one), *unpack(other)})))


class CellClient:
    def __init__(
        self,
        cluster: Cluster,
        name: str,
        group: ReplicaGroup,
        history: History,
        until_ms: float,
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._group = group
        self._history = history
        self._until_ms = until_ms
        self._rng = Random(cluster.rng.random())
        self._sessions = 0
        self._value = int(name[-1]) * 100_000
        self._call: tuple[int, Operation] | None = None
        self.process = cluster.process(name, self._new_session, on_effect=self._on_effect)
        cluster.clients.append(self.process)
        self._later()

    def _new_session(self, clock: Clock) -> EventualSession:
        self._sessions += 1
        client = f"{self._name}.{self._sessions}"
        return EventualSession(client, self._group.newest().members, POLICY, self._rng)

    def _later(self) -> None:
        self._cluster.scheduler.after(self._rng.expovariate(1 / 12), self._next)

    def _next(self) -> None:
        now_ms = self._cluster.scheduler.now_ms
        if now_ms >= self._until_ms:
            return
        session, rng = self.process.machine, self._rng
        assert isinstance(session, EventualSession)
        place = (rng.choice(KEYS), rng.choice([PLAIN, PLAIN, MERGED]))
        operation = Operation(
            session.client, "read", f"{place[0].decode()}.{place[1]}", None, now_ms
        )
        clock = self.process.clock.read()
        if rng.random() < 0.5:
            self._value += 1
            operation.kind, operation.value = "write", self._value
            writes = ((place, self._encoded(operation, place[1])),)
            number, effects = session.put(writes, clock)
        else:
            level = rng.choice(LEVELS)
            operation.level = level.value
            number, effects = session.get([place], level, clock)
        self._history.invoke(operation)
        self._call = (number, operation)
        self.process.carry_out(effects)

    def _encoded(self, operation: Operation, column: str) -> bytes | None:
        if column == MERGED:
            return pack((operation.value,))
        if self._rng.random() < 0.25:
            operation.kind = "delete"
            return None
        return pack(operation.value)

    def _on_effect(self, effect: Any) -> None:
        assert isinstance(effect, CellCompleted)
        if self._call is None or effect.call != self._call[0]:
            return
        operation, self._call = self._call[1], None
        if effect.outcome is Outcome.DONE:
            operation.done = True
            operation.completed_ms = self._cluster.scheduler.now_ms
            if operation.kind == "read":
                (value,) = effect.values
                operation.value = None if value is None else unpack(value)
            else:
                operation.details = effect.stamp
        elif operation.kind == "read":
            operation.failed = True
        if effect.outcome is Outcome.INDETERMINATE or self._rng.random() < 0.02:
            self.process.machine = self._new_session(self.process.clock.read())
        self._later()
