"""The shell around a state machine: gives it events, one at a time, and carries out what it says.

The machine decides (`graphray.replication`), the shell acts: it reads the clock when an event is
taken up, hands writes to a disk and requests to a store, keeps one timer, and sends. All that the
machine sends to one receiver within one turn leaves as one batch, in order.

Whoever has the *turn* is the only one to touch the machine. The shell's own thread takes it where
events are queued or the timer is due. A caller that would wait for the answer anyway (`ask`,
`run_batch`) takes it himself where it is free and nothing is queued, which saves two changes of
thread, most of what a read costs; in any other case his events are queued like all others. So
events are handled in the order in which they came, whoever handles them. What comes while somebody
has the turn is queued, also where it comes from what he carries out: a machine is never entered
twice.

A caller in this process (`ask`) gets a one-time address: what the machine sends there is its
answer.

Nothing dies in silence. Where the machine raises, the shell has *failed*: it takes no more events,
every caller gets the error, and `failure` says what it was. The other replicas see one that has
fallen silent, and go on without it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from graphray.errors import ClusterError
from graphray.logs import get_logger
from graphray.replication.effects import (
    Clock,
    CreateIfAbsent,
    ListStore,
    Persist,
    Received,
    SaveSnapshot,
    Send,
    SetTimer,
    TimerFired,
    TrimLog,
)
from graphray.replication.messages import Message

Answer = TypeVar("Answer")

_LOG = get_logger(__name__)
_ASK = "ask/"
# The time since boot, which goes on while a machine sleeps: a lease must lapse meanwhile.
_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_EVENTS_PER_TURN = 256


class Machine(Protocol):
    """A state machine of `graphray.replication`."""

    def handle(self, event: Any, clock: Clock) -> list[Any]:
        """Take one event and say what is to be done."""


class EffectTaker(Protocol):
    """A disk or a store: carries out effects on threads of its own, and posts what came of them."""

    def take(self, effect: Any, post: Callable[[Any], None]) -> None:
        """Carry out one effect; never blocks and never raises."""

    def close(self) -> None:
        """Stop; what is under way is finished first."""


def read_clock() -> Clock:
    """The process's clocks now."""
    return Clock(time.clock_gettime_ns(_MONOTONIC) / 1e6, time.time_ns() / 1e6)


