"""Named locks on a running graph: held for a block, renewed in the background, and fenced.

A lock is a lease in the log of one partition (`graphray.replication.locks`). Whoever is paused for
longer than the lease lasts may believe that it still holds the lock; its *fence*, which every
partition compares with the largest that it has seen, keeps it from doing harm.

A thread that waits for a lock while it holds another one gets an *age*, the time at which it asked
for its first, and an older thread takes a lock from a younger one: so threads that want each
other's locks do not wait for ever (wound-wait). Who wants a single lock waits its turn.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from types import TracebackType

from graphray.client.changes.partition_calls import PartitionCalls
from graphray.errors import (
    ArgumentError,
    ConnectionEnded,
    LockLost,
    LockNotAcquired,
    WriteIndeterminate,
)
from graphray.replication.commands import AcquireLock, LockAnswer, ReleaseLock

_PAUSE_MS_MIN, _PAUSE_MS_MAX = 5.0, 250.0
_RENEWALS_PER_TTL = 3


class _HeldByThread(threading.local):
    """The locks that this thread holds, in the order in which it got them."""

    def __init__(self) -> None:
        self.locks: list[Lock] = []


_held = _HeldByThread()


class Lock:
    """A named lock; made by `graphray.Graph.lock`, held within a ``with`` block.

    Args:
        calls: the partitions.
        name: of the lock; the same for everyone who is to be kept apart.
        ttl_s: how long it lasts after its holder has gone silent.
        timeout_s: how long to wait for it; None for as long as it takes.

    Raises:
        ArgumentError: where a number is out of range.
    """

    def __init__(
        self, calls: PartitionCalls, name: str, ttl_s: float, timeout_s: float | None
    ) -> None:
        if not name:
            raise ArgumentError("name = ''; expected the name of a lock")
        if not ttl_s > 0:
            raise ArgumentError(f"ttl = {ttl_s}; expected seconds above 0")
        if timeout_s is not None and timeout_s < 0:
            raise ArgumentError(f"timeout = {timeout_s}; expected seconds, at least 0, or None")
        self.name = name
        self._calls = calls
        self._ttl_ms = ttl_s * 1000
        self._timeout_s = timeout_s
        self._part = _home(name, calls.parts)
        self._owner = uuid.uuid4().hex
        self._age = 0
        self._asked_ms = 0
        self._fence = 0
        self._granted = 0
        self._held_until_ms = 0.0
        self._loss = ""
        self._released = threading.Event()
        self._renewer: threading.Thread | None = None

    @property
    def fence(self) -> int:
        """A number that grows with every grant of this lock.

        Raises:
            LockLost: where it is not held.
        """
        if not self._fence:
            raise LockLost(f"lock {self.name!r} is not held; use it within its 'with' block")
        return self._fence

    def require_held(self) -> None:
        """Raise LockLost where it is not held any more, as far as is known here."""
        fence = self.fence
        if not self._loss and self._calls.monotonic_ms() < self._held_until_ms:
            return
        raise LockLost(
            f"lock {self.name!r} was lost: "
            + (self._loss or "its lease ran out")
            + "; acquire it again, and look what has changed meanwhile",
            lock=self.name,
            fence=fence,
        )

    def __enter__(self) -> Lock:
        self._age = self._right_of_way()
        self._acquire()
        try:
            self._require_others()
        except LockLost:
            self._release()
            raise
        _held.locks.append(self)
        self._released.clear()
        self._renewer = threading.Thread(
            target=self._renew, name=f"graphray lock {self.name}", daemon=True
        )
        self._renewer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _held.locks.remove(self)
        self._released.set()
        assert self._renewer is not None
        self._renewer.join()
        try:
            if kind is None:
                self.require_held()
        finally:
            self._release()

    def _right_of_way(self) -> int:
        """The age to wait with; see `graphray.replication.locks`."""
        held = [lock for lock in _held.locks if lock._calls is self._calls]
        if any(lock.name == self.name for lock in held):
            raise ArgumentError(
                f"this thread already holds lock {self.name!r}, and would wait for itself"
            )
        self._asked_ms = max(1, int(self._calls.now_ms()))
        if not held:
            return 0
        for lock in held:
            lock._wait_for_others(held[0]._asked_ms)
        return held[0]._asked_ms

    def _wait_for_others(self, age: int) -> None:
        """Its holder is about to wait for another: those who are older may take it."""
        if self._age != age:
            self._age = age
            self._note_holder(self._ask())
        self.require_held()

    def _require_others(self) -> None:
        """Raise LockLost where a lock that this thread holds was taken while it waited."""
        for lock in _held.locks:
            if lock._calls is self._calls:
                lock._note_holder(lock._ask())
                lock.require_held()

    def _acquire(self) -> None:
        started_ms, pause_ms = self._calls.monotonic_ms(), _PAUSE_MS_MIN
        while True:
            holder = self._ask()
            if holder.owner == self._owner:
                self._fence = holder.fence
                return
            waited_s = (self._calls.monotonic_ms() - started_ms) / 1000
            if self._timeout_s is not None and waited_s >= self._timeout_s:
                self._release()
                raise LockNotAcquired(
                    f"lock {self.name!r} was held by others for {waited_s:.1f} s; wait longer with "
                    "timeout=..., or look who holds it",
                    lock=self.name,
                )
            # A claim that is not repeated within its lease lapses.
            self._calls.pause(min(pause_ms, self._ttl_ms / _RENEWALS_PER_TTL))
            pause_ms = min(2 * pause_ms, _PAUSE_MS_MAX)

    def _ask(self) -> LockAnswer:
        """Take, prolong or wait for the lock."""
        # The lease runs from before it was asked for, on this clock, so it never ends later here.
        asked_ms = self._calls.monotonic_ms()
        command = AcquireLock(self.name, self._owner, self._age, int(self._ttl_ms))
        answer = self._calls.command(self._part, command)
        assert isinstance(answer, LockAnswer)
        if answer.owner == self._owner:
            self._granted = answer.fence
            self._held_until_ms = asked_ms + self._ttl_ms
        return answer

    def _renew(self) -> None:
        """Prolong the lease until the lock is released or lost."""
        while not self._released.wait(self._ttl_ms / _RENEWALS_PER_TTL / 1000):
            try:
                holder = self._ask()
            except WriteIndeterminate:
                continue  # Prolonged perhaps; if not, the lease runs out, which is noticed.
            except ConnectionEnded as error:
                self._loss = str(error)
                return
            self._note_holder(holder)
            if self._loss:
                return

    def _note_holder(self, holder: LockAnswer) -> None:
        if holder.owner != self._owner:
            self._loss = "another owner holds it now"
        elif holder.fence != self._fence:
            self._loss = "another owner has held it meanwhile"

    def _release(self) -> None:
        """Give the lock back, or stop waiting for it."""
        self._fence = 0
        try:
            self._calls.command(self._part, ReleaseLock(self.name, self._owner, self._granted))
        except (WriteIndeterminate, ConnectionEnded):
            return  # It lapses by itself.


def _home(name: str, parts: int) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % parts
