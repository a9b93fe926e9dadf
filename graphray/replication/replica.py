"""One replica of one partition as a state machine: events in, effects out.

``handle(event, clock)`` never acts, waits or looks at a clock of its own: the same events with the
same clock readings lead to the same effects. The parts each do one thing and share `ReplicaCore`:

| part | does |
| --- | --- |
| `Sealer` | binds the replica to its term, and releases it |
| `Follower` | takes the log from upstream |
| `Replicator` | sends it on, and commits |
| `WriteDesk`, `ReadDesk` | serve clients |
| `Checkpointer` | snapshots, and cuts the log |
| `CoverageKeeper` | fetches columns under partial replication |

The catalog decides who leads (`graphray.replication.manager`). A replica that was restarted goes on
as a member of its term but does not lead it again: the catalog begins a new one.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphray.replication.checkpoints import Checkpointer
from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.core import ReplicaCore
from graphray.replication.coverage import CoverageKeeper
from graphray.replication.effects import (
    Clock,
    Effect,
    Event,
    Persisted,
    Received,
    SetTimer,
    SnapshotSaved,
    TimerFired,
)
from graphray.replication.entries import Adopted, Base, Entry, Promise, Record
from graphray.replication.follower import Follower
from graphray.replication.leases import HeldLease
from graphray.replication.log import ReplicatedLog
from graphray.replication.messages import (
    Append,
    Appended,
    CommitAnswer,
    CommitQuery,
    Configure,
    CoverageAnswer,
    CoverageQuery,
    Heartbeat,
    HeartbeatAck,
    InstallSnapshot,
    Message,
    OpenSession,
    Read,
    Refused,
    Report,
    Seal,
    Snapshot,
    Write,
)
from graphray.replication.reads import ReadDesk
from graphray.replication.replicator import Replicator
from graphray.replication.sealing import Sealer
from graphray.replication.settings import ReplicationSettings
from graphray.replication.state_machine import StateMachine
from graphray.replication.writes import WriteDesk


class Replica:
    """A replica that was just started, on an empty disk or with what `recover` is given.

    Args:
        replica: its identity, which belongs to its disk.
        catalog: the address of the catalog.
        state: the partition's data.
        settings: times and limits.
        clock: the process's clocks now.
    """

    def __init__(
        self,
        replica: ReplicaId,
        catalog: str,
        state: StateMachine,
        settings: ReplicationSettings,
        clock: Clock,
    ) -> None:
        self.core = ReplicaCore(replica, state, settings)
        self.core.clock = clock
        self._catalog = catalog
        self._held = HeldLease(settings)
        self._asked_ms: dict[ReplicaId, float] = {}
        self._sealer = Sealer(self.core, self._leads_until_ms)
        self._follower = Follower(self.core)
        self._replicator = Replicator(self.core)
        self._writes = WriteDesk(self.core)
        self._reads = ReadDesk(self.core, self._sealer.derived, self._leads_until_ms)
        self._checkpointer = Checkpointer(self.core)
        self._coverage = CoverageKeeper(self.core)
        self._next_heartbeat_ms = clock.monotonic_ms
        self.core.on_adopted.append(self._start_term)

    # --- the life of a replica --------------------------------------------------------------------

    def recover(self, snapshot: Snapshot | None, records: Iterable[Record]) -> None:
        """Take up what a previous process of this replica left on its disk.

        Args:
            snapshot: the one saved last.
            records: the log file's, as `scan` found them.
        """
        core = self.core
        core.kept = core.state.covered() or frozenset()
        if snapshot is not None:
            core.restore(snapshot)
            core.log = ReplicatedLog(snapshot.lsn, snapshot.term)
            core.latest_snapshot = snapshot
        for entry in self._replay(records):
            if entry.lsn == core.log.last_lsn + 1:
                core.log.append(entry)
                core.log_time_ms = max(core.log_time_ms, entry.time_ms)
        core.durable_lsn = core.log.last_lsn
        core.verified_lsn = core.commit_lsn
        if core.configuration is not None:
            self._replicator.resume()

    def _replay(self, records: Iterable[Record]) -> list[Entry]:
        """The entries behind the snapshot that were in the log at the end."""
        core = self.core
        entries: list[Entry] = []
        for record in records:
            match record:
                case Entry():
                    # An entry replaces whatever was at its place, and all that followed.
                    while entries and entries[-1].lsn >= record.lsn:
                        entries.pop()
                    entries.append(record)
                case Base():
                    entries.clear()
                case Promise(term):
                    core.promised = max(core.promised, term)
                case Adopted(configuration):
                    core.configuration = configuration
                    core.promised = max(core.promised, configuration.term)
        base_lsn, base_term = core.log.base_lsn, core.log.base_term
        if any(e.lsn == base_lsn and e.term != base_term for e in entries):
            # The snapshot came from a peer, and the crash from before the log was started anew.
            return []
        return [entry for entry in entries if entry.lsn > base_lsn]

    def handle(self, event: Event, clock: Clock) -> list[Effect]:
        """Take one event and say what is to be done.

        Args:
            event: what happened.
            clock: read after it happened.
        """
        self.core.clock = clock
        match event:
            case Received(sender, message):
                self._on_message(sender, message)
            case Persisted(number):
                self.core.on_persisted(number)
            case SnapshotSaved(lsn):
                self._follower.on_snapshot_saved(lsn)
                self._checkpointer.on_snapshot_saved(lsn)
            case TimerFired():
                self._on_timer()
        self._settle()
        return self.core.take_effects()

    def _settle(self) -> None:
        """What may follow from any event."""
        if self.core.configuration is not None:
            if self._replicator.advance_commit():
                self._follower.owe_acknowledgement()
            self._replicator.send_new()
            self._follower.acknowledge_if_owed()
        self._coverage.absorb_if_reached()
        self._checkpointer.checkpoint_if_due()
        self._reads.answer_ready()

    def _on_message(self, sender: str, message: Message) -> None:
        match message:
            case Append():
                self._follower.on_append(sender, message)
            case Appended():
                self._replicator.on_appended(sender, message)
            case InstallSnapshot():
                self._follower.on_install(sender, message)
            case Heartbeat():
                self._on_heartbeat(sender, message)
            case HeartbeatAck():
                self._on_heartbeat_ack(sender, message)
            case Write():
                self._writes.on_write(sender, message)
            case Read():
                self._reads.on_read(sender, message)
            case OpenSession():
                self._writes.on_open_session(sender, message)
            case CommitQuery():
                self._reads.on_commit_query(sender, message)
            case CommitAnswer():
                self._reads.on_commit_answer(message)
            case CoverageQuery():
                self._coverage.on_query(sender, message)
            case CoverageAnswer():
                self._coverage.on_answer(message)
            case Seal():
                self._sealer.on_seal(sender, message)
            case Configure(configuration):
                self._on_configure(sender, configuration)
            case Refused(promised):
                self._on_refused(promised)

    def lags(self) -> dict[ReplicaId, int]:
        """How many entries each of those that this replica sends the log to may not have on disk.

        Empty where it sends to nobody, or does not lead a log that all others copy.
        """
        core = self.core
        configuration = core.configuration
        if configuration is None or core.promised != core.term:
            return {}
        if configuration.strategy is not Strategy.CHAIN and not core.leading:
            return {}
        return {
            receiver: core.log.last_lsn - min(core.log.last_lsn, progress.match_lsn)
            for receiver, progress in self._replicator.progress.items()
        }

    # --- terms ------------------------------------------------------------------------------------

    def _on_configure(self, sender: str, configuration: Configuration) -> None:
        if configuration.term <= self.core.term or not self._follower.accepts(
            sender, configuration
        ):
            return
        if configuration.primary == self.core.replica:
            self._lead_once_durable(configuration.term)

    def _lead_once_durable(self, term: int) -> None:
        """Lead when the disk knows of the term, so that no later process leads it a second time.

        Without that: 1. a leads term 3, and b and c have its entry 7 on disk. 2. a crashes before
        its own disk has anything of term 3. 3. It is told of term 3 again, leads it again, and
        writes another entry 7 of the same term.
        """
        self.core.when_durable(lambda: self._open_term(term))

    def _open_term(self, term: int) -> None:
        if self.core.term == self.core.promised == term and not self.core.leading:
            self._writes.open_term()

    def _on_refused(self, promised: int) -> None:
        """Somebody has promised a later term: this one is over, and leads no more."""
        if promised > self.core.term and self.core.leading:
            self.core.leading = False
            self._writes.turn_away()

    def _start_term(self) -> None:
        self._held = HeldLease(self.core.settings)
        self._asked_ms.clear()

    # --- time -------------------------------------------------------------------------------------

    def _on_timer(self) -> None:
        core, now_ms = self.core, self.core.clock.monotonic_ms
        self._sealer.seal_if_free()
        if now_ms >= self._next_heartbeat_ms:
            self._next_heartbeat_ms = now_ms + core.settings.heartbeat_ms
            self._beat()
        wake_ms = self._next_heartbeat_ms
        if self._sealer.is_asked:
            wake_ms = min(wake_ms, max(now_ms, self._sealer.free_at_ms()))
        core.emit(SetTimer(wake_ms))

    def _beat(self) -> None:
        core = self.core
        self._reads.ask_again()
        if core.configuration is not None:
            self._replicator.send_again()
            self._coverage.fetch_missing()
            if core.leading and not self._sealer.is_asked:
                self._send_heartbeats(core.configuration)
        core.send(self._catalog, self._report())

    def _report(self) -> Report:
        core = self.core
        if core.configuration is None:
            return Report(0, core.promised, opened=False, leading=False)
        return Report(
            core.term,
            core.promised,
            core.opened,
            core.leading,
            self._replicator.silent(),
            self._replicator.caught_up() if core.leading else (),
            complete=self._coverage.is_complete(),
        )

    # --- leases -----------------------------------------------------------------------------------

    def _leads_until_ms(self) -> float:
        core = self.core
        if not core.leading or core.configuration is None:
            return float("-inf")
        return self._held.until_ms(core.configuration, core.clock.monotonic_ms)

    def _send_heartbeats(self, configuration: Configuration) -> None:
        core, now_ms = self.core, self.core.clock.monotonic_ms
        left_ms = 0.0
        if configuration.strategy.writes_all:
            left_ms = max(0.0, self._leads_until_ms() - now_ms)
        for receiver in configuration.everyone[1:]:
            asked_ms = self._asked_ms.get(receiver)
            passed_on_ms = 0.0 if asked_ms is None else left_ms
            heartbeat = Heartbeat(
                configuration,
                now_ms,
                core.commit_lsn,
                asked_ms or 0.0,
                passed_on_ms,
            )
            core.send(receiver, heartbeat)

    def _on_heartbeat(self, sender: str, message: Heartbeat) -> None:
        core, now_ms = self.core, self.core.clock.monotonic_ms
        if not self._follower.accepts(sender, message.configuration):
            return
        may_grant = not self._sealer.is_asked
        if may_grant:
            self._sealer.granted.grant(now_ms)
            self._sealer.derived.extend(message.asked_ms, message.lease_left_ms)
        self._follower.hear_commit(message.commit_lsn)
        asked_ms = self._sealer.derived.ask(now_ms)
        core.send(sender, HeartbeatAck(core.term, may_grant, message.sent_ms, asked_ms))

    def _on_heartbeat_ack(self, sender: str, message: HeartbeatAck) -> None:
        if message.term != self.core.term or not self.core.leading:
            return
        self._asked_ms[sender] = message.asked_ms
        if message.granted:
            self._held.renew(sender, message.sent_ms)
