"""Bugs planted on purpose, to show that the checkers can see.

Each is a replacement of one method, in force within a ``with`` block and nowhere else; the product
has no switch for it. Each says in which scenario it shows, and within how many seeds it has to be
found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from graphray.replication import membership, transactional_state
from graphray.replication.cells import Cell, Cells
from graphray.replication.change_times import ChangeTimes
from graphray.replication.checkpoints import Checkpointer
from graphray.replication.commands import Accepted, Decide, Pin
from graphray.replication.configuration import Configuration
from graphray.replication.core import ReplicaCore
from graphray.replication.coverage import CoverageKeeper
from graphray.replication.effects import Persisted, TrimLog
from graphray.replication.eventual_replica import EventualReplica
from graphray.replication.follower import Follower
from graphray.replication.group_commit import GroupCommit
from graphray.replication.hybrid_clock import HybridClock
from graphray.replication.messages import Appended, CoverageAnswer
from graphray.replication.packing import pack
from graphray.replication.reads import ReadDesk
from graphray.replication.replica import Replica
from graphray.replication.replicator import Replicator
from graphray.replication.sealing import Sealer
from graphray.replication.sessions import Novelty, SessionTable
from graphray.replication.transactional_state import TransactionalState
from graphray.replication.update_log import UpdateLog
from graphray.replication.version_vector import VersionVector
from tests.simulation.process import Process


@dataclass(frozen=True)
class PlantedBug:
    """One bug.

    Attributes:
        name: what is wrong.
        scenario: where it shows.
        plant: puts it in force.
        shows_at: a seed that shows it, so that the short round need not search for one.
        seeds_max: it has to be found within so many seeds.
    """

    name: str
    scenario: str
    plant: Callable[[], AbstractContextManager[Any]]
    shows_at: int = 0
    seeds_max: int = 300


def replaced(kind: type, method: str, by: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch.object(kind, method, by)


def _persisted_without_fsync(self: Process, number: int) -> None:
    self.post(Persisted(number))


def _accepts_any_term(self: Follower, sender: str, configuration: Configuration) -> bool:
    if configuration.term > self._core.term:
        self._core.adopt(configuration)
    return True


def _every_write_is_new(self: SessionTable, client: str, seq: int) -> Novelty:
    return Novelty.NEW if self.is_open(client) else Novelty.UNKNOWN_SESSION


def _trims_before_the_snapshot_is_saved(self: Checkpointer) -> None:
    core = self._core
    if core.applied_lsn - core.log.base_lsn >= core.settings.checkpoint_entries:
        core.latest_snapshot = core.snapshot()
        core.log.trim(core.applied_lsn)
        core.emit(TrimLog(core.applied_lsn))


def _counts_only_itself(self: Replicator, configuration: Configuration) -> int:
    return self._core.settled_lsn


@contextmanager
def _head_skips_the_tail() -> Iterator[None]:
    """What the next member holds counts as held by all."""
    original = Replicator.on_appended

    def on_appended(self: Replicator, sender: str, message: Appended) -> None:
        early = Appended(
            message.term, message.durable_lsn, message.durable_lsn, message.resend_from
        )
        original(self, sender, early)

    with patch.object(Replicator, "on_appended", on_appended):
        yield


def _promises_in_memory_only(self: Sealer, sender: str, term: int) -> None:
    self._core.promised = max(self._core.promised, term)
    self._core.leading = False
    self._answer(sender, term)


def _whoever_comes_first(
    replica: str, newest: Configuration, wanted: tuple[str, ...], sealed: Any
) -> tuple[int, ...]:
    return (-wanted.index(replica) if replica in wanted else -len(wanted),)


@contextmanager
def _only_the_newest_configuration_is_asked() -> Iterator[None]:
    original = membership.propose

    def propose(configurations: Any, *rest: Any) -> Any:
        return original(list(configurations)[-1:], *rest)

    with patch("graphray.replication.manager.propose", propose):
        yield


def _any_member_answers(self: ReadDesk) -> bool:
    return self._core.is_member


def _dirty_members_answer(self: ReadDesk) -> bool:
    core = self._core
    return core.opened and core.promised == core.term and self._holds_lease()


def _leads_therefore_answers(self: ReadDesk) -> bool:
    return self._core.leading or self._derived.is_held(self._core.clock.monotonic_ms)


@contextmanager
def _decision_kept_nowhere() -> Iterator[None]:
    original = TransactionalState._decide

    def decide(self: TransactionalState, command: Decide) -> Any:
        decided = original(self, command)
        self._decisions.pop(command.transaction)
        return decided

    with patch.object(TransactionalState, "_decide", decide):
        yield


@contextmanager
def _touches_leave_no_trace() -> Iterator[None]:
    original = ChangeTimes.note

    def note(self: ChangeTimes, writes: Any, touches: bytes, time: int) -> None:
        original(self, writes, b"", time)

    with patch.object(ChangeTimes, "note", note):
        yield


def _pins_leave_time_alone(self: TransactionalState, pin: Pin, now_ms: int) -> Any:
    self._pins.add(pin, now_ms)
    return Accepted(self._time)


def _forgets_tombstones_at_once(self: EventualReplica, stable: Any, written: Any) -> None:
    for place, cell in list(self.cells.items()):
        if cell.value is None:
            self.cells.forget(place)


@contextmanager
def _passes_on_what_is_not_durable() -> Iterator[None]:
    original = UpdateLog.missing_from

    def missing_from(self: UpdateLog, seen: Any, durable: Any, *rest: Any) -> Any:
        everything = VersionVector({update.origin: update.number for update in self._updates})
        return original(self, seen, everything, *rest)

    with patch.object(UpdateLog, "missing_from", missing_from):
        yield


def _absorbs_at_any_lsn(self: CoverageKeeper, message: CoverageAnswer) -> None:
    if message.tags == self.missing():
        self._core.state.absorb(message.tags, message.content)
        self._forget()


def _finds_nothing(self: Any, *rest: Any) -> None:
    return None


def _by_stamp(cell: Cell) -> Any:
    return cell.stamp


_BUGS: tuple[tuple[str, str, Callable[[], AbstractContextManager[Any]]], ...] = (
    ("skipped fsync", "quorum", replaced(Process, "_persisted", _persisted_without_fsync)),
    ("unfenced old primary", "quorum", replaced(Follower, "accepts", _accepts_any_term)),
    (
        "read from a stale backup",
        "full",
        replaced(ReadDesk, "_may_answer_alone", _any_member_answers),
    ),
    ("retried write applied twice", "full", replaced(SessionTable, "novelty", _every_write_is_new)),
    (
        "log cut before the snapshot is saved",
        "full",
        replaced(Checkpointer, "checkpoint_if_due", _trims_before_the_snapshot_is_saved),
    ),
    (
        "snapshot without sessions",
        "full",
        replaced(
            SessionTable, "to_bytes", lambda self: pack({c: (0, 1, {}) for c in self._sessions})
        ),
    ),
    ("lease not checked", "quorum", replaced(ReadDesk, "_holds_lease", _leads_therefore_answers)),
    (
        "acknowledged before the quorum",
        "quorum",
        replaced(Replicator, "_held_by", _counts_only_itself),
    ),
    ("chain skips its tail", "chain", _head_skips_the_tail),
    (
        "acknowledged before it is durable",
        "quorum",
        replaced(ReplicaCore, "settled_lsn", property(lambda self: self.verified_lsn)),
    ),
    ("promise not on disk", "quorum", replaced(Sealer, "_seal", _promises_in_memory_only)),
    (
        "sealed while a lease runs",
        "leases",
        replaced(Sealer, "free_at_ms", lambda self: float("-inf")),
    ),
    (
        "dirty member answers",
        "chain",
        replaced(ReadDesk, "_may_answer_alone", _dirty_members_answer),
    ),
    (
        "new primary answers before its barrier",
        "quorum",
        replaced(ReplicaCore, "opened", property(lambda self: self.term > 0)),
    ),
    (
        "shorter log leads",
        "quorum",
        lambda: patch.object(membership, "_completeness", _whoever_comes_first),
    ),
    (
        "term led before it is on disk",
        "transactions",
        replaced(Replica, "_lead_once_durable", lambda self, term: self._open_term(term)),
    ),
    ("incomplete configurations skipped", "full", _only_the_newest_configuration_is_asked),
    ("decision kept in no log", "transactions", _decision_kept_nowhere),
    (
        "lock without a check of its fence",
        "transactions",
        replaced(TransactionalState, "_fenced_out", _finds_nothing),
    ),
    (
        "reads not validated",
        "transactions",
        replaced(TransactionalState, "_conflict_with_committed", _finds_nothing),
    ),
    (
        "prepared keys not protected",
        "transactions",
        replaced(TransactionalState, "_conflict_with_prepared", _finds_nothing),
    ),
    (
        "added to while it is read",
        "transactions",
        lambda: patch.object(transactional_state, "changed_keys", lambda c: frozenset(c.writes)),
    ),
    (
        "what was added to looks unchanged",
        "transactions",
        _touches_leave_no_trace,
    ),
    (
        "read past a prepared write",
        "transactions",
        replaced(TransactionalState, "_blocking", _finds_nothing),
    ),
    (
        "snapshot that later commits get into",
        "transactions",
        replaced(TransactionalState, "_pin", _pins_leave_time_alone),
    ),
    (
        "hybrid clock does not observe",
        "eventual",
        replaced(HybridClock, "observe", _finds_nothing),
    ),
    (
        "tombstone dropped too early",
        "eventual",
        replaced(EventualReplica, "_forget_tombstones", _forgets_tombstones_at_once),
    ),
    ("write passed on before it is durable", "eventual", _passes_on_what_is_not_durable),
    (
        "merge function not used",
        "eventual",
        replaced(Cells, "_join", lambda self, place, one, other: max(one, other, key=_by_stamp)),
    ),
    (
        "acknowledged before the disk has it",
        "eventual",
        replaced(GroupCommit, "when_durable", lambda self, action: action()),
    ),
    (
        "column taken over at the wrong LSN",
        "partial",
        replaced(CoverageKeeper, "on_answer", _absorbs_at_any_lsn),
    ),
)

# Where each was found last. A change of the code may move it; the search goes on from here.
_SHOWS_AT = {
    "acknowledged before it is durable": 127,
    "acknowledged before the quorum": 2,
    "added to while it is read": 4,
    "dirty member answers": 24,
    "hybrid clock does not observe": 13,
    "incomplete configurations skipped": 113,
    "lease not checked": 84,
    "lock without a check of its fence": 4,
    "prepared keys not protected": 2,
    "promise not on disk": 12,
    "reads not validated": 4,
    "sealed while a lease runs": 47,
    "shorter log leads": 7,
    "snapshot that later commits get into": 8,
    "snapshot without sessions": 6,
    "term led before it is on disk": 58,
    "tombstone dropped too early": 10,
    "unfenced old primary": 61,
    "what was added to looks unchanged": 4,
    "write passed on before it is durable": 127,
}

PLANTED = [PlantedBug(*bug, shows_at=_SHOWS_AT.get(bug[0], 0)) for bug in _BUGS]
