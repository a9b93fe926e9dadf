"""Writes at the primary: each becomes one entry, and is answered once that entry is applied.

A retry finds its result in the session table, or its entry still under way and waits for it, or is
new. Two entries of the same write may get into a log through a failover; the table is asked again
when an entry is applied, so the second one changes nothing.
"""

from __future__ import annotations

from graphray.replication.core import ReplicaCore
from graphray.replication.entries import Entry, EntryKind
from graphray.replication.messages import OpenSession, Redirect, SessionUnknown, Write, WriteDone
from graphray.replication.sessions import Novelty


class WriteDesk:
    """Takes writes, and answers them when they are applied."""

    def __init__(self, core: ReplicaCore) -> None:
        self._core = core
        self._waiting: dict[tuple[str, int], set[str]] = {}
        core.on_applied.append(self._answer_applied)
        core.on_adopted.append(self.turn_away)

    def on_open_session(self, sender: str, message: OpenSession) -> None:
        """Make a client known."""
        if self._core.configuration is not None and self._core.sessions.is_open(message.client):
            self._send_done(sender, message.client, 0, self._core.applied_lsn, b"")
        else:
            self._enter(sender, message.client, 0, EntryKind.OPEN_SESSION)

    def on_write(self, sender: str, message: Write) -> None:
        """One write of a session."""
        core = self._core
        novelty = core.sessions.novelty(message.client, message.seq)
        if novelty is Novelty.APPLIED and core.configuration is not None:
            lsn, result = core.sessions.result(message.client, message.seq)
            self._send_done(sender, message.client, message.seq, lsn, result)
        elif novelty is Novelty.UNKNOWN_SESSION and core.leading:
            # Others may be behind, and not know it yet.
            core.send(sender, self._unknown(message.client, message.seq))
        else:
            self._enter(sender, message.client, message.seq, EntryKind.COMMAND, message)

    def _enter(
        self, sender: str, client: str, seq: int, kind: EntryKind, write: Write | None = None
    ) -> None:
        core = self._core
        if not core.leading:
            core.send(sender, Redirect(seq, core.configuration, "does not lead the partition"))
            return
        waiting = self._waiting.get((client, seq))
        if waiting is not None:
            waiting.add(sender)
            return
        self._waiting[client, seq] = {sender}
        entry = Entry(core.log.last_lsn + 1, core.term, kind, client, seq, time_ms=self._time_ms())
        if write is not None:
            entry = Entry(
                entry.lsn,
                entry.term,
                kind,
                client,
                seq,
                write.settled,
                entry.time_ms,
                write.after,
                write.command,
            )
        self.append_as_primary(entry)

    def open_term(self) -> None:
        """Begin to lead: this log is the truth, and a barrier commits what earlier terms left."""
        core = self._core
        core.leading = True
        self.append_as_primary(
            Entry(core.log.last_lsn + 1, core.term, EntryKind.BARRIER, time_ms=self._time_ms())
        )

    def append_as_primary(self, entry: Entry) -> None:
        """Add an entry to the log that all others follow."""
        self._core.append(entry)
        self._core.verified_lsn = entry.lsn

    def _time_ms(self) -> int:
        return max(self._core.log_time_ms, int(self._core.clock.wall_ms))

    def _answer_applied(self, entry: Entry, result: bytes | None) -> None:
        for sender in self._waiting.pop((entry.client, entry.seq), ()):
            if result is None:
                self._core.send(sender, self._unknown(entry.client, entry.seq))
            else:
                self._send_done(sender, entry.client, entry.seq, entry.lsn, result)

    def _send_done(self, to: str, client: str, seq: int, lsn: int, result: bytes) -> None:
        dependencies = self._core.dependencies
        self._core.send(to, WriteDone(self._partition, client, seq, lsn, result, dependencies))

    def _unknown(self, client: str, seq: int) -> SessionUnknown:
        return SessionUnknown(self._partition, client, seq)

    @property
    def _partition(self) -> str:
        assert self._core.configuration is not None
        return self._core.configuration.partition

    def turn_away(self) -> None:
        """The term is over: whether these writes count is the next primary's to say."""
        for (_, seq), senders in self._waiting.items():
            for sender in senders:
                self._core.send(sender, Redirect(seq, self._core.configuration, "the term ended"))
        self._waiting.clear()
