"""What replicas, the catalog and clients tell each other. Immutable, and plain to serialise.

Any message may be lost, delayed, doubled or overtaken. Those between replicas name a term, and one
of an older term than the receiver has promised is answered with `Refused` and has no other effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.consistency import Consistency
from graphray.replication.entries import Entry
from graphray.replication.eventual_messages import EventualMessage
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

# --- between replicas -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Append:
    """Entries to follow ``(prev_lsn, prev_term)``; with none, a question for where the log ends."""

    configuration: Configuration
    prev_lsn: int
    prev_term: int
    entries: tuple[Entry, ...]
    commit_lsn: int


@dataclass(frozen=True, slots=True)
class Appended:
    """How far the sender's log is durable and agrees with the receiver's.

    Attributes:
        term: of the sender's configuration.
        durable_lsn: on the sender's disk, and the same as upstream.
        committed_lsn: in a chain, how far the tail has it.
        resend_from: where the entries did not fit, the LSN to start from; else 0.
    """

    term: int
    durable_lsn: int
    committed_lsn: int
    resend_from: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of a replica after one entry.

    Attributes:
        lsn, term: the last entry that it holds.
        time_ms: that entry's time.
        state: what the state machine's checkpoint returned.
        sessions: the packed session table.
        dependencies: what the writers of the entries so far had seen.
    """

    lsn: int
    term: int
    time_ms: int
    state: bytes
    sessions: bytes
    dependencies: VersionVector = NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class InstallSnapshot:
    """A snapshot for a replica that needs entries which are no longer kept."""

    configuration: Configuration
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The primary lives, and asks for its lease.

    Attributes:
        sent_ms: the primary's clock; the lease runs from here.
        commit_lsn: how far the log is committed.
        asked_ms: the receiver's clock in the last acknowledgement that arrived from it.
        lease_left_ms: how long, from when this was sent, the receiver may itself answer alone.
    """

    configuration: Configuration
    sent_ms: float
    commit_lsn: int
    asked_ms: float = 0.0
    lease_left_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class HeartbeatAck:
    """The sender will seal for no later term until the lease has lapsed.

    Attributes:
        granted: False where it is about to seal and renews nothing.
        sent_ms: from the heartbeat.
        asked_ms: the sender's clock.
    """

    term: int
    granted: bool
    sent_ms: float
    asked_ms: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver's term is over: the sender has promised a later one."""

    promised: int
    configuration: Configuration | None


@dataclass(frozen=True, slots=True)
class CommitQuery:
    """How far is the log committed? Asked before a strong read by a replica that cannot know."""

    term: int
    number: int


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """Committed so far, at a time between question and answer."""

    term: int
    number: int
    commit_lsn: int


@dataclass(frozen=True, slots=True)
class CoverageQuery:
    """Send me these columns or hot nodes, as of this LSN or later."""

    term: int
    tags: frozenset[str]
    lsn: int


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """Columns or hot nodes as they are after an entry."""

    term: int
    tags: frozenset[str]
    lsn: int
    content: bytes


# --- between catalog and replicas -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seal:
    """Promise this term: accept nothing of an older one, and say where your log ends."""

    term: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """The promise is on disk, and so is the log up to this entry.

    Attributes:
        term: that was promised.
        last_term, last_lsn: the last entry.
        commit_term, commit_lsn: the last entry that the sender knows to be committed.
        kept: under the partial strategy, the columns and hot nodes on the sender's disk.
    """

    term: int
    last_term: int
    last_lsn: int
    commit_term: int = 0
    commit_lsn: int = 0
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Configure:
    """The term begins; the primary that it names opens it."""

    configuration: Configuration


@dataclass(frozen=True, slots=True)
class Report:
    """How a replica stands, sent to the catalog every heartbeat.

    Attributes:
        term: of the configuration that it works in; 0 before the first.
        promised: the highest term that it has promised.
        opened: it has seen an entry of its term commit, which completes the configuration.
        leading: it leads its term, and has done so without a restart.
        silent: those that it sends the log to and has not heard from for too long.
        caught_up: learners that may become members.
        complete: under the partial strategy, the sender keeps all that it is assigned.
    """

    term: int
    promised: int
    opened: bool
    leading: bool
    silent: tuple[ReplicaId, ...] = ()
    caught_up: tuple[ReplicaId, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ConfigurationQuery:
    """Who serves the partition? Asked by clients, answered with `Configure`."""


@dataclass(frozen=True, slots=True)
class Want:
    """These replicas are to serve the partition: a move, a growth, the replacement of a lost disk.

    Sent again until a configuration that wants them exists, for the catalog may die meanwhile.

    Attributes:
        replicas: all that should serve it in the end.
        coverage: under the partial strategy, what each is to keep.
        lost: under the eventual strategy, replicas that will not come back with their writes.
    """

    replicas: tuple[ReplicaId, ...]
    coverage: tuple[tuple[ReplicaId, frozenset[str]], ...] = ()
    lost: tuple[ReplicaId, ...] = ()


# --- between clients and replicas -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Make a client known; its writes are refused before."""

    client: str


@dataclass(frozen=True, slots=True)
class Write:
    """One write. Sent again under the same number, it is applied once.

    Attributes:
        settled: results of numbers below this one have arrived.
        after: what the session has seen.
    """

    client: str
    seq: int
    settled: int
    command: bytes
    after: VersionVector = NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class Read:
    """One read.

    Attributes:
        client, number: whose read it is, and as its how manieth; returned with the answer.
        query: bytes for the state machine.
        level: which states may answer.
        lsn_min: the answer reflects this partition's log up to here, or later.
        tags: the columns or hot nodes that it needs.
    """

    client: str
    number: int
    query: bytes
    level: Consistency
    lsn_min: int = 0
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteDone:
    """The write is applied, and on as many disks as the strategy promises.

    Attributes:
        lsn: a replica that has applied this LSN shows the write.
        dependencies: what the partition's writers had seen by then.
    """

    partition: str
    client: str
    seq: int
    lsn: int
    result: bytes
    dependencies: VersionVector


@dataclass(frozen=True, slots=True)
class ReadDone:
    """The answer, as of an LSN."""

    client: str
    number: int
    lsn: int
    result: bytes
    dependencies: VersionVector


@dataclass(frozen=True, slots=True)
class SessionUnknown:
    """The session was never opened here, or was forgotten; the write may have been applied
    before.
    """

    partition: str
    client: str
    seq: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """Ask elsewhere, or again: nothing was decided about the request.

    Attributes:
        request: the number of the read, or the sequence number of the write.
        configuration: the newest that the sender knows.
        reason: for a person.
    """

    request: int
    configuration: Configuration | None
    reason: str


Request: TypeAlias = OpenSession | Write | Read
Answer: TypeAlias = WriteDone | ReadDone | SessionUnknown | Redirect
Message: TypeAlias = (
    Append
    | Appended
    | InstallSnapshot
    | Heartbeat
    | HeartbeatAck
    | Refused
    | CommitQuery
    | CommitAnswer
    | CoverageQuery
    | CoverageAnswer
    | Seal
    | Sealed
    | Configure
    | Report
    | ConfigurationQuery
    | Want
    | Request
    | Answer
    | EventualMessage
)
