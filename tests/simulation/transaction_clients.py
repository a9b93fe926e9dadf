"""Clients that run transactions: lists for the anomaly checker, a bank, and writes under locks.

A client now and then dies in the middle of a commit (it drops its steps and begins a new session),
and sleeps between acquiring a lock and using it. Whoever comes across a transaction that nobody
finishes resolves it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from random import Random
from typing import Any

from graphray.replication.change_times import KEY_BYTES
from graphray.replication.commands import (
    AcquireLock,
    Conflict,
    LockAnswer,
    Query,
    Unpin,
    Value,
    command_to_bytes,
    result_from_bytes,
)
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock
from graphray.replication.packing import pack, unpack
from graphray.replication.session import Completed, Outcome, Session
from graphray.replication.transactions import (
    Call,
    Ending,
    Transaction,
    Verdict,
    resolve,
    take_snapshot,
)
from tests.simulation.clients import POLICY
from tests.simulation.cluster import Cluster
from tests.simulation.history import History, Operation

LIST_KEYS = ["x", "y", "z"]
ACCOUNTS = ["account 1", "account 2", "account 3", "account 4"]
GUARDED = "guarded"
LOCK = "the lock"

Steps = Generator[Any, Any, Any]


def key_of(key: str) -> bytes:
    """What a list is validated by; 8 bytes for those that are touched."""
    return key.encode().ljust(KEY_BYTES)


class Sleep:
    """Yielded by a client's steps: go on after that long."""

    def __init__(self, ms: float) -> None:
        self.ms = ms


