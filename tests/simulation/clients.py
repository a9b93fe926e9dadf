"""Clients: each runs one session after another, one operation at a time, and keeps a history."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock
from graphray.replication.packing import pack, unpack
from graphray.replication.session import Completed, Outcome, RetryPolicy, Session, SessionEffect
from graphray.replication.version_vector import VersionVector
from tests.simulation.cluster import Cluster
from tests.simulation.history import History, Operation
from tests.simulation.process import Process

POLICY = RetryPolicy(try_ms=60, deadline_ms=600)


@dataclass
class ListWorkload:
    """Appends and reads of a few keys, at levels drawn at random.

    Attributes:
        keys: by partition.
        levels: of the reads.
        write_share: how many of the operations are appends.
        pause_ms: the mean time between two operations of a client.
    """

    keys: dict[str, list[str]]
    levels: list[Consistency]
    write_share: float = 0.5
    pause_ms: float = 12.0
    use_tags: bool = False
    next_value: dict[str, int] = field(default_factory=dict)

    def value(self, key: str) -> int:
        self.next_value[key] = self.next_value.get(key, 0) + 1
        return self.next_value[key]


class ListClient:
    """One client of a `ListWorkload`."""

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        workload: ListWorkload,
        history: History,
        until_ms: float,
        tokens: list[tuple[Operation, str]],
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._workload = workload
        self._history = history
        self._until_ms = until_ms
        self._tokens = tokens
        self._sessions = 0
        self._rng = Random(cluster.rng.random())
        self._call: tuple[int, Operation] | None = None
        self.process: Process = cluster.process(name, self._new_session, on_effect=self._on_effect)
        cluster.clients.append(self.process)
        self._next_operation_later()

    def _new_session(self, clock: Clock) -> Session:
        self._sessions += 1
        catalogs = {name: group.catalog for name, group in self._cluster.groups.items()}
        return Session(f"{self._name}.{self._sessions}", catalogs, POLICY, self._rng)

    @property
    def _session(self) -> Session:
        assert isinstance(self.process.machine, Session)
        return self.process.machine

    def _next_operation_later(self) -> None:
        delay_ms = self._rng.expovariate(1 / self._workload.pause_ms)
        self._cluster.scheduler.after(delay_ms, self._next_operation)

    def _next_operation(self) -> None:
        now_ms = self._cluster.scheduler.now_ms
        if now_ms >= self._until_ms:
            return
        rng, workload = self._rng, self._workload
        partition = rng.choice(sorted(workload.keys))
        key = rng.choice(workload.keys[partition])
        if rng.random() < workload.write_share:
            self._append(partition, key)
        else:
            self._read(partition, key)

    def _append(self, partition: str, key: str) -> None:
        value = self._workload.value(key)
        operation = self._invoke("append", key, value)
        clock = self.process.clock.read()
        self._begin(operation, self._session.write(partition, pack((key, value)), clock))

    def _read(self, partition: str, key: str) -> None:
        workload, rng = self._workload, self._rng
        level = rng.choice(workload.levels)
        tags = frozenset({key.split(":")[0]}) if workload.use_tags else frozenset()
        operation = self._invoke("read", key, None, level)
        if level is Consistency.CAUSAL and self._tokens and rng.random() < 0.3:
            operation.details, token = rng.choice(self._tokens)
            self._session.observe(VersionVector.from_text(token))
        clock = self.process.clock.read()
        self._begin(operation, self._session.read(partition, pack(key), level, clock, tags=tags))

    def _invoke(
        self, kind: str, key: str, value: Any, level: Consistency = Consistency.STRONG
    ) -> Operation:
        now_ms = self._cluster.scheduler.now_ms
        return self._history.invoke(
            Operation(self._session.client, kind, key, value, now_ms, level=level.value)
        )

    def _begin(self, operation: Operation, started: tuple[int, list[SessionEffect]]) -> None:
        number, effects = started
        self._call = (number, operation)
        self.process.carry_out(effects)

    def _on_effect(self, effect: Any) -> None:
        assert isinstance(effect, Completed)
        if self._call is None or effect.call != self._call[0]:
            return
        operation, self._call = self._call[1], None
        if effect.outcome is Outcome.DONE:
            operation.done = True
            operation.completed_ms = self._cluster.scheduler.now_ms
            if operation.kind == "read":
                operation.value = unpack(effect.result)
        elif operation.kind == "read":
            operation.failed = True
        self._tokens.append((operation, self._session.token.to_text()))
        del self._tokens[:-8]
        if effect.outcome is Outcome.INDETERMINATE or self._rng.random() < 0.02:
            # A session whose write is still open may not go on: its next one might overtake it.
            self.process.machine = self._new_session(self.process.clock.read())
        self._next_operation_later()