class MachineShell:
    """Hosts one machine.

    Args:
        name: for threads and messages.
        machine: what to host; only whoever has this shell's turn touches it from now on.
        send: delivers a batch to an address; never blocks and never raises. Batches may get lost.
        disk: takes `Persist`, `SaveSnapshot` and `TrimLog`.
        store: takes `CreateIfAbsent` and `ListStore`.
    """

    def __init__(
        self,
        name: str,
        machine: Machine,
        send: Callable[[str, Sequence[Message]], None],
        *,
        disk: EffectTaker | None = None,
        store: EffectTaker | None = None,
    ) -> None:
        self.name = name
        self.failure = ""
        self._machine = machine
        self._send = send
        self._disk = disk
        self._store = store
        self._events: deque[Any] = deque([TimerFired()])
        # Notified where the shell's thread has to look: at events, an earlier timer, the end.
        self._wake = threading.Condition()
        self._turn_of: int | None = None
        self._timer_ms: float | None = None
        self._closed = False
        self._asks: dict[str, _Asked | Future[Any]] = {}
        self._ask_numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name=f"shell-{name}", daemon=True)
        self._thread.start()

    # --- from other threads -----------------------------------------------------------------------

    def post(self, event: Any) -> None:
        """Give the machine an event; one that has failed or is closed takes none."""
        with self._wake:
            if not self._is_over:
                self._events.append(event)
                self._wake.notify()

    def post_batch(self, sender: str, messages: Sequence[Message]) -> None:
        """Give the machine messages of one sender."""
        with self._wake:
            if not self._is_over:
                self._events.extend(Received(sender, message) for message in messages)
                self._wake.notify()

    def run_batch(self, sender: str, messages: Sequence[Message]) -> None:
        """The same for a caller that waits for what comes of it: on his thread where it is free."""
        events = [Received(sender, message) for message in messages]
        if self._take_turn_or_queue(events):
            self._run_turn(events)

    def ask(self, message: Message, timeout_s: float) -> Message | None:
        """Give the machine a message and wait for its answer; None where none came in time.

        Raises:
            ClusterError: where the machine has failed or was closed.
        """
        address = f"{_ASK}{next(self._ask_numbers)}"
        self._asks[address] = answer = _Asked()
        try:
            self._refuse_if_over()
            self.run_batch(address, (message,))
            return answer.wait(timeout_s)
        finally:
            del self._asks[address]

    def inspect(self, look: Callable[[], Answer], timeout_s: float) -> Answer:
        """Run a function on the shell's thread, between two events, and return its result.

        Raises:
            ClusterError: where the machine has failed, was closed or is too busy.
        """
        answer: Future[Answer] = Future()
        address = f"{_ASK}{next(self._ask_numbers)}"
        self._asks[address] = answer
        try:
            self._refuse_if_over()
            self.post(_Inspect(look, answer))
            return answer.result(timeout_s)
        except FutureTimeoutError:
            raise ClusterError(f"{self.name} did not answer within {timeout_s:g} s") from None
        finally:
            del self._asks[address]

    def close(self) -> None:
        """Stop; callers that wait get an error."""
        self._end("it was closed")
        if threading.current_thread() is not self._thread:
            self._thread.join()
        # A caller may have the turn yet, and what he carries out needs the disk.
        with self._wake:
            self._wake.wait_for(lambda: self._turn_of in (None, threading.get_ident()))
        for taker in (self._disk, self._store):
            if taker is not None:
                taker.close()

    @property
    def _is_over(self) -> bool:
        return self._closed or bool(self.failure)

    def _refuse_if_over(self) -> None:
        if self._is_over:
            raise ClusterError(f"{self.name} takes no part: {self.failure or 'it was closed'}")

    def _end(self, reason: str) -> None:
        with self._wake:
            self._closed = True
            self._events.clear()
            self._wake.notify_all()
        error = ClusterError(f"{self.name} takes no part: {reason}")
        for answer in list(self._asks.values()):
            with suppress(InvalidStateError):  # It was answered at this very moment.
                answer.set_exception(error)

    # --- whose turn it is -------------------------------------------------------------------------

    def _run(self) -> None:
        """The shell's thread: takes its turn where something is due, until the shell is over."""
        while events := self._next_events():
            self._run_turn(events)

    def _next_events(self) -> list[Any]:
        """Waits for events, or for the timer, and for the turn; none where the shell is over."""
        with self._wake:
            while not self._is_over:
                self._queue_due_timer()
                if self._events and self._turn_of is None:
                    self._turn_of = threading.get_ident()
                    count = min(len(self._events), _EVENTS_PER_TURN)
                    return [self._events.popleft() for _ in range(count)]
                self._wake.wait(None if self._events else self._until_timer_s())
        return []

    def _take_turn_or_queue(self, events: list[Any]) -> bool:
        """Whether a caller has the turn now; his events are queued where not."""
        with self._wake:
            if self._is_over:
                return False
            if self._turn_of is None and not self._events:
                self._turn_of = threading.get_ident()
                return True
            self._events.extend(events)
            self._wake.notify()
            return False

    def _run_turn(self, events: list[Any]) -> None:
        """Have the machine handle events, by whoever has the turn, and give the turn back."""
        timer_ms = self._timer_ms
        try:
            self._handle_all(events)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this machine loudly
            self.failure = f"{type(error).__name__}: {error}"
            _LOG.exception("%s stopped", self.name)
            self._end(self.failure)
        finally:  # Also where the caller's thread is being ended: others wait for the turn.
            with self._wake:
                self._turn_of = None
                # A caller wakes the shell's thread only where that has something to do.
                if self._events or self._timer_ms != timer_ms or self._is_over:
                    self._wake.notify_all()

    def _queue_due_timer(self) -> None:
        """In the queue, so that no caller takes the turn before it."""
        if self._timer_ms is not None and self._timer_ms <= read_clock().monotonic_ms:
            self._timer_ms = None
            self._events.append(TimerFired())

    def _until_timer_s(self) -> float | None:
        if self._timer_ms is None:
            return None
        return max(0.0, self._timer_ms - read_clock().monotonic_ms) / 1000

    # --- within a turn ----------------------------------------------------------------------------

    def _handle_all(self, events: list[Any]) -> None:
        outgoing: dict[str, list[Message]] = {}
        for event in events:
            if isinstance(event, _Inspect):
                event.run()
            else:
                for effect in self._machine.handle(event, read_clock()):
                    self._carry_out(effect, outgoing)
        for receiver, messages in outgoing.items():
            self._deliver(receiver, messages)

    def _carry_out(self, effect: Any, outgoing: dict[str, list[Message]]) -> None:
        match effect:
            case Send(to, message):
                outgoing.setdefault(to, []).append(message)
            case SetTimer(at_ms):
                with self._wake:  # The shell's thread looks at it whoever has the turn.
                    self._timer_ms = at_ms
            case Persist() | SaveSnapshot() | TrimLog():
                assert self._disk is not None, effect
                self._disk.take(effect, self.post)
            case CreateIfAbsent() | ListStore():
                assert self._store is not None, effect
                self._store.take(effect, self.post)
            case _:
                raise AssertionError(f"{self.name}: nobody carries out {effect!r}")

    def _deliver(self, receiver: str, messages: list[Message]) -> None:
        if not receiver.startswith(_ASK):
            self._send(receiver, messages)
            return
        answer = self._asks.get(receiver)
        if answer is not None:
            with suppress(InvalidStateError):  # The shell was closed at this very moment.
                answer.set_result(messages[0])


class _Asked:
    """What a caller waits for; costs next to nothing where it is there before he does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here: threading.Event | None = None
        self._answer: Message | None = None
        self._error: ClusterError | None = None

    def set_result(self, answer: Message) -> None:
        """The first answer counts."""
        with self._lock:
            if self._answer is None and self._error is None:
                self._answer = answer
                self._wake()

    def set_exception(self, error: ClusterError) -> None:
        """Raised by `wait`, where no answer came before."""
        with self._lock:
            if self._answer is None:
                self._error = error
                self._wake()

    def wait(self, timeout_s: float) -> Message | None:
        """The answer; None where none came in time."""
        with self._lock:
            if self._answer is None and self._error is None:
                self._here = threading.Event()
        if self._here is not None:
            self._here.wait(timeout_s)
        with self._lock:
            if self._error is not None:
                raise self._error
            return self._answer

    def _wake(self) -> None:
        if self._here is not None:
            self._here.set()


class _Inspect:
    """A function that is to run on the shell's thread."""

    def __init__(self, look: Callable[[], Any], answer: Future[Any]) -> None:
        self._look = look
        self._answer = answer

    def run(self) -> None:
        """Run it; what it raises is its caller's."""
        with suppress(InvalidStateError):
            try:
                self._answer.set_result(self._look())
            except Exception as error:  # noqa: BLE001 - it is raised where the function comes from
                self._answer.set_exception(error)