class TransactionClient:
    def __init__(self, cluster: Cluster, name: str, history: History, until_ms: float) -> None:
        self._cluster = cluster
        self._name = name
        self._history = history
        self._until_ms = until_ms
        self._rng = Random(cluster.rng.random())
        self._sessions = 0
        self._names = 0
        self._value = int(name[-1]) * 100_000
        self._results: dict[int, Any] = {}
        self._awaited: list[int] = []
        self._steps: Steps | None = None
        self.process = cluster.process(name, self._new_session, on_effect=self._on_effect)
        cluster.clients.append(self.process)
        self._pause()

    def _new_session(self, clock: Clock) -> Session:
        self._sessions += 1
        catalogs = {name: group.catalog for name, group in self._cluster.groups.items()}
        return Session(f"{self._name}.{self._sessions}", catalogs, POLICY, self._rng)

    # --- running steps ----------------------------------------------------------------------------

    def _pause(self) -> None:
        self._cluster.scheduler.after(self._rng.expovariate(1 / 10), self._begin)

    def _begin(self) -> None:
        if self._cluster.scheduler.now_ms >= self._until_ms:
            return
        tasks: list[Callable[[], Steps]] = [self._lists, self._transfer, self._audit, self._guard]
        self._steps = self._rng.choices(tasks, [6, 2, 1, 2])[0]()
        self._go_on(None)

    def run(self, steps: Steps) -> None:
        """Run some steps in place of the client's own."""
        self._steps = steps
        self._go_on(None)

    def _go_on(self, results: Any) -> None:
        assert self._steps is not None
        try:
            wanted = self._steps.send(results)
        except StopIteration:
            self._steps = None
            self._pause()
            return
        if isinstance(wanted, Sleep):
            steps = self._steps
            self._cluster.scheduler.after(
                wanted.ms, lambda: self._go_on(None) if self._steps is steps else None
            )
        else:
            self._call(wanted)

    def _call(self, calls: tuple[Call, ...]) -> None:
        session, clock = self.process.machine, self.process.clock.read()
        assert isinstance(session, Session)
        self._results, self._awaited = {}, []
        started = []
        for call in calls:
            if isinstance(call.request, Query):
                number, effects = session.read(
                    call.partition, call.request.to_bytes(), Consistency.STRONG, clock
                )
            else:
                number, effects = session.write(
                    call.partition, command_to_bytes(call.request), clock
                )
            self._awaited.append(number)
            started += effects
        if not calls:
            self._cluster.scheduler.after(0.1, lambda: self._go_on(()))
        self.process.carry_out(started)

    def _on_effect(self, effect: Any) -> None:
        assert isinstance(effect, Completed)
        if effect.call not in self._awaited or effect.call in self._results:
            return
        done = effect.outcome is Outcome.DONE
        self._results[effect.call] = result_from_bytes(effect.result) if done else None
        if len(self._results) == len(self._awaited):
            results = tuple(self._results[number] for number in self._awaited)
            self._awaited = []
            self._go_on(results)

    def _die(self) -> None:
        """Forget everything; what was under way stays as it is."""
        self.process.machine = self._new_session(self.process.clock.read())
        self._steps, self._awaited = None, []
        self._cluster.counts["clients died"] += 1

    # --- what a client does -----------------------------------------------------------------------

    def _partition(self, key: str) -> str:
        names = sorted(self._cluster.groups)
        return names[sum(key.encode()) % len(names)]

    def _new_transaction(self) -> Transaction:
        self._names += 1
        return Transaction(f"{self._name}:{self._names}")

    def _read(self, transaction: Transaction, key: str) -> Steps:
        """The present value of a key; None where it cannot be had."""
        partition = self._partition(key)
        query = Query((key_of(key),), pack((key,)))
        for attempt in range(4):
            (answer,) = yield (Call(partition, query),)
            if isinstance(answer, Value):
                transaction.saw(partition, query.keys, answer.time)
                return unpack(answer.content)[key]
            if isinstance(answer, Conflict) and attempt == 2:
                yield from resolve(answer.winner, answer.coordinator, partition)
            yield Sleep(self._rng.uniform(1, 8))
        return None

    def _invoke(self, kind: str) -> Operation:
        now_ms = self._cluster.scheduler.now_ms
        return self._history.invoke(Operation(self._name, kind, "", [], now_ms))

    def _commit(self, transaction: Transaction, operation: Operation) -> Steps:
        dies_at = self._rng.randint(0, 3) if self._rng.random() < 0.05 else None
        steps = transaction.commit()
        wanted, number = next(steps), 0
        while True:
            if isinstance(wanted, Ending):
                self._note(operation, wanted)
                results = None
                conflict = wanted.refusal
                if isinstance(conflict, Conflict) and conflict.coordinator and number == 2:
                    self._cluster.counts["conflicts"] += 1
            else:
                if number == dies_at:
                    self._cluster.scheduler.after(1, self._restart)
                results = yield wanted
                number += 1
            try:
                wanted = steps.send(results)
            except StopIteration:
                return

    def _restart(self) -> None:
        self._die()
        self._pause()

    def _note(self, operation: Operation, ending: Ending) -> None:
        if ending.verdict is Verdict.COMMITTED:
            operation.done = True
            operation.completed_ms = self._cluster.scheduler.now_ms
        elif ending.verdict is Verdict.ABORTED:
            operation.failed = True
        self._cluster.counts[f"transactions {ending.verdict.value}"] += 1

    def _lists(self) -> Steps:
        """Append to some lists and read some others."""
        transaction, operation = self._new_transaction(), self._invoke("transaction")
        appends: dict[str, int] = {}
        for key in self._rng.sample(LIST_KEYS, self._rng.randint(1, 3)):
            if self._rng.random() < 0.5:
                values = yield from self._read(transaction, key)
                if values is None:
                    operation.failed = True
                    return
                operation.value.append(("read", key, values))
            else:
                self._value += 1
                appends[key] = self._value
                operation.value.append(("append", key, self._value))
        self._write(transaction, appends, may_touch=True)
        yield from self._commit(transaction, operation)

    def _write(
        self, transaction: Transaction, appends: dict[str, int], *, may_touch: bool = False
    ) -> None:
        for partition in sorted({self._partition(key) for key in appends}):
            part = [item for item in appends.items() if self._partition(item[0]) == partition]
            added_to = {key for key, value in part if may_touch and value % 2}
            transaction.change(
                partition,
                [key_of(key) for key, _ in part if key not in added_to],
                pack(part),
                b"".join(key_of(key) for key in sorted(added_to)),
            )

    def _transfer(self) -> Steps:
        """Move money between two accounts: a list of differences each."""
        transaction, operation = self._new_transaction(), self._invoke("transfer")
        source, target = self._rng.sample(ACCOUNTS, 2)
        for account in (source, target):
            values = yield from self._read(transaction, account)
            if values is None:
                operation.failed = True
                return
        amount = self._rng.randint(1, 9)
        self._write(transaction, {source: -amount, target: amount})
        yield from self._commit(transaction, operation)

    def _audit(self) -> Steps:
        """Add all accounts up, in one pinned snapshot."""
        self._names += 1
        name = f"{self._name}:{self._names}"
        operation = self._invoke("audit")
        partitions = sorted(self._cluster.groups)
        time = yield from take_snapshot(name, partitions)
        if not time:
            operation.failed = True
            return
        total = 0
        for account in ACCOUNTS:
            value = yield from self._read_at(account, time)
            if value is None:
                operation.failed = True
                return
            total += sum(value)
        operation.value, operation.done = total, True
        operation.completed_ms = self._cluster.scheduler.now_ms
        yield tuple(Call(partition, Unpin(name)) for partition in partitions)

    def _read_at(self, key: str, time: int) -> Steps:
        partition = self._partition(key)
        query = Query((key_of(key),), pack((key,)), time)
        for _ in range(6):
            (answer,) = yield (Call(partition, query),)
            if isinstance(answer, Value):
                return unpack(answer.content)[key]
            if isinstance(answer, Conflict):
                yield from resolve(answer.winner, answer.coordinator, partition)
        return None

    def _guard(self) -> Steps:
        """Write one's fence to a list under a lock, perhaps long after the lock has lapsed."""
        self._names += 1
        owner = f"{self._name}:{self._names}"
        age = int(self._cluster.scheduler.now_ms)
        (held,) = yield (Call(self._partition(LOCK), AcquireLock(LOCK, owner, age, 60)),)
        if not isinstance(held, LockAnswer) or held.owner != owner:
            return
        for _ in range(self._rng.randint(1, 3)):
            yield Sleep(self._rng.choice([1, 5, 150]) * self._rng.random())
            transaction, operation = self._new_transaction(), self._invoke("guarded")
            transaction.fences[LOCK] = held.fence
            operation.value = held.fence
            self._write(transaction, {GUARDED: held.fence})
            yield from self._commit(transaction, operation)


def resolve_all(found: dict[str, tuple[str, str]]) -> Steps:
    """Resolve transactions that were left: name to (coordinator, partition)."""
    for name, (coordinator, partition) in sorted(found.items()):
        yield from resolve(name, coordinator, partition)
