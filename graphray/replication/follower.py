"""Receiving the log: what a replica does with entries and snapshots from upstream.

An entry is taken where the one before it is the same as upstream; then, by induction, the whole log
before it is (Raft's log matching). What differs was never acknowledged, and is dropped. A committed
prefix is the same everywhere and is never touched.
"""

from __future__ import annotations

from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.core import ReplicaCore
from graphray.replication.effects import SaveSnapshot
from graphray.replication.entries import Base
from graphray.replication.log import ReplicatedLog
from graphray.replication.messages import Append, Appended, InstallSnapshot, Refused, Snapshot


class Follower:
    """The receiving half of a replica."""

    def __init__(self, core: ReplicaCore) -> None:
        self._core = core
        self._upstream: ReplicaId | None = None
        self._owes_ack = False
        core.on_adopted.append(self._start_term)

    def _start_term(self) -> None:
        self._upstream = None
        self._owes_ack = False
        self._core.installing = None

    def accepts(self, sender: str, configuration: Configuration) -> bool:
        """Whether a message of that term may be heard: a newer one is adopted, an older refused."""
        core = self._core
        if configuration.term < core.promised:
            core.send(sender, Refused(core.promised, core.configuration))
            return False
        if configuration.term > core.term:
            core.adopt(configuration)
        return True

    def on_append(self, sender: ReplicaId, message: Append) -> None:
        """Entries from upstream."""
        core = self._core
        if not self.accepts(sender, message.configuration) or core.installing is not None:
            return
        self._upstream = sender
        fits = message.prev_lsn <= core.commit_lsn or (
            core.log.term_at(message.prev_lsn) == message.prev_term
        )
        if not fits:
            resend_from = max(core.commit_lsn + 1, min(core.log.last_lsn + 1, message.prev_lsn))
            core.send(sender, Appended(core.term, 0, 0, resend_from))
            return
        self._take(message)
        self._advance_commit(message.commit_lsn)
        core.when_durable(self.owe_acknowledgement)

    def _take(self, message: Append) -> None:
        core = self._core
        for entry in message.entries:
            if entry.lsn <= core.commit_lsn:
                continue
            if core.log.term_at(entry.lsn) != entry.term:
                if entry.lsn <= core.log.last_lsn:
                    core.truncate_from(entry.lsn)
                core.append(entry)
        agreed_lsn = message.prev_lsn + len(message.entries)
        core.verified_lsn = max(core.verified_lsn, agreed_lsn)

    def _advance_commit(self, commit_lsn: int) -> None:
        """What upstream says is committed; a chain learns it from downstream instead."""
        core = self._core
        assert core.configuration is not None
        if core.configuration.strategy is not Strategy.CHAIN or not core.is_member:
            core.advance_commit(min(commit_lsn, core.verified_lsn))

    def hear_commit(self, commit_lsn: int) -> None:
        """The primary's heartbeat says how far the log is committed."""
        if self._core.installing is None:
            self._advance_commit(commit_lsn)

    def owe_acknowledgement(self) -> None:
        """Something that upstream waits for has changed."""
        self._owes_ack = True

    def acknowledge_if_owed(self) -> None:
        """Tell upstream how far this log is durable and agrees, and how far it is committed."""
        core = self._core
        owed, self._owes_ack = self._owes_ack, False
        if owed and self._upstream is not None and core.promised == core.term:
            core.send(self._upstream, Appended(core.term, core.settled_lsn, core.commit_lsn))

    def on_install(self, sender: ReplicaId, message: InstallSnapshot) -> None:
        """A snapshot in place of entries that upstream no longer keeps."""
        core = self._core
        if not self.accepts(sender, message.configuration) or core.installing is not None:
            return
        self._upstream = sender
        if message.snapshot.lsn <= core.commit_lsn:
            core.when_durable(self.owe_acknowledgement)
            return
        core.installing = message.snapshot
        core.emit(SaveSnapshot(message.snapshot))

    def on_snapshot_saved(self, lsn: int) -> None:
        """The snapshot is durable: go on from it."""
        core, snapshot = self._core, self._core.installing
        if snapshot is None or snapshot.lsn != lsn:
            return
        core.installing = None
        if lsn > core.commit_lsn:
            self._start_from(snapshot)
        core.when_durable(self.owe_acknowledgement)

    def _start_from(self, snapshot: Snapshot) -> None:
        core = self._core
        if core.log.term_at(snapshot.lsn) == snapshot.term:
            core.log.trim(snapshot.lsn)
        else:
            core.log = ReplicatedLog(snapshot.lsn, snapshot.term)
            core.durable_lsn = snapshot.lsn
            core.persist(Base(snapshot.lsn, snapshot.term))
        core.restore(snapshot)
        core.latest_snapshot = snapshot
        core.verified_lsn = max(core.verified_lsn, snapshot.lsn)
        core.durable_lsn = max(core.durable_lsn, snapshot.lsn)
