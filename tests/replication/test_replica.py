"""Races, step by step, on machines that are handed every message: what no clock can hide.

The simulator finds races; these tests tell them.
"""

from __future__ import annotations

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.effects import (
    Clock,
    Effect,
    Persist,
    Persisted,
    Received,
    SaveSnapshot,
    Send,
    SnapshotSaved,
    TimerFired,
    TrimLog,
)
from graphray.replication.entries import Record
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
    ReadDone,
    Redirect,
    Refused,
    Seal,
    Sealed,
    SessionUnknown,
    Write,
    WriteDone,
)
from graphray.replication.packing import pack, unpack
from graphray.replication.replica import Replica
from graphray.replication.settings import ReplicationSettings
from tests.simulation.lists import Lists

SETTINGS = ReplicationSettings(
    heartbeat_ms=20,
    lease_ms=100,
    suspect_ms=150,
    seal_wait_ms=160,
    clock_drift_max=0.0,
    checkpoint_entries=4,
    keep_entries=1,
)
CLIENT, CATALOG = "client", "catalog"


class Group:
    """Replicas whose messages lie in a bag until they are delivered; disks are instant or held."""

    def __init__(self, strategy: Strategy, names: str = "abc") -> None:
        self.now_ms = 0.0
        self.first = Configuration("p", 1, strategy, tuple(names), wanted=tuple(names))
        self.replicas = {name: self.new(name) for name in names}
        self.disks: dict[str, list[Record]] = {name: [] for name in names}
        self.held_disks: set[str] = set()
        self.held_writes: list[tuple[str, Persist]] = []
        self.bag: list[tuple[str, str, Message]] = []
        self.inbox: list[Message] = []
        self.effects: list[tuple[str, Effect]] = []
        self.now_ms = 1000.0
        for name in names:
            self.post(CATALOG, name, Configure(self.first))
        self.settle()

    def new(self, name: str) -> Replica:
        return Replica(name, CATALOG, Lists(), SETTINGS, Clock(self.now_ms, 0))

    def give(self, name: str, event: object) -> None:
        effects = self.replicas[name].handle(event, Clock(self.now_ms, 0))  # type: ignore[arg-type]
        for effect in effects:
            self.effects.append((name, effect))
            match effect:
                case Send(to, message):
                    self.post(name, to, message)
                case Persist() if name in self.held_disks:
                    self.held_writes.append((name, effect))
                case Persist(number, records):
                    self.disks[name] += records
                    self.give(name, Persisted(number))
                case SaveSnapshot(snapshot):
                    self.give(name, SnapshotSaved(snapshot.lsn))

    def post(self, sender: str, to: str, message: Message) -> None:
        if to in self.replicas:
            self.bag.append((sender, to, message))
        else:
            self.inbox.append(message)

    def settle(self, *, without: str = "") -> None:
        """Deliver everything, except from and to some."""
        while self.bag:
            sender, to, message = self.bag.pop(0)
            if sender not in without and to not in without:
                self.give(to, Received(sender, message))

    def tick(self, ms: float = 20, *, without: str = "") -> None:
        self.now_ms += ms
        for name in self.replicas:
            self.give(name, TimerFired())
        self.settle(without=without)

    def ask(self, to: str, message: Message, *, without: str = "") -> list[Message]:
        """What a client hears."""
        self.inbox.clear()
        self.post(CLIENT, to, message)
        self.settle(without=without)
        return [m for m in self.inbox if isinstance(m, WriteDone | ReadDone | Redirect)]

    def write(self, to: str, seq: int, *, without: str = "") -> list[Message]:
        if not self.replicas[to].core.sessions.is_open("s"):
            self.ask(to, OpenSession("s"), without=without)
        return self.ask(to, Write("s", seq, seq, pack(("k", seq))), without=without)

    def read(self, to: str, level: Consistency = Consistency.STRONG, lsn_min: int = 0) -> object:
        answers = self.ask(to, Read("s", 1, pack("k"), level, lsn_min))
        return unpack(answers[0].result) if isinstance(answers[0], ReadDone) else answers

    def begin(self, term: int, *members: str) -> None:
        c = Configuration("p", term, self.first.strategy, members)
        for name in members:
            self.post(CATALOG, name, Configure(c))
        self.settle()


def test_a_write_is_acknowledged_once_enough_disks_have_it() -> None:
    for strategy, needed in [(Strategy.FULL, "bc"), (Strategy.CHAIN, "bc"), (Strategy.QUORUM, "b")]:
        group = Group(strategy)
        group.write("a", 1)
        group.held_disks = {"a", "b", "c"} if strategy is not Strategy.QUORUM else {"b", "c"}
        assert not group.write("a", 2)
        for name in ("a", *needed):
            group.held_disks.discard(name)
            assert not group.inbox
            for owner, write in [w for w in group.held_writes if w[0] == name]:
                group.give(owner, Persisted(write.number))
            group.settle()
            for owner, write in [w for w in group.held_writes if w[0] == name]:
                group.give(owner, Persisted(write.number))
            group.settle()
        assert any(isinstance(m, WriteDone) and m.seq == 2 for m in group.inbox), strategy


