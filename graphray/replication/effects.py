"""What goes into a state machine of this package, and what it wants done.

A machine never acts: ``machine.handle(event, clock)`` returns effects, and the shell around it (an
actor, or a simulator) carries them out in order. The only answers that a machine waits for come
back as events: `Persisted`, `SnapshotSaved`, `StoreAnswered`. A shell may delay any effect, and
stop between two of them as a crash would, but must not send a message before the `Persist` in front
of it has been *started* on the same file, nor answer `Persisted` before it is durable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from graphray.replication.entries import Record
from graphray.replication.messages import Message, Snapshot


@dataclass(frozen=True, slots=True)
class Clock:
    """One reading of a process's clocks, taken after the event arrived.

    Attributes:
        monotonic_ms: never jumps; its rate differs from another's by no more than
            `ReplicationSettings.clock_drift_max`. Leases stand on it.
        wall_ms: the time of day; may jump either way. Only timestamps come from it.
    """

    monotonic_ms: float
    wall_ms: float


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """A message arrived."""

    sender: str
    message: Message


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time that was last asked for with `SetTimer` has come."""


@dataclass(frozen=True, slots=True)
class Persisted:
    """The write of that number is durable."""

    number: int


@dataclass(frozen=True, slots=True)
class SnapshotSaved:
    """The snapshot of that LSN is durable, and has replaced the one before it."""

    lsn: int


@dataclass(frozen=True, slots=True)
class StoreAnswered:
    """The catalog's store answered the request of that number.

    Attributes:
        items: for `ListStore`, every key and value; for `CreateIfAbsent`, the one that is there
        now.
        created: for `CreateIfAbsent`, whether it was this call that created it.
    """

    number: int
    items: tuple[tuple[str, bytes], ...]
    created: bool = False


Event: TypeAlias = Received | TimerFired | Persisted | SnapshotSaved | StoreAnswered


# --- effects --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message; it may get lost."""

    to: str
    message: Message


@dataclass(frozen=True, slots=True)
class Persist:
    """Append these records to the log, fsync once, answer `Persisted`.

    This is the group commit: a machine has one write under way, and what comes meanwhile is the
    next one.
    """

    number: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class SaveSnapshot:
    """Make a snapshot durable in place of the one before it (all or nothing), then say so."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class TrimLog:
    """Entries up to this LSN will not be read again and may be deleted from disk."""

    lsn: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire a timer at that time of the monotonic clock, in place of the one set before."""

    at_ms: float


@dataclass(frozen=True, slots=True)
class CreateIfAbsent:
    """Create a key of the catalog's store unless it exists; answer what is there now."""

    number: int
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class ListStore:
    """Answer all keys of the catalog's store that start so, with their values."""

    number: int
    prefix: str


Effect: TypeAlias = Send | Persist | SaveSnapshot | TrimLog | SetTimer | CreateIfAbsent | ListStore
