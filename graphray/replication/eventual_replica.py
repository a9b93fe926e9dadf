"""A replica that accepts writes while it can reach nobody: the *eventual* strategy.

A write is acknowledged once it is on this replica's disk, and reaches the others by anti-entropy:
every so often a replica asks another for what it lacks, naming what it has seen by a version vector
(Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987; Petersen et
al., "Flexible Update Propagation for Weakly Consistent Replication", SOSP 1997). Replicas that have
seen the same writes hold the same cells, whatever the order (`Cells`).

- Writes are numbered per replica without gaps, and are passed on, or read, only once they are
  durable: a number that anybody heard of is never given to two writes, not even across a crash.
- A write is applied only where everything that its writer had seen has been applied, so a replica's
  state is always closed under causes.
- A write keeps the stamp that its client gave it, or is refused: a replica that gave it a later one
  could make a second write of a late copy, and undo what was deleted in between.
- *Stable* is what every replica is known to have on disk. Stable writes need not be kept one by
  one; who lacks some all the same (a newcomer) is sent the whole state.
- A tombstone goes once it is stable and everything that the replicas had written by the time they
  were known to have it is stable, too: nobody can bring an older write of that cell any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from graphray.replication.cells import Cells, Merge, Place, Update, has_seen
from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.effects import (
    Clock,
    Effect,
    Event,
    Persisted,
    Received,
    SaveSnapshot,
    Send,
    SetTimer,
    SnapshotSaved,
    TimerFired,
    TrimLog,
)
from graphray.replication.entries import Adopted, Entry, Record
from graphray.replication.eventual_messages import (
    GetCells,
    GotCells,
    PutCells,
    PutDone,
    StampTooOld,
    SyncRequest,
    SyncState,
    SyncUpdates,
)
from graphray.replication.group_commit import GroupCommit
from graphray.replication.hybrid_clock import HybridClock
from graphray.replication.messages import Configure, Message, Redirect, Report, Snapshot
from graphray.replication.packing import pack, unpack
from graphray.replication.settings import ReplicationSettings
from graphray.replication.update_log import UpdateLog, entry_of, update_of
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

if TYPE_CHECKING:
    from random import Random


class EventualReplica:
    """A replica that was just started, on an empty disk or with what `recover` is given.

    Args:
        replica: its identity, which belongs to its disk.
        catalog: the address of the catalog.
        merges: by column, how concurrent values are merged.
        settings: times and limits.
        rng: chooses whom to ask.
    """

    def __init__(
        self,
        replica: ReplicaId,
        catalog: str,
        merges: Mapping[str, Merge],
        settings: ReplicationSettings,
        rng: Random,
    ) -> None:
        self.replica = replica
        self.cells = Cells(merges)
        self.seen = NOTHING_SEEN
        self.configuration: Configuration | None = None
        self._catalog = catalog
        self._settings = settings
        self._rng = rng
        self._durable = NOTHING_SEEN
        self._dependencies = NOTHING_SEEN
        self._elsewhere = NOTHING_SEEN
        self._log = UpdateLog()
        self._stamps = HybridClock(replica)
        self._known: dict[ReplicaId, VersionVector] = {}
        self._frontiers: dict[Place, VersionVector] = {}
        self._disk = GroupCommit()
        self._clock = Clock(0.0, 0.0)
        self._next_sync_ms = 0.0
        self._saving: Snapshot | None = None
        self._joining = False
        self._outbox: list[Effect] = []

    def recover(self, snapshot: Snapshot | None, records: Iterable[Record]) -> None:
        """Take up what a previous process of this replica left on its disk."""
        if snapshot is not None:
            self._load(snapshot)
        for record in records:
            match record:
                case Entry(lsn) if lsn == self._log.last_lsn + 1:
                    self._apply(update_of(record))
                case Adopted(configuration):
                    self.configuration = configuration
        self._durable = self.seen

    def handle(self, event: Event, clock: Clock) -> list[Effect]:
        """Take one event and say what is to be done; see `graphray.replication.replica`."""
        self._clock = clock
        match event:
            case Received(sender, message):
                self._on_message(sender, message)
            case Persisted(number):
                self._on_persisted(number)
            case SnapshotSaved(lsn):
                self._on_snapshot_saved(lsn)
            case TimerFired():
                self._on_timer()
        self._checkpoint_if_due()
        # What follows a state that was taken over must not be on disk before that state is.
        write = None if self._joining else self._disk.start()
        effects = self._outbox if write is None else [write, *self._outbox]
        self._outbox = []
        return effects

    def _on_message(self, sender: str, message: Message) -> None:
        match message:
            case PutCells():
                self._on_put(sender, message)
            case GetCells():
                self._on_get(sender, message)
            case SyncRequest():
                self._on_sync_request(sender, message)
            case SyncUpdates():
                self._on_sync_updates(sender, message)
            case SyncState():
                self._on_sync_state(sender, message)
            case Configure(configuration):
                self._on_configure(configuration)

    # --- clients ----------------------------------------------------------------------------------

    def _on_put(self, sender: str, message: PutCells) -> None:
        known = self._log.find(message.client, message.seq)
        if known is None:
            refusal = self._refusal(message)
            if refusal is not None:
                self._send(sender, refusal)
                return
            update = self._accept(message)
            known = update.origin, update.number, update.stamp
        done = PutDone(message.client, message.seq, *known)
        self._disk.when_durable(lambda: self._send(sender, done))

    def _refusal(self, message: PutCells) -> Redirect | StampTooOld | None:
        """Why a write that is not known here is not to be taken, if so."""
        if self.configuration is None or self.replica not in self.configuration.members:
            return Redirect(message.seq, self.configuration, "takes no writes")
        if self._log.has_later(message.client, message.seq):
            return Redirect(message.seq, self.configuration, "knows a later write of this client")
        latest = self.cells.must_exceed(message.writes)
        if message.stamp <= latest:
            return StampTooOld(message.client, message.seq, message.stamp, latest)
        return None

    def _accept(self, message: PutCells) -> Update:
        """Make a write one of this replica's."""
        number = self.seen[self.replica] + 1
        update = Update(
            self.replica,
            number,
            message.stamp,
            message.seen,
            message.client,
            message.seq,
            message.writes,
            message.elsewhere,
        )
        self._dependencies = self._dependencies.merge(message.seen)
        self._apply(update)
        self._disk.queue(entry_of(update, self._log.last_lsn))
        return update

    def _on_get(self, sender: str, message: GetCells) -> None:
        if not has_seen(self.seen, message.floor, self._lost()):
            self._send(sender, Redirect(message.number, self.configuration, "is behind"))
            return
        cells = (self.cells.get(place) for place in message.places)
        values = tuple(None if cell is None else cell.value for cell in cells)
        seen, latest = self.seen.merge(self._dependencies), self._stamps.latest
        got = GotCells(message.client, message.number, values, latest, seen, self._elsewhere)
        if self._durable[self.replica] == self.seen[self.replica]:
            self._send(sender, got)
        else:
            # A crash might undo own writes, and others would get the numbers that the token names.
            self._disk.when_durable(lambda: self._send(sender, got))

    # --- anti-entropy -----------------------------------------------------------------------------

    def _apply(self, update: Update) -> None:
        self._log.append(update)
        self.cells.write(update)
        self._stamps.observe(update.stamp)
        self.seen = self.seen.seen(update.origin, update.number)
        self._elsewhere = self._elsewhere.merge(update.elsewhere)

    def _ask_someone(self) -> None:
        peers = [r for r in self._everyone() if r != self.replica]
        if peers:
            self._send(self._rng.choice(peers), SyncRequest(self.seen, self._durable))

    def _lost(self) -> tuple[ReplicaId, ...]:
        return () if self.configuration is None else self.configuration.lost

    def _everyone(self) -> tuple[ReplicaId, ...]:
        return () if self.configuration is None else self.configuration.everyone

    def _on_sync_request(self, sender: ReplicaId, message: SyncRequest) -> None:
        self._know(sender, message.durable)
        if self._log.reaches_back_to(message.seen):
            updates = self._log.missing_from(
                message.seen, self._durable, self._settings.batch_entries_max, self._lost()
            )
            self._send(sender, SyncUpdates(updates, self._durable))
        elif self._durable.covers(self.seen):
            # Otherwise the state holds writes that a crash might still undo; asked again later.
            self._send(sender, SyncState(self._state(), self._durable))

    def _on_sync_updates(self, sender: ReplicaId, message: SyncUpdates) -> None:
        self._know(sender, message.durable)
        for update in message.updates:
            if update.follows(self.seen, self._lost()):
                self._apply(update)
                self._disk.queue(entry_of(update, self._log.last_lsn))

    def _on_sync_state(self, sender: ReplicaId, message: SyncState) -> None:
        self._know(sender, message.durable)
        if self._saving is None and not self.seen.covers(message.durable):
            self._joining = True
            self._join_state(message.state)
            # The parts of a state cannot be logged one by one: it is durable as a snapshot.
            self._save_snapshot()

    def _know(self, replica: ReplicaId, durable: VersionVector) -> None:
        """Another replica has this on disk."""
        self._known[replica] = self._known.get(replica, NOTHING_SEEN).merge(durable)
        self._forget_stable()

    def _forget_stable(self) -> None:
        """Let go of what every replica has."""
        everyone = self._everyone()
        if not everyone:
            return
        known = [
            self._durable if r == self.replica else self._known.get(r, NOTHING_SEEN)
            for r in everyone
        ]
        stable = VersionVector({name: min(v[name] for v in known) for name in known[0]})
        self._log.drop_covered(stable, self._settings.keep_entries)
        written = known[0]
        for vector in known[1:]:
            written = written.merge(vector)
        self._forget_tombstones(stable, written)

    def _forget_tombstones(self, stable: VersionVector, written: VersionVector) -> None:
        tombstones = self.cells.tombstones()
        known = self._frontiers
        self._frontiers = {place: known[place] for place, _ in tombstones if place in known}
        for place, cell in tombstones:
            if stable[cell.origin] < cell.number:
                self._frontiers.pop(place, None)
            elif stable.covers(self._frontiers.setdefault(place, written)):
                del self._frontiers[place]
                self.cells.forget(place)

    # --- disk -------------------------------------------------------------------------------------

    def _on_persisted(self, number: int) -> None:
        records, actions = self._disk.finish(number)
        for record in records:
            if isinstance(record, Entry):
                self._durable = self._durable.seen(record.client, record.seq)
        for action in actions:
            action()

    def _state(self) -> bytes:
        return pack(
            (
                self.cells.to_plain(),
                self.seen.to_plain(),
                self._dependencies.to_plain(),
                self._elsewhere.to_plain(),
                self._log.applied_to_plain(),
            )
        )

    def _checkpoint_if_due(self) -> None:
        if self._saving is None and (
            self._log.last_lsn - self._log.saved_lsn >= self._settings.checkpoint_entries
        ):
            self._save_snapshot()

    def _save_snapshot(self) -> None:
        wall_ms = self._stamps.latest.wall_ms
        self._saving = Snapshot(self._log.last_lsn, 0, wall_ms, self._state(), b"", self.seen)
        self._outbox.append(SaveSnapshot(self._saving))

    def _on_snapshot_saved(self, lsn: int) -> None:
        if self._saving is not None and self._saving.lsn == lsn:
            self._durable = self._durable.merge(self._saving.dependencies)
            self._log.saved_lsn = lsn
            self._saving, self._joining = None, False
            self._outbox.append(TrimLog(lsn))

    def _load(self, snapshot: Snapshot) -> None:
        cells, seen, dependencies, elsewhere, applied = unpack(snapshot.state)
        self.cells.load_plain(cells)
        self.seen = VersionVector(seen)
        self._dependencies = VersionVector(dependencies)
        self._elsewhere = VersionVector(elsewhere)
        self._log.restart(snapshot.lsn, self.seen, applied)
        self._observe_cells()

    def _join_state(self, state: bytes) -> None:
        cells, seen, dependencies, elsewhere, applied = unpack(state)
        theirs = VersionVector(seen)
        self.cells.join_all(cells, theirs, self.seen)
        self.seen = self.seen.merge(theirs)
        self._dependencies = self._dependencies.merge(VersionVector(dependencies))
        self._elsewhere = self._elsewhere.merge(VersionVector(elsewhere))
        self._log.restart(self._log.last_lsn + 1, self.seen, applied)
        self._observe_cells()

    def _observe_cells(self) -> None:
        for _, cell in self.cells.items():
            self._stamps.observe(cell.stamp)

    # --- the catalog, and time --------------------------------------------------------------------

    def _on_configure(self, configuration: Configuration) -> None:
        if self.configuration is None or configuration.term > self.configuration.term:
            self.configuration = configuration
            self._disk.queue(Adopted(configuration))

    def _on_timer(self) -> None:
        now_ms = self._clock.monotonic_ms
        if now_ms >= self._next_sync_ms:
            self._next_sync_ms = now_ms + self._settings.heartbeat_ms
            self._ask_someone()
            self._send(self._catalog, self._report())
        self._outbox.append(SetTimer(self._next_sync_ms))

    def _report(self) -> Report:
        term = 0 if self.configuration is None else self.configuration.term
        caught_up = (self.replica,) if self._is_drained() else ()
        return Report(term, term, opened=term > 0, leading=True, caught_up=caught_up)

    def _is_drained(self) -> bool:
        """Whether members have all writes here that no member accepted.

        Those are its own, and those of replicas that left before it and may have left them here.
        """
        if self.configuration is None or self.replica in self.configuration.members:
            return False
        members = self.configuration.members
        known = [self._known.get(member, NOTHING_SEEN) for member in members]
        return all(
            any(vector[origin] >= number for vector in known)
            for origin, number in self.seen.items()
            if origin not in members
        )

    def _send(self, to: str, message: Message) -> None:
        self._outbox.append(Send(to, message))