def test_a_retry_is_answered_and_not_repeated() -> None:
    group = Group(Strategy.FULL)
    (first,) = group.write("a", 1)
    (again,) = group.write("a", 1)
    assert first == again
    group.tick()
    assert group.read("a") == (1,)


def test_a_retry_at_the_next_primary_is_known_there() -> None:
    group = Group(Strategy.QUORUM)
    group.write("a", 1)
    group.tick()
    group.begin(2, "b", "a", "c")
    (answer,) = group.write("b", 1)
    assert isinstance(answer, WriteDone)
    group.tick()
    assert group.read("b") == (1,)


def test_only_a_primary_within_its_lease_answers_strong_reads() -> None:
    group = Group(Strategy.QUORUM)
    group.write("a", 1)
    group.tick()
    assert group.read("a") == (1,)
    group.now_ms += SETTINGS.lease_ms  # paused: no heartbeat was answered meanwhile
    (answer,) = group.read("a")  # type: ignore[misc]
    assert isinstance(answer, Redirect)


def test_a_member_seals_only_when_the_lease_that_it_granted_has_lapsed() -> None:
    group = Group(Strategy.QUORUM)
    group.tick()
    group.inbox.clear()
    for name in "bc":
        group.post(CATALOG, name, Seal(2))
    group.settle()
    assert not [m for m in group.inbox if isinstance(m, Sealed)]
    group.tick(10, without="a")
    assert not [m for m in group.inbox if isinstance(m, Sealed)]
    group.tick(SETTINGS.promise_ms, without="a")
    assert len([m for m in group.inbox if isinstance(m, Sealed)]) == 2
    (answer,) = group.read("a")  # type: ignore[misc]
    assert isinstance(answer, Redirect), "by then the primary's lease has lapsed as well"


def test_an_old_primary_is_refused_and_steps_down() -> None:
    """1. b and c promise term 2.  2. a, which has not heard, sends entries of term 1."""
    group = Group(Strategy.QUORUM)
    group.now_ms += 1000
    for name in "bc":
        group.post(CATALOG, name, Seal(2))
    group.settle()
    assert not [m for m in group.write("a", 1) if isinstance(m, WriteDone)]
    assert not group.replicas["a"].core.leading
    assert group.replicas["b"].core.log.last_lsn == 1


def test_a_promise_survives_a_crash() -> None:
    group = Group(Strategy.QUORUM)
    group.now_ms += 1000
    group.post(CATALOG, "b", Seal(2))
    group.settle()
    revived = group.new("b")
    revived.recover(None, group.disks["b"])
    group.replicas["b"] = revived
    append = Append(group.first, 0, 0, (), 0)
    group.post("a", "b", append)
    effects = len(group.effects)
    group.settle()
    replies = [e.message for n, e in group.effects[effects:] if isinstance(e, Send) and n == "b"]
    assert any(isinstance(m, Refused) and m.promised == 2 for m in replies)


def test_a_restarted_primary_does_not_lead_again_by_itself() -> None:
    group = Group(Strategy.FULL)
    group.write("a", 1)
    revived = group.new("a")
    revived.recover(None, group.disks["a"])
    group.replicas["a"] = revived
    (answer,) = group.ask("a", Write("s", 2, 2, pack(("k", 2))))[:1] or [None]
    assert not isinstance(answer, WriteDone)


def test_what_was_not_acknowledged_gives_way_to_the_next_term() -> None:
    """1. a logs a write that reaches nobody.  2. b leads term 2 without it.  3. a follows b."""
    group = Group(Strategy.QUORUM)
    group.write("a", 1)
    group.tick()
    assert not group.write("a", 2, without="bc")
    group.now_ms += 1000
    group.begin(2, "b", "c", "a")
    for _ in range(3):
        group.tick()
    (answer,) = group.write("b", 3)
    assert isinstance(answer, WriteDone)
    for _ in range(3):
        group.tick()
    for replica in group.replicas.values():
        assert isinstance(replica.core.state, Lists)
        assert replica.core.state.everything() == {"k": (1, 3)}


