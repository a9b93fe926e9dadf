"""A session carried out: its effects become calls to replicas, their answers and time its events.

`graphray.replication.Session` decides what is sent where, again or not at all, and when to give up;
it never acts. `SessionDriver.run` starts some calls, lets the session have every answer and every
timer, and returns when all of the calls have ended. Several calls go on at once; a message that got
lost, or an actor that has died, is an answer that never comes: the session's own timer sees to it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Received, Send, SetTimer, TimerFired
from graphray.replication.messages import Message
from graphray.replication.session import Completed, Session, SessionEffect


class Transport(Protocol):
    """How messages reach replicas and the catalog; used by several threads at a time."""

    def send(self, address: str, message: Message) -> Hashable:
        """Send a message, without waiting and without failing; returns what `wait` is given."""
        ...

    def wait(
        self, pending: Collection[Hashable], timeout_s: float
    ) -> Mapping[Hashable, Message | None]:
        """Wait for the first answers.

        Args:
            pending: what `send` has returned.
            timeout_s: how long to wait where none is here.

        Returns:
            The answers that are here; None for a message that will have none.
        """
        ...

    def clock(self) -> Clock:
        """The time now."""
        ...


@dataclass(frozen=True, slots=True)
class PartitionCall:
    """One write to, or read of, one partition.

    Attributes:
        partition: its name.
        body: the packed command or query.
        level: of a read; None for a write.
        lsn_min: a read shows the partition's log up to here, or later.
        tags: the columns or hot nodes that a read needs.
    """

    partition: str
    body: bytes
    level: Consistency | None = None
    lsn_min: int = 0
    tags: frozenset[str] = frozenset()


class SessionDriver:
    """Carries one session out; for one thread at a time.

    Args:
        session: the session.
        transport: the way to those it talks to.
    """

    def __init__(self, session: Session, transport: Transport) -> None:
        self.session = session
        self._transport = transport
        self._pending: dict[Hashable, str] = {}
        self._completed: dict[int, Completed] = {}
        self._wake_ms = float("inf")

    def run(self, calls: Sequence[PartitionCall]) -> list[Completed]:
        """Make some calls at once, and wait until all of them have ended.

        Where this is interrupted, calls may be under way: the session must not be used again.
        """
        numbers = [self._start(call) for call in calls]
        while not all(number in self._completed for number in numbers):
            self._wait_once()
        # What is still on its way answers nobody: late copies, and those who were asked twice.
        self._pending.clear()
        self._wake_ms = float("inf")
        return [self._completed.pop(number) for number in numbers]

    def _start(self, call: PartitionCall) -> int:
        clock = self._transport.clock()
        if call.level is None:
            number, effects = self.session.write(call.partition, call.body, clock)
        else:
            number, effects = self.session.read(
                call.partition, call.body, call.level, clock, lsn_min=call.lsn_min, tags=call.tags
            )
        self._carry_out(effects)
        return number

    def _wait_once(self) -> None:
        """Wait until an answer is here or the session's timer is due, and let the session know."""
        left_ms = max(0.0, self._wake_ms - self._transport.clock().monotonic_ms)
        for pending, answer in self._transport.wait(self._pending.keys(), left_ms / 1000).items():
            sender = self._pending.pop(pending)
            if answer is not None:
                event = Received(sender, answer)
                self._carry_out(self.session.handle(event, self._transport.clock()))
        clock = self._transport.clock()
        if clock.monotonic_ms >= self._wake_ms:
            self._wake_ms = float("inf")
            self._carry_out(self.session.handle(TimerFired(), clock))

    def _carry_out(self, effects: Sequence[SessionEffect]) -> None:
        for effect in effects:
            match effect:
                case Send(to, message):
                    self._pending[self._transport.send(to, message)] = to
                case SetTimer(at_ms):
                    self._wake_ms = at_ms
                case Completed():
                    self._completed[effect.call] = effect
