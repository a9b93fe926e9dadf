"""A process that hosts a state machine: the shell that an actor is in production.

A process has clocks that run at their own rate, can be paused (its events wait, its clocks run on)
and killed (whatever was on its way to the disk is cut somewhere). The machine inside is the real
one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from graphray.replication.effects import (
    Clock,
    CreateIfAbsent,
    ListStore,
    Persist,
    Persisted,
    Received,
    SaveSnapshot,
    Send,
    SetTimer,
    SnapshotSaved,
    TimerFired,
    TrimLog,
)
from tests.simulation.catalog_store import CatalogStore
from tests.simulation.disk import SimulatedDisk
from tests.simulation.network import Network
from tests.simulation.scheduler import Scheduler

DISK_MS_MEAN = 1.0
STORE_MS_MEAN = 3.0
SLOW_SHARE = 0.03


class Machine(Protocol):
    def handle(self, event: Any, clock: Clock) -> list[Any]: ...


class LocalClock:
    """A monotonic clock with a rate of its own, and a wall clock that jumps when it is told to."""

    def __init__(self, scheduler: Scheduler, drift_max: float) -> None:
        self._scheduler = scheduler
        self._rate = 1 + scheduler.rng.uniform(-drift_max, drift_max)
        self._offset_ms = scheduler.rng.uniform(0, 1000)
        self.wall_offset_ms = scheduler.rng.uniform(-20, 20)

    def read(self) -> Clock:
        monotonic_ms = self._offset_ms + self._scheduler.now_ms * self._rate
        return Clock(monotonic_ms, 1_000_000 + self._scheduler.now_ms + self.wall_offset_ms)

    def real_delay_ms(self, monotonic_ms: float) -> float:
        return (monotonic_ms - self.read().monotonic_ms) / self._rate


class Process:
    """One process at one address.

    Args:
        address: where others send to.
        start: makes the machine, at every start of the process.
        on_effect: takes the effects that are neither messages nor disk nor timer.
    """

    def __init__(
        self,
        address: str,
        scheduler: Scheduler,
        network: Network,
        clock: LocalClock,
        start: Callable[[Clock], Machine],
        *,
        disk: SimulatedDisk | None = None,
        store: CatalogStore | None = None,
        on_effect: Callable[[Any], None] | None = None,
    ) -> None:
        self.address = address
        self.clock = clock
        self.disk = disk
        self._scheduler = scheduler
        self._network = network
        self._start = start
        self._store = store
        self._on_effect = on_effect
        self._incarnation = 0
        self._timer = 0
        self._waiting: deque[Any] = deque()
        self.paused = False
        self.machine: Machine | None = None
        network.attach(address, lambda sender, message: self.post(Received(sender, message)))
        self.start()

    @property
    def alive(self) -> bool:
        return self.machine is not None

    def start(self) -> None:
        self._incarnation += 1
        self._timer += 1
        self.machine = self._start(self.clock.read())
        self.post(TimerFired())

    def kill(self) -> None:
        if self.disk is not None and self.alive:
            self.disk.crash(self._scheduler.rng)
        self.machine = None
        self.paused = False
        self._waiting.clear()

    def pause(self) -> None:
        self.paused = self.alive

    def resume(self) -> None:
        self.paused = False
        while self._waiting and not self.paused and self.alive:
            self._handle(self._waiting.popleft())

    def post(self, event: Any) -> None:
        if not self.alive:
            return
        if self.paused:
            self._waiting.append(event)
        else:
            self._handle(event)

    def _handle(self, event: Any) -> None:
        assert self.machine is not None
        self.carry_out(self.machine.handle(event, self.clock.read()))

    def carry_out(self, effects: list[Any]) -> None:
        for effect in effects:
            match effect:
                case Send(to, message):
                    self._network.send(self.address, to, message)
                case SetTimer(at_ms):
                    self._set_timer(at_ms)
                case Persist(number, records):
                    self._persist(number, records)
                case SaveSnapshot(snapshot):
                    self._later(DISK_MS_MEAN, lambda s=snapshot: self._saved(s))
                case TrimLog(lsn):
                    assert self.disk is not None
                    self.disk.trim(lsn)
                case CreateIfAbsent() | ListStore():
                    self._ask_store(effect)
                case _:
                    assert self._on_effect is not None, effect
                    self._on_effect(effect)

    def _later(self, mean_ms: float, action: Callable[[], None]) -> None:
        """Do something unless the process has died by then."""
        incarnation = self._incarnation

        def act() -> None:
            if self.alive and self._incarnation == incarnation:
                action()

        rng = self._scheduler.rng
        if rng.random() < SLOW_SHARE:
            mean_ms *= 20
        self._scheduler.after(0.1 + rng.expovariate(1 / mean_ms), act)

    def _set_timer(self, at_ms: float) -> None:
        self._timer += 1
        timer, incarnation = self._timer, self._incarnation

        def fire() -> None:
            if self._timer == timer and self._incarnation == incarnation:
                self.post(TimerFired())

        self._scheduler.after(self.clock.real_delay_ms(at_ms), fire)

    def _persist(self, number: int, records: Any) -> None:
        assert self.disk is not None
        self.disk.write(records)
        self._later(DISK_MS_MEAN, lambda: self._persisted(number))

    def _persisted(self, number: int) -> None:
        assert self.disk is not None
        self.disk.sync()
        self.post(Persisted(number))

    def _saved(self, snapshot: Any) -> None:
        assert self.disk is not None
        self.disk.snapshot = snapshot
        self.post(SnapshotSaved(snapshot.lsn))

    def _ask_store(self, effect: CreateIfAbsent | ListStore) -> None:
        assert self._store is not None
        store = self._store

        def ask() -> None:
            # What was asked is done even where the one who asked does not live to hear of it.
            answer = store.carry_out(effect, self._scheduler.now_ms)
            self._later(STORE_MS_MEAN, lambda: self.post(answer))

        self._scheduler.after(self._scheduler.rng.expovariate(1 / STORE_MS_MEAN), ask)
