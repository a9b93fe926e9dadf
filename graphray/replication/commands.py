"""What a partition with transactions is asked to do, and what it answers.

Commands change the state and go through the log; queries do not. Both travel as packed bytes, since
the log does not look into them. Keys are whatever the data's owner locks and compares by: a node,
an edge, a row; they are opaque here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

from graphray.errors import StoreCorrupt
from graphray.replication.packing import pack, unpack

Key: TypeAlias = bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What a transaction reads and writes in one partition.

    Attributes:
        reads: by key, the partition's time at which it was read.
        writes: the keys that change.
        payload: the change itself, for the data's owner.
        fences: of the locks under which it is made, by lock name.
        touches: keys of 8 bytes, end to end, of what has to be there and is added to, such as the
            ends of a new edge. Who reads or writes such a key is in conflict with it; others that
            touch it are not, so a hub can gain edges from many transactions at once.
    """

    reads: Mapping[Key, int]
    writes: tuple[Key, ...]
    payload: bytes
    fences: Mapping[str, int]
    touches: bytes = b""

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return dict(self.reads), self.writes, self.payload, dict(self.fences), self.touches


@dataclass(frozen=True, slots=True)
class Commit:
    """Check and apply a transaction that concerns this partition alone."""

    tag: ClassVar[str] = "commit"
    transaction: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Prepare:
    """Check a transaction's part, and be able to apply it whatever happens.

    Attributes:
        coordinator: the partition whose log will hold the decision.
    """

    tag: ClassVar[str] = "prepare"
    transaction: str
    coordinator: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Decide:
    """Decide a transaction, unless it has been decided; the first decision stands.

    Attributes:
        commit: what is proposed.
        time: of the commit, the largest of the times at which the parts were prepared.
        participants: who has to be told.
    """

    tag: ClassVar[str] = "decide"
    transaction: str
    commit: bool
    time: int
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Carry the decision out."""

    tag: ClassVar[str] = "finish"
    transaction: str
    commit: bool
    time: int


@dataclass(frozen=True, slots=True)
class Forget:
    """All participants have finished: the decision need not be kept."""

    tag: ClassVar[str] = "forget"
    transaction: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep the state as of a time readable: nothing commits at or below it from now on.

    Attributes:
        ttl_ms: it is let go of after that long on the log's clock; 0 keeps it until `Unpin`.
        renews: only prolong what is pinned; refused (`Invalid`) where it is not any more, since
            what it showed may be gone.
    """

    tag: ClassVar[str] = "pin"
    name: str
    time: int
    ttl_ms: int = 0
    renews: bool = False


@dataclass(frozen=True, slots=True)
class Unpin:
    """Let go of a pinned state."""

    tag: ClassVar[str] = "unpin"
    name: str


@dataclass(frozen=True, slots=True)
class AcquireLock:
    """Take, prolong or wait for a named lock; see `LockTable.acquire`."""

    tag: ClassVar[str] = "acquire"
    name: str
    owner: str
    age: int
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    """Give a named lock back."""

    tag: ClassVar[str] = "release"
    name: str
    owner: str
    fence: int


Command: TypeAlias = (
    Commit | Prepare | Decide | Finish | Forget | Pin | Unpin | AcquireLock | ReleaseLock
)
_KINDS: dict[str, Any] = {
    kind.tag: kind
    for kind in (Commit, Prepare, Decide, Finish, Forget, Pin, Unpin, AcquireLock, ReleaseLock)
}


def command_to_bytes(command: Command) -> bytes:
    """A command as `Write.command` carries it.

    Example:
        >>> command_from_bytes(command_to_bytes(Pin("nightly", 7)))
        Pin(name='nightly', time=7, ttl_ms=0, renews=False)
    """
    values = [getattr(command, field.name) for field in fields(command)]
    plain = [value.to_plain() if isinstance(value, Changes) else value for value in values]
    return pack((command.tag, *plain))


def command_from_bytes(data: bytes) -> Command:
    """The inverse of `command_to_bytes`.

    Raises:
        StoreCorrupt: where the bytes are no command that this version knows.
    """
    tag, *plain = unpack(data)
    kind = _KINDS.get(tag)
    if kind is None:
        raise StoreCorrupt(f"the log holds a command of unknown kind {tag!r}; upgrade GraphRay")
    names = [field.name for field in fields(kind)]
    values = [
        Changes(*value) if name == "changes" else value
        for name, value in zip(names, plain, strict=True)
    ]
    return kind(*values)


# --- results --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """Done; for a commit or prepare, at that time of the partition."""

    time: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another transaction was first.

    Attributes:
        keys: what both want.
        winner: the other transaction, or empty where it has long been committed.
        coordinator: of the winner, where it is still undecided.
    """

    keys: tuple[Key, ...]
    winner: str = ""
    coordinator: str = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """The data will not have this change, whoever comes first: an end is missing, an id is taken.

    Attributes:
        reason: for a person.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class FencedOut:
    """The lock has been granted to someone else since."""

    lock: str
    fence: int
    newest_fence: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, by whoever came first."""

    commit: bool
    time: int


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """Who holds a lock now, under which fence, until when on the log's clock."""

    owner: str
    fence: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Value:
    """What a query found, and the partition's time at which it was so."""

    time: int
    content: bytes


Result: TypeAlias = Accepted | Conflict | Invalid | FencedOut | Decided | LockAnswer | Value
_RESULTS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Accepted, Conflict, Invalid, FencedOut, Decided, LockAnswer, Value)
}


def result_to_bytes(result: Result) -> bytes:
    """A result as `WriteDone.result` or `ReadDone.result` carries it."""
    return pack((type(result).__name__, *(getattr(result, field.name) for field in fields(result))))


def result_from_bytes(data: bytes) -> Result:
    """The inverse of `result_to_bytes`."""
    name, *values = unpack(data)
    return _RESULTS[name](*values)


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a partition with transactions.

    Attributes:
        keys: what it looks at; a prepared write of one of them makes the answer a `Conflict`. None
            for everything.
        content: for the data's owner; None asks for the partition's time only.
        time: the pinned time to read at, or None for the present.
    """

    keys: tuple[Key, ...] | None
    content: bytes | None
    time: int | None = None

    def to_bytes(self) -> bytes:
        """The query as `Read.query` carries it."""
        return pack((self.keys, self.content, self.time))

    @classmethod
    def from_bytes(cls, data: bytes) -> Query:
        """The inverse of `to_bytes`."""
        return cls(*unpack(data))