def test_a_dirty_member_of_a_chain_asks_the_tail() -> None:
    """1. A write has passed b and is at c.  2. b does not know yet that it is committed."""
    group = Group(Strategy.CHAIN)
    group.write("a", 1)
    for _ in range(3):
        group.tick()
    group.post(CLIENT, "a", Write("s", 2, 2, pack(("k", 2))))
    while not group.replicas["c"].core.commit_lsn == group.replicas["c"].core.log.last_lsn > 3:
        sender, to, message = group.bag.pop(0)
        if to != "b" or sender != "c":
            group.give(to, Received(sender, message))
    core = group.replicas["b"].core
    assert core.commit_lsn < core.log.last_lsn
    group.inbox.clear()
    group.give("b", Received(CLIENT, Read("s", 1, pack("k"), Consistency.STRONG)))
    assert not group.inbox, "answering now would hide what c's readers have seen"
    group.settle()
    (answer,) = [m for m in group.inbox if isinstance(m, ReadDone)]
    assert unpack(answer.result) == (1, 2)


def test_a_floor_holds_a_read_until_the_replica_is_there() -> None:
    group = Group(Strategy.QUORUM)
    (done,) = group.write("a", 1, without="c")
    assert isinstance(done, WriteDone)
    group.inbox.clear()
    group.give("c", Received(CLIENT, Read("s", 1, pack("k"), Consistency.SESSION, done.lsn)))
    assert not group.inbox
    for _ in range(3):
        group.tick()
    (answer,) = [m for m in group.inbox if isinstance(m, ReadDone)]
    assert unpack(answer.result) == (1,)


def test_the_log_is_cut_only_behind_a_saved_snapshot_and_late_members_get_that() -> None:
    group = Group(Strategy.QUORUM)
    for seq in range(1, 12):
        group.write("a", seq, without="c")
    kinds = [
        type(e) for n, e in group.effects if n == "a" and isinstance(e, SaveSnapshot | TrimLog)
    ]
    assert kinds[0] is SaveSnapshot
    assert TrimLog in kinds
    assert group.replicas["a"].core.log.base_lsn > group.replicas["c"].core.log.last_lsn
    for _ in range(12):
        group.tick()
    assert group.read("c", Consistency.EVENTUAL) == tuple(range(1, 12))


def test_a_member_that_is_asked_to_seal_renews_no_lease() -> None:
    group = Group(Strategy.QUORUM)
    group.tick()
    group.post(CATALOG, "b", Seal(2))
    group.settle()
    before_ms = group.replicas["b"]._sealer.granted.lapses_at_ms()
    group.give("b", Received("a", Heartbeat(group.first, group.now_ms, 0)))
    assert group.replicas["b"]._sealer.granted.lapses_at_ms() == before_ms


def test_no_term_is_led_twice() -> None:
    """1. b leads term 2, its disk hangs.  2. It crashes.  3. It is told of term 2 again."""
    group = Group(Strategy.QUORUM)
    group.now_ms += 1000
    group.held_disks = {"b"}
    group.begin(2, "b", "a", "c")
    assert not group.replicas["b"].core.leading
    group.held_disks.clear()
    revived = group.new("b")
    revived.recover(None, group.disks["b"])
    group.replicas["b"] = revived
    group.begin(2, "b", "a", "c")
    assert revived.core.leading
    again = group.new("b")
    again.recover(None, group.disks["b"])
    group.replicas["b"] = again
    group.begin(2, "b", "a", "c")
    assert not again.core.leading


def test_whoever_knows_of_no_configuration_yet_survives_any_message() -> None:
    """Clients keep handles of actors, whose disk may be new."""
    group = Group(Strategy.FULL)
    configuration = Configuration("p", 3, Strategy.FULL, ("b", "x"), wanted=("b", "x"))
    for seq in range(1, 6):
        group.write("a", seq)
    snapshot = group.replicas["a"].core.latest_snapshot
    assert snapshot is not None
    messages: list[Message] = [
        Write("s", 1, 1, pack(("k", 1))),
        OpenSession("s"),
        *(Read("s", 1, pack("k"), level) for level in Consistency),
        Seal(2),
        Appended(1, 5, 5),
        HeartbeatAck(1, True, 0.0, 0.0),
        CommitQuery(0, 1),
        CommitQuery(1, 1),
        CommitAnswer(0, 1, 5),
        CoverageQuery(1, frozenset({"c"}), 0),
        CoverageAnswer(1, frozenset({"c"}), 0, b""),
        Refused(1, None),
        Heartbeat(configuration, group.now_ms, 0),
        InstallSnapshot(configuration, snapshot),
        Append(configuration, 9, 2, (), 9),
    ]
    for message in messages:
        group.replicas["x"], group.disks["x"] = group.new("x"), []
        for sender in (CLIENT, "b", CATALOG):
            group.give("x", Received(sender, message))


def test_only_the_primary_says_that_a_session_is_unknown() -> None:
    group = Group(Strategy.FULL)
    group.post(CLIENT, "b", Write("s", 1, 1, b""))
    group.post(CLIENT, "a", Write("s", 1, 1, b""))
    group.settle()
    from_b, from_a = group.inbox[-2:]
    assert isinstance(from_b, Redirect)
    assert isinstance(from_a, SessionUnknown)
