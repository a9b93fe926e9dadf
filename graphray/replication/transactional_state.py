"""One partition's part in transactions: validation, locks of prepared transactions, decisions.

The concurrency control is optimistic. A transaction reads without locks and remembers at which time
of the partition it read each key. When it commits, the partition checks that none of these keys has
changed since. Within one partition check and change are one entry. Over several, each prepares:
it checks, then keeps what was read from changing and what will be written from being read, until
the decision is known. Nobody waits while it holds locks (a conflict is an answer), so there is no
deadlock. Checking under locks makes the result strictly serializable (as in FaRM: Dragojević et
al., SOSP 2015; two-phase commit over replicated participants: Corbett et al., "Spanner", OSDI
2012).

Time is a counter per partition, moved by every commit and merged through the coordinator (Lamport
1978). A transaction is prepared at a later time than anything that the partition has seen, and
commits at the largest of these. So commit times follow the order of transactions that depend on
each other, and *all transactions up to a time* is a consistent cut over all partitions: that is
what a snapshot pins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from graphray.replication.change_times import ChangeTimes, changed_keys, shared_keys
from graphray.replication.commands import (
    Accepted,
    AcquireLock,
    Changes,
    Command,
    Commit,
    Conflict,
    Decide,
    Decided,
    FencedOut,
    Finish,
    Forget,
    Invalid,
    Key,
    LockAnswer,
    Pin,
    Prepare,
    Query,
    ReleaseLock,
    Result,
    Unpin,
    Value,
    command_from_bytes,
    result_to_bytes,
)
from graphray.replication.locks import LockTable
from graphray.replication.packing import pack, unpack
from graphray.replication.pin_table import PinTable


class VersionedData(Protocol):
    """The data itself: keeps the versions that pinned times need."""

    def refusal(self, payload: bytes) -> str | None:
        """Why this change cannot be made to the present data, or None.

        What it depends on has to be among the transaction's reads, writes and touches: they keep it
        so until the change is installed.
        """

    def install(self, time: int, payload: bytes) -> None:
        """Apply a committed change as of a time, later than any before it on the same keys."""

    def read(self, content: bytes, time: int | None) -> bytes:
        """Answer a question as of a pinned time, or the present."""

    def is_readable(self, time: int) -> bool:
        """Whether the data can still be read exactly as of a time that is not pinned."""

    def covered(self) -> frozenset[str] | None:
        """See `StateMachine.covered`."""

    def extract(self, tags: frozenset[str]) -> bytes:
        """See `StateMachine.extract`."""

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        """See `StateMachine.absorb`."""

    def keep_since(self, times: tuple[int, ...]) -> None:
        """Versions that none of these times, nor the present, can see may go."""

    def checkpoint(self) -> bytes:
        """Everything, as bytes."""

    def restore(self, checkpoint: bytes) -> None:
        """Replace everything."""


@dataclass(frozen=True)
class Prepared:
    """A transaction that waits for its decision."""

    coordinator: str
    changes: Changes
    time: int


class TransactionalState:
    """The state machine of a partition with transactions, locks and pinned snapshots.

    Args:
        data: the partition's data.
        change_slots: see `ChangeTimes`; the same on every replica.
    """

    def __init__(self, data: VersionedData, change_slots: int = 1 << 20) -> None:
        self._data = data
        self._time = 0
        self._changed = ChangeTimes(change_slots)
        self._prepared: dict[str, Prepared] = {}
        self._decisions: dict[str, tuple[bool, int, tuple[str, ...]]] = {}
        self._pins = PinTable()
        self._fences: dict[str, int] = {}
        self._locks = LockTable()

    @property
    def data(self) -> VersionedData:
        """The partition's data."""
        return self._data

    # --- StateMachine -----------------------------------------------------------------------------

    def apply(self, lsn: int, time_ms: int, command: bytes) -> bytes:
        """Carry out a command; see `StateMachine.apply`."""
        if self._pins.expire(time_ms):
            self._data.keep_since(self._pins.times())
        return result_to_bytes(self._apply(lsn, time_ms, command_from_bytes(command)))

    def read(self, query: bytes) -> bytes:
        """Answer a query; see `StateMachine.read`."""
        return result_to_bytes(self._read(Query.from_bytes(query)))

    def checkpoint(self) -> bytes:
        """Everything, as bytes."""
        prepared = {
            name: (part.coordinator, part.changes.to_plain(), part.time)
            for name, part in self._prepared.items()
        }
        tables = (
            self._time,
            self._changed.to_bytes(),
            prepared,
            self._decisions,
            self._pins.to_plain(),
            self._fences,
            self._locks.to_plain(),
        )
        return pack((*tables, self._data.checkpoint()))

    @staticmethod
    def data_in(checkpoint: bytes) -> bytes:
        """The checkpoint of the data that is part of one of the state."""
        data: bytes = unpack(checkpoint)[-1]
        return data

    def restore(self, checkpoint: bytes) -> None:
        """Replace everything."""
        time, changed, prepared, decisions, pins, fences, locks, data = unpack(checkpoint)
        self._time = time
        self._changed = ChangeTimes.from_bytes(changed)
        self._decisions = decisions
        self._pins, self._fences = PinTable.from_plain(pins), fences
        self._prepared = {
            name: Prepared(coordinator, Changes(*changes), at)
            for name, (coordinator, changes, at) in prepared.items()
        }
        self._locks = LockTable.from_plain(locks)
        self._data.restore(data)

    def extract(self, tags: frozenset[str]) -> bytes:
        """See `StateMachine.extract`; transactions and locks are kept by every replica."""
        return self._data.extract(tags)

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        """See `StateMachine.absorb`."""
        self._data.absorb(tags, content)

    def covered(self) -> frozenset[str] | None:
        """See `StateMachine.covered`."""
        return self._data.covered()

    # --- for those who clean up -------------------------------------------------------------------

    def undecided(self) -> dict[str, str]:
        """Transactions that wait here for a decision, and their coordinators."""
        return {name: part.coordinator for name, part in self._prepared.items()}

    def unfinished(self) -> dict[str, tuple[str, ...]]:
        """Transactions committed here that not all participants are known to have finished.

        Those that a passer-by aborted are kept as well and not listed: the client's own proposal to
        commit may still be under way, and has to find them.
        """
        return {
            name: participants
            for name, (commit, _, participants) in self._decisions.items()
            if commit
        }

    def pins(self) -> tuple[str, ...]:
        """The names of the pinned states."""
        return self._pins.names()

    # --- commands ---------------------------------------------------------------------------------

    def _apply(self, lsn: int, time_ms: int, command: Command) -> Result:
        match command:
            case Commit(transaction, changes):
                return self._commit(transaction, changes)
            case Prepare(transaction, coordinator, changes):
                return self._prepare(transaction, coordinator, changes)
            case Decide():
                return self._decide(command)
            case Finish(transaction, commit, time):
                return self._finish(transaction, commit, time)
            case Forget(transaction):
                self._decisions.pop(transaction, None)
            case Pin():
                return self._pin(command, time_ms)
            case Unpin(name):
                self._pins.remove(name)
                self._data.keep_since(self._pins.times())
            case AcquireLock(name, owner, age, ttl_ms):
                claim = self._locks.acquire(
                    name, owner, age=age, ttl_ms=ttl_ms, lsn=lsn, time_ms=time_ms
                )
                return LockAnswer(claim.owner, claim.fence, claim.until_ms)
            case ReleaseLock(name, owner, fence):
                self._locks.release(name, owner, fence)
        return Accepted(self._time)

    def _commit(self, transaction: str, changes: Changes) -> Result:
        refusal = self._refusal(transaction, changes)
        if refusal is not None:
            return refusal
        self._time += 1
        self._install(changes, self._time)
        return Accepted(self._time)

    def _prepare(self, transaction: str, coordinator: str, changes: Changes) -> Result:
        if transaction in self._decisions:
            return Conflict((), transaction)  # Somebody who came across it gave it up.
        refusal = self._refusal(transaction, changes)
        if refusal is not None:
            return refusal
        self._time += 1
        self._prepared[transaction] = Prepared(coordinator, changes, self._time)
        return Accepted(self._time)

    def _decide(self, command: Decide) -> Result:
        name = command.transaction
        decided = self._decisions.get(name)
        if decided is None:
            commit = command.commit and name in self._prepared
            decided = (commit, command.time if commit else 0, command.participants)
            self._decisions[name] = decided
            self._finish(name, commit, command.time)
        return Decided(decided[0], decided[1])

    def _finish(self, transaction: str, commit: bool, time: int) -> Result:
        prepared = self._prepared.pop(transaction, None)
        if prepared is not None and commit:
            self._time = max(self._time, time)
            self._install(prepared.changes, time)
        return Accepted(self._time)

    def _install(self, changes: Changes, time: int) -> None:
        self._changed.note(changes.writes, changes.touches, time)
        if changes.payload:
            self._data.install(time, changes.payload)

    def _pin(self, pin: Pin, now_ms: int) -> Result:
        if pin.renews and pin.name not in self._pins:
            return Invalid(f"{pin.name!r} is not pinned any more")
        if not pin.renews and not self._data.is_readable(pin.time):
            return Invalid(f"too much has been committed since time {pin.time}; pin a later one")
        self._time = max(self._time, pin.time)
        self._pins.add(pin, now_ms)
        self._data.keep_since(self._pins.times())
        return Accepted(self._time)

    # --- conflicts --------------------------------------------------------------------------------

    def _refusal(self, transaction: str, changes: Changes) -> Conflict | FencedOut | Invalid | None:
        """Why a transaction may not change this partition now, or None."""
        return (
            self._fenced_out(changes)
            or self._conflict_with_prepared(transaction, changes)
            or self._conflict_with_committed(changes)
            or self._invalid(changes)
        )

    def _invalid(self, changes: Changes) -> Invalid | None:
        reason = self._data.refusal(changes.payload) if changes.payload else None
        return None if reason is None else Invalid(reason)

    def _fenced_out(self, changes: Changes) -> FencedOut | None:
        for lock, fence in changes.fences.items():
            newest = self._fences.get(lock, 0)
            if fence < newest:
                return FencedOut(lock, fence, newest)
        self._fences.update(changes.fences)
        return None

    def _conflict_with_prepared(self, transaction: str, changes: Changes) -> Conflict | None:
        for name, other in self._prepared.items():
            if name == transaction:
                continue
            shared = shared_keys(changes, other.changes)
            if shared:
                return Conflict(shared, name, other.coordinator)
        return None

    def _conflict_with_committed(self, changes: Changes) -> Conflict | None:
        changed = [k for k, time in changes.reads.items() if self._changed.of(k) > time]
        return Conflict(tuple(sorted(changed))) if changed else None

    def _read(self, query: Query) -> Result:
        if query.time is not None and query.time not in self._pins.times():
            return Invalid(f"time {query.time} is not pinned, or is no longer")
        blocking = self._blocking(query.keys, query.time)
        if blocking is not None:
            return blocking
        if query.content is None:
            return Value(self._time, b"")
        return Value(self._time, self._data.read(query.content, query.time))

    def _blocking(self, keys: Iterable[Key] | None, time: int | None) -> Conflict | None:
        """A prepared write that may or may not be part of what is read."""
        wanted = None if keys is None else set(keys)
        for name, other in self._prepared.items():
            changed = changed_keys(other.changes)
            shared = changed if wanted is None else wanted & changed
            if shared and (time is None or other.time <= time):
                return Conflict(tuple(sorted(shared)), name, other.coordinator)
        return None
