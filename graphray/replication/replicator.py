"""Sending the log on: from the primary to all, or along a chain from each member to the next.

Whoever sends keeps, for each receiver, where its log is known to agree and durable (*match*) and
what to send next. Sending is optimistic: the next entries go out without waiting for the last
answer; what was lost is found by the heartbeat, which falls back to *match*.

What is committed:

- from the primary to all: what a write quorum holds. In a chain: what the tail holds; every member
  passes on only what is on its own disk, so all before the tail hold it.
- only up to an entry of the present term. An entry of an older term may be held by a quorum and
  still be lost to a longer log of a term in between (Ongaro and Ousterhout, "In Search of an
  Understandable Consensus Algorithm", 2014, fig. 8); the barrier that opens each term commits them
  all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.core import ReplicaCore
from graphray.replication.messages import Append, Appended, InstallSnapshot


@dataclass
class Progress:
    """What is known of one receiver.

    Attributes:
        next_lsn: the entry to send next.
        match_lsn: durable there, and the same as here.
        heard_ms: when it answered last.
        marked_lsn: the match at the last heartbeat; no progress since means: send again.
        snapshot_ms: when a snapshot was sent that has not been confirmed; nothing else is sent.
    """

    next_lsn: int
    match_lsn: int
    heard_ms: float
    marked_lsn: int = -1
    snapshot_ms: float | None = None


class Replicator:
    """The sending half of a replica."""

    def __init__(self, core: ReplicaCore) -> None:
        self._core = core
        self.progress: dict[ReplicaId, Progress] = {}
        self._committed_downstream_lsn = 0
        core.on_adopted.append(self.start)

    def start(self) -> None:
        """Begin to send in a new term."""
        core = self._core
        self._committed_downstream_lsn = 0
        in_chain = self._configuration.strategy is Strategy.CHAIN
        # What a chain's member has not verified itself may not serve to verify its successor.
        known_lsn = core.commit_lsn if in_chain else core.log.last_lsn
        self.progress = {
            receiver: Progress(known_lsn + 1, 0, core.clock.monotonic_ms)
            for receiver in self._receivers()
        }

    def resume(self) -> None:
        """Go on in a restarted process: a member of a chain passes on what it is sent.

        A primary does not: what it had sent may be on others' disks and not on its own.
        """
        if self._configuration.strategy is Strategy.CHAIN:
            self.start()

    def _receivers(self) -> Iterable[ReplicaId]:
        configuration, replica = self._configuration, self._core.replica
        if configuration.strategy is Strategy.CHAIN:
            successor = configuration.successor(replica)
            yield from () if successor is None else (successor,)
            yield from configuration.learners if replica == configuration.primary else ()
        elif replica == configuration.primary:
            yield from configuration.members[1:]
            yield from configuration.learners

    def send_new(self) -> None:
        """Send to every receiver what it has not been sent yet."""
        for receiver, progress in self.progress.items():
            while progress.snapshot_ms is None and progress.next_lsn <= self._sendable_lsn():
                self._send(receiver, progress)

    def send_again(self) -> None:
        """At every heartbeat: where nothing has been confirmed since the last one, start over."""
        late_ms = self._core.clock.monotonic_ms - self._core.settings.suspect_ms
        for receiver, progress in self.progress.items():
            if progress.snapshot_ms is not None and progress.snapshot_ms > late_ms:
                continue
            if progress.match_lsn == progress.marked_lsn:
                if progress.match_lsn:
                    progress.next_lsn = progress.match_lsn + 1
                self._send(receiver, progress)
            progress.marked_lsn = progress.match_lsn

    def on_appended(self, sender: ReplicaId, message: Appended) -> None:
        """A receiver says how far it is."""
        progress = self.progress.get(sender)
        if message.term != self._core.term or progress is None:
            return
        progress.heard_ms = self._core.clock.monotonic_ms
        if message.resend_from:
            # An answer from before the last progress is late; the next heartbeat finds out.
            if progress.snapshot_ms is None and message.resend_from > progress.match_lsn:
                progress.next_lsn = message.resend_from
                self._send(sender, progress)
            return
        progress.match_lsn = max(progress.match_lsn, message.durable_lsn)
        progress.next_lsn = max(progress.next_lsn, progress.match_lsn + 1)
        if progress.match_lsn >= progress.next_lsn - 1:
            progress.snapshot_ms = None
        if sender == self._successor():
            self._committed_downstream_lsn = max(
                self._committed_downstream_lsn, message.committed_lsn
            )

    def advance_commit(self) -> bool:
        """Commit what enough replicas hold; True where that was anything new."""
        core, configuration = self._core, self._configuration
        if configuration.strategy is Strategy.CHAIN:
            is_tail = core.replica == configuration.members[-1]
            downstream_lsn = core.settled_lsn if is_tail else self._committed_downstream_lsn
            lsn = min(downstream_lsn, core.settled_lsn)
        elif core.leading:
            lsn = self._held_by(configuration)
        else:
            return False
        is_new = lsn > core.commit_lsn and self._may_commit(lsn)
        if is_new:
            core.advance_commit(lsn)
        return is_new

    def _may_commit(self, lsn: int) -> bool:
        return self._core.log.term_at(lsn) == self._core.term

    def _held_by(self, configuration: Configuration) -> int:
        """The last entry that a write quorum holds."""
        held = [self.progress[m].match_lsn for m in configuration.members[1:]]
        held.append(self._core.settled_lsn)
        held.sort(reverse=True)
        return held[configuration.write_quorum - 1]

    def silent(self) -> tuple[ReplicaId, ...]:
        """Receivers that have not answered for too long."""
        since_ms = self._core.clock.monotonic_ms - self._core.settings.suspect_ms
        return tuple(r for r, p in self.progress.items() if p.heard_ms < since_ms)

    def caught_up(self) -> tuple[ReplicaId, ...]:
        """Learners that lag by little enough to become members."""
        floor = self._core.commit_lsn - self._core.settings.caught_up_entries
        return tuple(
            r
            for r in self._configuration.learners
            if r in self.progress and self.progress[r].match_lsn >= max(floor, 1)
        )

    @property
    def _configuration(self) -> Configuration:
        configuration = self._core.configuration
        assert configuration is not None, f"{self._core.replica} has no configuration yet"
        return configuration

    def _successor(self) -> ReplicaId | None:
        return self._configuration.successor(self._core.replica)

    def _sendable_lsn(self) -> int:
        core = self._core
        if self._configuration.strategy is Strategy.CHAIN:
            return core.settled_lsn
        return core.log.last_lsn

    def _send(self, receiver: ReplicaId, progress: Progress) -> None:
        core = self._core
        if progress.next_lsn <= core.log.base_lsn or progress.snapshot_ms is not None:
            self._send_snapshot(receiver, progress)
            return
        prev_lsn = progress.next_lsn - 1
        last_lsn = min(self._sendable_lsn(), prev_lsn + core.settings.batch_entries_max)
        prev_term = core.log.term_at(prev_lsn)
        assert prev_term is not None, f"{core.replica}: entry {prev_lsn} for {receiver} is not here"
        entries = tuple(core.log.between(prev_lsn, last_lsn))
        progress.next_lsn += len(entries)
        core.send(
            receiver, Append(self._configuration, prev_lsn, prev_term, entries, core.commit_lsn)
        )

    def _send_snapshot(self, receiver: ReplicaId, progress: Progress) -> None:
        snapshot = self._core.latest_snapshot
        assert snapshot is not None, f"{self._core.replica} trimmed its log without a snapshot"
        progress.next_lsn = snapshot.lsn + 1
        progress.snapshot_ms = self._core.clock.monotonic_ms
        self._core.send(receiver, InstallSnapshot(self._configuration, snapshot))
