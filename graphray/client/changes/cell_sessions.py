"""Reads and writes of cells under the eventual strategy, carried out by a blocking client.

Any replica of a partition will do, so nobody is asked who leads: a replica is called at its place,
whatever disk it has now. Each thread borrows the sessions of a *driver*, one per partition; what
one of them has seen, all have seen (see `graphray.client.changes.session_pool`).

A token names writes of all partitions, and the time of the latest of them: who observes it gives
its own writes later stamps, so they stand against those that it has seen, whatever its clock says.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from graphray.client.changes.session_driver import Transport
from graphray.client.view import place_of, replica_id
from graphray.replication.cells import Place, Writes
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Received, Send, SetTimer, TimerFired
from graphray.replication.eventual_session import CellCompleted, EventualSession
from graphray.replication.hybrid_clock import BEFORE_ALL, Stamp
from graphray.replication.session import RetryPolicy, SessionEffect
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_WITH_FLOORS = (Consistency.MONOTONIC, Consistency.SESSION, Consistency.CAUSAL)
_ANY_DISK = "any"
_TIME = "time"
_COUNTER_BITS = 20


@dataclass(frozen=True, slots=True)
class CellCall:
    """One write to, or read of, cells of one partition.

    Attributes:
        part: the partition.
        writes: what to write.
        places: what to read.
        level: of a read; None for a write.
    """

    part: int
    writes: Writes = ()
    places: tuple[Place, ...] = ()
    level: Consistency | None = None


class CellPool:
    """The sessions of one process with one graph; safe to use from several threads.

    Args:
        parts: the number of partitions.
        replicas: the number of copies of each.
        transport: the way to the replicas.
        policy: how long to wait.
    """

    def __init__(
        self, parts: int, replicas: int, transport: Transport, policy: RetryPolicy
    ) -> None:
        self.parts = parts
        self._replicas = replicas
        self._transport = transport
        self._policy = policy
        self._lock = threading.Lock()
        self._name = uuid.uuid4().hex
        self._idle: list[_Driver] = []
        self._floors = dict.fromkeys(_WITH_FLOORS, NOTHING_SEEN)
        self._latest = BEFORE_ALL

    @property
    def token(self) -> VersionVector:
        """Everything that has been seen through this pool."""
        with self._lock:
            return self._floors[Consistency.CAUSAL].seen(_TIME, _as_number(self._latest))

    def observe(self, token: VersionVector) -> None:
        """See from now on at least what whoever this token came from has seen."""
        with self._lock:
            causal = self._floors[Consistency.CAUSAL].merge(_writes_of(token))
            self._floors[Consistency.CAUSAL] = causal
            self._latest = max(self._latest, _as_stamp(token[_TIME]))

    def run(
        self, calls: Sequence[CellCall], after: VersionVector = NOTHING_SEEN
    ) -> list[CellCompleted]:
        """Make calls to different partitions at once, and wait until all have ended.

        Args:
            calls: at most one of each partition.
            after: reads of a level with a floor show at least this, too.
        """
        with self._borrowed() as driver:
            with self._lock:
                floors, latest = dict(self._floors), self._latest
            for call in calls:
                own, elsewhere = split_token(floors[Consistency.CAUSAL], call.part)
                session = driver.session(call.part)
                session.observe(own, latest)
                least = NOTHING_SEEN
                if call.level in floors:
                    least, _ = split_token(floors[call.level].merge(after), call.part)
                driver.start(call, least, elsewhere)
            completed = driver.finish(call.part for call in calls)
            for call in calls:
                self._note(driver.session(call.part))
        return completed

    @contextmanager
    def _borrowed(self) -> Iterator[_Driver]:
        with self._lock:
            driver = self._idle.pop() if self._idle else self._new_driver()
        yield driver
        # Not where an exception came through: calls may be under way in those sessions.
        with self._lock:
            self._idle.append(driver)

    def _new_driver(self) -> _Driver:
        return _Driver(self._name, self._replicas, self._transport, self._policy)

    def _note(self, session: EventualSession) -> None:
        with self._lock:
            for level in _WITH_FLOORS:
                self._floors[level] = self._floors[level].merge(session.floor(level))
            causal = self._floors[Consistency.CAUSAL]
            self._floors[Consistency.CAUSAL] = causal.merge(session.elsewhere)
            self._latest = max(self._latest, session.latest)


class _Driver:
    """A session with each partition, for one thread at a time.

    Drivers of one pool begin at the same replicas, so that none of them has to wait for another
    replica to see what a thread has written through the one before.
    """

    def __init__(self, pool: str, replicas: int, transport: Transport, policy: RetryPolicy) -> None:
        self._pool = pool
        self._replicas = replicas
        self._transport = transport
        self._policy = policy
        self._sessions: dict[int, EventualSession] = {}
        self._pending: dict[Hashable, tuple[int, str]] = {}
        self._numbers: dict[int, int] = {}
        self._wake_ms: dict[int, float] = {}
        self._completed: dict[int, CellCompleted] = {}

    def session(self, part: int) -> EventualSession:
        """The session with a partition."""
        found = self._sessions.get(part)
        if found is None:
            places = [replica_id(part, number, _ANY_DISK) for number in range(self._replicas)]
            name, rng = uuid.uuid4().hex, Random(f"{self._pool}/{part}")
            found = EventualSession(name, places, self._policy, rng, stays=True)
            self._sessions[part] = found
        return found

    def start(self, call: CellCall, floor: VersionVector, elsewhere: VersionVector) -> None:
        """Begin a call."""
        session, clock = self.session(call.part), self._transport.clock()
        if call.level is None:
            number, effects = session.put(call.writes, clock, elsewhere)
        else:
            number, effects = session.get(call.places, call.level, clock, floor)
        self._numbers[call.part] = number
        self._carry_out(call.part, effects)

    def finish(self, parts: Iterator[int]) -> list[CellCompleted]:
        """Wait for the calls that were begun; returns how they ended, by partition."""
        wanted = list(parts)
        while len(self._completed) < len(wanted):
            self._wait_once()
        self._pending.clear()
        self._wake_ms.clear()
        completed, self._completed = self._completed, {}
        return [completed[part] for part in wanted]

    def _wait_once(self) -> None:
        """Wait until an answer is here or a session's timer is due, and let the session know."""
        now_ms = self._transport.clock().monotonic_ms
        left_ms = max(0.0, min(self._wake_ms.values()) - now_ms)
        for pending, answer in self._transport.wait(self._pending.keys(), left_ms / 1000).items():
            part, sender = self._pending.pop(pending)
            session, clock = self.session(part), self._transport.clock()
            if answer is None:  # Who has died says nothing: better to ask another one at once.
                self._carry_out(part, session.unanswered(sender, self._numbers[part], clock))
            else:
                self._carry_out(part, session.handle(Received(sender, answer), clock))
        clock = self._transport.clock()
        for part in [p for p, at_ms in self._wake_ms.items() if at_ms <= clock.monotonic_ms]:
            del self._wake_ms[part]
            self._carry_out(part, self.session(part).handle(TimerFired(), clock))

    def _carry_out(self, part: int, effects: Sequence[SessionEffect | CellCompleted]) -> None:
        for effect in effects:
            match effect:
                case Send(to, message):
                    self._pending[self._transport.send(to, message)] = part, to
                case SetTimer(at_ms):
                    self._wake_ms[part] = at_ms
                case CellCompleted():
                    self._completed[part] = effect


def split_token(token: VersionVector, part: int) -> tuple[VersionVector, VersionVector]:
    """What a token says of one partition, and what of the others; its time is left out.

    >>> split_token(VersionVector({"0/1/a": 3, "1/0/b": 2}), 1)
    (VersionVector({'1/0/b': 2}), VersionVector({'0/1/a': 3}))
    """
    writes = _writes_of(token)
    own = {name: lsn for name, lsn in writes.items() if place_of(name)[0] == part}
    others = {name: lsn for name, lsn in writes.items() if name not in own}
    return VersionVector(own), VersionVector(others)


def _writes_of(token: VersionVector) -> VersionVector:
    return VersionVector({name: lsn for name, lsn in token.items() if name != _TIME})


def _as_number(stamp: Stamp) -> int:
    return (stamp.wall_ms << _COUNTER_BITS) + stamp.counter


def _as_stamp(number: int) -> Stamp:
    """The stamp of a number, later than any that was given out as early."""
    if number == 0:
        return BEFORE_ALL
    return Stamp(number >> _COUNTER_BITS, (number & ((1 << _COUNTER_BITS) - 1)) + 1, "")
