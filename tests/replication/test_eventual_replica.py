"""Replicas that accept writes on their own, told step by step."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.effects import (
    Clock,
    Persist,
    Persisted,
    Received,
    SaveSnapshot,
    Send,
    SnapshotSaved,
    TimerFired,
)
from graphray.replication.entries import Record
from graphray.replication.eventual_messages import (
    GetCells,
    GotCells,
    PutCells,
    PutDone,
    StampTooOld,
    SyncRequest,
)
from graphray.replication.eventual_replica import EventualReplica
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.messages import Configure, Message, Redirect, Report
from graphray.replication.settings import ReplicationSettings
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

SETTINGS = ReplicationSettings(keep_entries=0)
PLACE = (b"k", "v")


class Group:
    """Replicas, two unless named, that exchange what they have when they are told to."""

    def __init__(self, *names: str) -> None:
        self.disks: dict[str, list[Record]] = {name: [] for name in names or ("a", "b")}
        self.replicas = {name: self.new(name) for name in self.disks}
        self.heartbeats = 0
        self.slow_disk = False
        self.under_way: dict[str, Persist] = {}
        self.answers: list[Message] = []
        self.term = 0
        self.configure(*self.replicas)

    def configure(self, *members: str, leaving: tuple[str, ...] = ()) -> None:
        """All hear of the next configuration."""
        self.term += 1
        following = replace(configuration(*members, term=self.term), learners=leaving)
        for name in self.replicas:
            self.give(name, "catalog", Configure(following))

    def is_drained(self, name: str) -> bool:
        """What a replica reports to the catalog."""
        effects = self.replicas[name].handle(TimerFired(), Clock(self.now_ms(), 50))
        reports = [e.message for e in effects if isinstance(e, Send) and e.to == "catalog"]
        (report,) = reports
        assert isinstance(report, Report)
        return name in report.caught_up

    def now_ms(self) -> float:
        """A time at which the next heartbeat is due."""
        self.heartbeats += 1
        return self.heartbeats * SETTINGS.heartbeat_ms

    def new(self, name: str) -> EventualReplica:
        return EventualReplica(name, "catalog", {}, SETTINGS, Random(1))

    def give(self, name: str, sender: str, message: Message) -> None:
        self.carry_out(name, self.replicas[name].handle(Received(sender, message), Clock(0, 50)))

    def carry_out(self, name: str, effects: list[object]) -> None:
        for effect in effects:
            match effect:
                case Persist(number, records) if not self.slow_disk:
                    self.disks[name] += records
                    event = Persisted(number)
                    self.carry_out(name, self.replicas[name].handle(event, Clock(0, 50)))
                case SaveSnapshot(snapshot):
                    saved = SnapshotSaved(snapshot.lsn)
                    self.carry_out(name, self.replicas[name].handle(saved, Clock(0, 50)))
                case Persist():
                    self.under_way[name] = effect
                case Send(to, message) if to in self.replicas:
                    self.give(to, name, message)
                case Send(_, message):
                    self.answers.append(message)

    def finish_write(self, name: str) -> None:
        """What is on its way to a slow disk has arrived."""
        self.slow_disk = False
        self.carry_out(name, [self.under_way.pop(name)])

    def put(
        self, name: str, value: bytes | None, wall: int, seq: int = 1, counter: int = 0
    ) -> None:
        stamp = Stamp(wall, counter, "c")
        put = PutCells(f"c{wall}", seq, ((PLACE, value),), stamp, NOTHING_SEEN)
        self.give(name, "client", put)

    def sync(self, asking: str, asked: str) -> None:
        replica = self.replicas[asking]
        self.give(asked, asking, SyncRequest(replica.seen, replica._durable))

    def value(self, name: str) -> bytes | None:
        cell = self.replicas[name].cells.get(PLACE)
        return None if cell is None else cell.value


def configuration(*members: str, term: int = 1) -> Configuration:
    return Configuration("p", term, Strategy.EVENTUAL, members, wanted=members)


def test_both_accept_writes_and_agree_later() -> None:
    pair = Group()
    pair.put("a", b"old", 1)
    pair.put("b", b"new", 2)
    pair.sync("a", "b")
    pair.sync("b", "a")
    assert pair.value("a") == pair.value("b") == b"new"
    assert pair.replicas["a"].cells.conflicts == 1


def test_a_write_is_passed_on_and_acknowledged_only_from_the_disk() -> None:
    """Else its number might be given out again after a crash."""
    pair = Group()
    pair.slow_disk = True
    pair.put("a", b"x", 1)
    pair.sync("b", "a")
    assert pair.value("b") is None
    assert not [m for m in pair.answers if isinstance(m, PutDone)]


def test_nobody_reads_what_a_crash_may_still_undo() -> None:
    """The reader's token would name a number that is given out again after the crash.

    A write that the reader makes next would get that very number, and would be said to depend on
    itself: no replica could ever apply it, nor anything after it.
    """
    pair = Group()
    pair.slow_disk = True
    pair.put("a", b"x", 1)
    pair.give("a", "client", GetCells("c", 1, (PLACE,), NOTHING_SEEN))
    assert not pair.answers
    pair.finish_write("a")
    answer = pair.answers.pop()
    assert isinstance(answer, GotCells)
    assert (answer.values, answer.seen) == ((b"x",), VersionVector({"a": 1}))


def test_a_retry_at_another_replica_is_the_same_write() -> None:
    pair = Group()
    pair.put("a", b"x", 1)
    pair.put("b", b"x", 1)
    pair.put("b", b"y", 2)
    pair.sync("a", "b")
    pair.sync("b", "a")
    assert pair.value("a") == pair.value("b") == b"y"


def test_what_was_deleted_everywhere_is_forgotten_and_stays_deleted() -> None:
    pair = Group()
    pair.put("a", b"x", 1)
    pair.sync("b", "a")
    pair.put("b", None, 2)
    for _ in range(4):
        pair.sync("a", "b")
        pair.sync("b", "a")
    assert pair.replicas["a"].cells.get(PLACE) is None
    assert pair.replicas["b"].cells.get(PLACE) is None
    pair.answers.clear()
    pair.put("a", b"late", 1, seq=2)  # from a client whose clock is behind
    refusal = pair.answers.pop()
    assert refusal == StampTooOld("c1", 2, Stamp(1, 0, "c"), Stamp(2, 0, "c"))
    pair.put("a", b"late", 3)
    pair.sync("b", "a")
    assert pair.value("a") == pair.value("b") == b"late"


def test_a_late_copy_of_a_write_does_not_undo_its_deletion() -> None:
    """The client has gone on, so has the world; then the first message comes once more."""
    pair = Group()
    pair.put("a", b"x", 1, seq=1)
    pair.put("a", None, 1, seq=2, counter=1)
    for late_at in "ab":  # b knows neither of the writes
        pair.put(late_at, b"x", 1, seq=1)
        pair.sync("a", "b")
        pair.sync("b", "a")
        assert pair.value("a") is None
        assert pair.value("b") is None


def test_a_tombstone_stays_while_somebody_may_bring_an_older_write() -> None:
    pair = Group()
    pair.give("a", "catalog", Configure(configuration("a", "b", "c", term=2)))
    pair.put("a", None, 2)
    for _ in range(3):
        pair.sync("b", "a")
        pair.sync("a", "b")
    assert pair.replicas["a"].cells.get(PLACE) is not None


def test_a_replica_that_is_behind_a_token_says_so() -> None:
    pair = Group()
    pair.put("a", b"x", 1)
    floor = VersionVector({"a": 1})
    pair.answers.clear()
    pair.give("b", "client", GetCells("c", 1, (PLACE,), floor))
    assert isinstance(pair.answers.pop(), Redirect)
    pair.sync("b", "a")
    pair.give("b", "client", GetCells("c", 1, (PLACE,), floor))
    answer = pair.answers.pop()
    assert isinstance(answer, GotCells)
    assert (answer.values, answer.seen) == ((b"x",), floor)


def test_a_restarted_replica_has_what_it_acknowledged() -> None:
    pair = Group()
    pair.put("a", b"x", 1)
    revived = pair.new("a")
    revived.recover(None, pair.disks["a"])
    pair.replicas["a"] = revived
    assert pair.value("a") == b"x"
    pair.put("a", b"y", 2)
    assert revived.seen == VersionVector({"a": 2})


def test_who_lacks_what_is_kept_no_longer_is_sent_the_state() -> None:
    pair = Group()
    for wall in range(1, 4):
        pair.put("a", b"%d" % wall, wall)
    pair.sync("b", "a")
    pair.sync("a", "b")
    pair.sync("b", "a")
    pair.replicas["b"] = pair.new("b")  # one that has nothing, in b's place
    pair.sync("b", "a")
    assert pair.value("b") == b"3"


def test_who_leaves_still_knows_what_it_took() -> None:
    pair = Group()
    pair.put("a", b"x", 1)
    pair.configure("b", leaving=("a",))
    pair.answers.clear()
    pair.put("a", b"x", 1)
    assert isinstance(pair.answers.pop(), PutDone)
    pair.put("a", b"y", 2)
    assert isinstance(pair.answers.pop(), Redirect)


def test_a_replica_that_leaves_hands_on_what_others_left_with_it() -> None:
    """First a leaves, and only b has its write; then b leaves, too, before c has asked for it."""
    pair = Group("a", "b", "c")
    pair.put("a", b"x", 1)
    pair.configure("b", leaving=("a",))
    pair.sync("b", "a")
    pair.sync("a", "b")
    assert pair.is_drained("a")
    pair.configure("c", leaving=("b",))
    assert not pair.is_drained("b")
    pair.sync("c", "b")
    pair.sync("b", "c")
    assert pair.is_drained("b")
    assert pair.value("c") == b"x"


def test_what_a_writer_had_seen_elsewhere_is_told_to_readers_everywhere() -> None:
    pair = Group()
    elsewhere = VersionVector({"other": 7})
    put = PutCells("c", 1, ((PLACE, b"x"),), Stamp(1, 0, "c"), NOTHING_SEEN, elsewhere)
    pair.give("a", "client", put)
    pair.sync("b", "a")
    revived = pair.new("b")
    revived.recover(None, pair.disks["b"])
    pair.replicas["b"] = revived
    pair.answers.clear()
    pair.give("b", "client", GetCells("c", 2, (PLACE,), NOTHING_SEEN))
    answer = pair.answers.pop()
    assert isinstance(answer, GotCells)
    assert answer.elsewhere == elsewhere
