"""What all parts of a replica share: its log, its place in the configuration, its state, its
outbox.

Three marks run along the log: ``commit_lsn <= verified_lsn`` and ``applied_lsn <= commit_lsn``.
*Verified* is how far the log is known to agree with the one of this term's primary; *durable* is
how far it is on disk; an entry counts for a quorum where it is both.

Records go to disk in the order in which they were queued, and one write is under way at a time. So
when a promise is durable, every entry before it is, too.
"""

from __future__ import annotations

from collections.abc import Callable

from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.effects import Clock, Effect, Send
from graphray.replication.entries import Adopted, Entry, EntryKind, Record
from graphray.replication.group_commit import GroupCommit
from graphray.replication.log import ReplicatedLog
from graphray.replication.messages import Message, Snapshot
from graphray.replication.sessions import Novelty, SessionTable
from graphray.replication.settings import ReplicationSettings
from graphray.replication.state_machine import StateMachine
from graphray.replication.version_vector import NOTHING_SEEN

OnApplied = Callable[[Entry, bytes | None], None]


class ReplicaCore:
    """The shared part of one replica.

    Args:
        replica: this copy's identity.
        state: the partition's data.
        settings: times and limits.
    """

    def __init__(
        self, replica: ReplicaId, state: StateMachine, settings: ReplicationSettings
    ) -> None:
        self.replica = replica
        self.state = state
        self.settings = settings
        self.clock = Clock(0.0, 0.0)
        self.log = ReplicatedLog()
        self.sessions = SessionTable(settings.sessions_max)
        self.dependencies = NOTHING_SEEN
        self.configuration: Configuration | None = None
        self.promised = 0
        self.commit_lsn = 0
        self.applied_lsn = 0
        self.verified_lsn = 0
        self.durable_lsn = 0
        self.log_time_ms = 0
        self.leading = False
        self.kept: frozenset[str] = frozenset()
        self.must_checkpoint = False
        self.apply_limit_lsn: int | None = None
        self.latest_snapshot: Snapshot | None = None
        self.installing: Snapshot | None = None
        self.on_applied: list[OnApplied] = []
        self.on_adopted: list[Callable[[], None]] = []
        self._outbox: list[Effect] = []
        self._disk = GroupCommit()

    # --- the outbox -------------------------------------------------------------------------------

    def emit(self, effect: Effect) -> None:
        """Have something done."""
        self._outbox.append(effect)

    def send(self, to: str, message: Message) -> None:
        """Send a message."""
        self._outbox.append(Send(to, message))

    def take_effects(self) -> list[Effect]:
        """What is to be done, in order; starts the next write if none is under way."""
        write = self._disk.start()
        # In front of this event's messages: an append may not overtake the write it follows.
        effects = self._outbox if write is None else [write, *self._outbox]
        self._outbox = []
        return effects

    # --- the disk ---------------------------------------------------------------------------------

    def persist(self, *records: Record) -> None:
        """Queue records for the next write."""
        self._disk.queue(*records)

    def when_durable(self, action: Callable[[], None]) -> None:
        """Do something once all that is queued or under way is on disk."""
        self._disk.when_durable(action)

    def on_persisted(self, number: int) -> None:
        """The write under way is durable."""
        records, actions = self._disk.finish(number)
        for record in reversed(records):
            # An entry that has been replaced meanwhile says nothing about its successor.
            if isinstance(record, Entry) and self.log.term_at(record.lsn) == record.term:
                self.durable_lsn = max(self.durable_lsn, record.lsn)
                break
        for action in actions:
            action()

    # --- the log ----------------------------------------------------------------------------------

    @property
    def term(self) -> int:
        """The term of the configuration, or 0 before the first."""
        return 0 if self.configuration is None else self.configuration.term

    @property
    def is_member(self) -> bool:
        """Whether this replica counts in quorums."""
        return self.configuration is not None and self.replica in self.configuration.members

    @property
    def settled_lsn(self) -> int:
        """How far the log is both durable and the same as the primary's."""
        return min(self.durable_lsn, self.verified_lsn)

    @property
    def opened(self) -> bool:
        """Whether an entry of the present term is known to be committed.

        From then on ``commit_lsn`` misses nothing that an earlier term acknowledged.
        """
        return self.term > 0 and self.log.term_at(self.commit_lsn) == self.term

    def append(self, entry: Entry) -> None:
        """Add an entry to the log, in memory and on its way to disk."""
        self.log.append(entry)
        self.log_time_ms = max(self.log_time_ms, entry.time_ms)
        self.persist(entry)

    def truncate_from(self, lsn: int) -> None:
        """Drop entries that the primary does not have; the entry that comes next replaces them."""
        assert lsn > self.commit_lsn, f"{self.replica}: truncating committed entry {lsn}"
        self.log.truncate_from(lsn)
        self.durable_lsn = min(self.durable_lsn, lsn - 1)

    def advance_commit(self, lsn: int) -> None:
        """Everything up to this entry is committed; apply it."""
        if lsn > self.commit_lsn:
            self.commit_lsn = lsn
        self.apply_committed()

    def apply_committed(self) -> None:
        """Apply what is committed, in order, as far as it may be applied."""
        limit = self.commit_lsn
        if self.apply_limit_lsn is not None:
            limit = min(limit, self.apply_limit_lsn)
        while self.applied_lsn < limit:
            entry = self.log[self.applied_lsn + 1]
            result = self._apply(entry)
            self.applied_lsn = entry.lsn
            self.dependencies = self.dependencies.merge(entry.after)
            for listener in self.on_applied:
                listener(entry, result)

    def _apply(self, entry: Entry) -> bytes | None:
        """The result of an entry; None where its session is unknown."""
        if entry.kind is EntryKind.BARRIER:
            return b""
        if entry.kind is EntryKind.OPEN_SESSION:
            self.sessions.open(entry.client, entry.lsn)
            return b""
        novelty = self.sessions.novelty(entry.client, entry.seq)
        if novelty is Novelty.UNKNOWN_SESSION:
            return None
        if novelty is Novelty.APPLIED:
            return self.sessions.result(entry.client, entry.seq)[1]
        result = self.state.apply(entry.lsn, entry.time_ms, entry.command)
        self.sessions.record(entry.client, entry.seq, entry.settled, lsn=entry.lsn, result=result)
        return result

    # --- the term ---------------------------------------------------------------------------------

    def adopt(self, configuration: Configuration) -> None:
        """Work in a newer configuration; whatever was verified in the old one is open again."""
        assert configuration.term > self.term, f"{self.replica}: term {configuration.term} is old"
        self.configuration = configuration
        self.promised = max(self.promised, configuration.term)
        self.leading = False
        self.verified_lsn = self.commit_lsn
        self.persist(Adopted(configuration))
        for listener in self.on_adopted:
            listener()

    # --- snapshots --------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The state after the last entry that was applied."""
        term = self.log.term_at(self.applied_lsn)
        assert term is not None, f"{self.replica}: entry {self.applied_lsn} is not in the log"
        return Snapshot(
            self.applied_lsn,
            term,
            self.log_time_ms,
            self.state.checkpoint(),
            self.sessions.to_bytes(),
            self.dependencies,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a snapshot's state; the log is the caller's business."""
        self.state.restore(snapshot.state)
        self.sessions = SessionTable.from_bytes(snapshot.sessions, self.settings.sessions_max)
        self.dependencies = snapshot.dependencies
        self.log_time_ms = max(self.log_time_ms, snapshot.time_ms)
        self.commit_lsn = self.applied_lsn = snapshot.lsn
        self.kept = self.state.covered() or frozenset()
