"""A client's session against replicas that say what a test wants them to say."""

from __future__ import annotations

from random import Random

import pytest

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Received, Send, TimerFired
from graphray.replication.messages import (
    ConfigurationQuery,
    Configure,
    Message,
    OpenSession,
    Read,
    ReadDone,
    Redirect,
    SessionUnknown,
    Write,
    WriteDone,
)
from graphray.replication.session import Completed, Outcome, RetryPolicy, Session, SessionEffect
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

POLICY = RetryPolicy(try_ms=100, deadline_ms=1000)


def configuration(partition: str, term: int, *members: str) -> Configuration:
    return Configuration(partition, term, Strategy.QUORUM, members)


class Client:
    """A session that knows two partitions, and what it has sent and completed."""

    def __init__(self, name: str = "s") -> None:
        self.now_ms = 0.0
        self.session = Session(name, {"p": "cat.p", "q": "cat.q"}, POLICY, Random(1))
        self.sent: list[tuple[str, Message]] = []
        self.completed: list[Completed] = []
        for partition in "pq":
            self.hear(Configure(configuration(partition, 1, f"{partition}1", f"{partition}2")))

    @property
    def clock(self) -> Clock:
        return Clock(self.now_ms, 0)

    def take(self, effects: list[SessionEffect]) -> None:
        self.sent += [(e.to, e.message) for e in effects if isinstance(e, Send)]
        self.completed += [e for e in effects if isinstance(e, Completed)]

    def hear(self, message: Message) -> None:
        self.take(self.session.handle(Received("x", message), self.clock))

    def write(self, partition: str = "p") -> None:
        self.take(self.session.write(partition, b"w", self.clock)[1])

    def read(self, level: Consistency, partition: str = "p") -> Read:
        self.take(self.session.read(partition, b"r", level, self.clock)[1])
        message = self.sent[-1][1]
        assert isinstance(message, Read)
        return message

    def done(self, seq: int, lsn: int, seen: VersionVector = NOTHING_SEEN, at: str = "p") -> None:
        self.hear(WriteDone(at, self.session.client, seq, lsn, b"ok", seen))

    def wait(self, ms: float) -> None:
        self.now_ms += ms
        self.take(self.session.handle(TimerFired(), self.clock))


def test_a_session_is_opened_before_its_first_write() -> None:
    client = Client()
    client.write()
    assert client.sent == [("p1", OpenSession("s"))]
    client.done(0, 1)
    assert client.sent[-1] == ("p1", Write("s", 1, 1, b"w"))
    client.done(1, 2)
    assert client.completed == [Completed(1, Outcome.DONE, b"ok", 2)]


def test_writes_to_one_partition_go_one_after_the_other() -> None:
    client = Client()
    client.write()
    client.write()
    client.done(0, 1)
    writes = [m for _, m in client.sent if isinstance(m, Write)]
    assert [w.seq for w in writes] == [1]
    client.done(1, 2)
    assert isinstance(client.sent[-1][1], Write)
    assert client.sent[-1][1].seq == 2


def test_a_retry_keeps_its_number_and_follows_the_primary() -> None:
    client = Client()
    client.write()
    client.done(0, 1)
    client.wait(POLICY.try_ms)
    assert ("cat.p", ConfigurationQuery()) in client.sent
    client.hear(Redirect(1, configuration("p", 2, "p2", "p1"), "moved"))
    assert client.sent[-1] == ("p2", Write("s", 1, 1, b"w"))


def test_a_write_without_an_answer_is_indeterminate_and_a_read_is_unavailable() -> None:
    client = Client()
    client.write()
    client.read(Consistency.STRONG)
    client.wait(POLICY.deadline_ms)
    assert {c.outcome for c in client.completed} == {Outcome.INDETERMINATE, Outcome.UNAVAILABLE}


def test_a_forgotten_session_does_not_try_again() -> None:
    client = Client()
    client.write()
    client.done(0, 1)
    client.hear(SessionUnknown("p", "s", 1))
    assert [c.outcome for c in client.completed] == [Outcome.INDETERMINATE]


@pytest.mark.parametrize(
    ("level", "floor"),
    [
        (Consistency.EVENTUAL, 0),
        (Consistency.MONOTONIC, 5),
        (Consistency.SESSION, 8),
        (Consistency.CAUSAL, 9),
    ],
)
def test_levels_are_floors(level: Consistency, floor: int) -> None:
    """It read at 5, wrote at 8, and saw something at q whose writer had seen 9."""
    client = Client()
    read = client.read(Consistency.EVENTUAL)
    client.hear(ReadDone("s", read.number, 5, b"", NOTHING_SEEN))
    client.write()
    client.done(0, 7)
    client.done(1, 8)
    read = client.read(Consistency.EVENTUAL, "q")
    client.hear(ReadDone("s", read.number, 3, b"", VersionVector({"p": 9})))
    assert client.read(level).lsn_min == floor
    assert client.session.token == VersionVector({"p": 9, "q": 3})


def test_a_token_that_was_handed_over_raises_the_causal_floor_alone() -> None:
    client = Client()
    client.session.observe(VersionVector.from_text(VersionVector({"p": 4}).to_text()))
    assert client.read(Consistency.CAUSAL).lsn_min == 4
    assert client.read(Consistency.SESSION).lsn_min == 0
    client.write()
    client.done(0, 1)
    write = client.sent[-1][1]
    assert isinstance(write, Write)
    assert write.after == VersionVector({"p": 4}), "who reads this write has to see that, too"


def test_answers_to_another_session_at_this_address_are_not_taken() -> None:
    client = Client("second")
    read = client.read(Consistency.STRONG)
    client.hear(ReadDone("first", read.number, 5, b"old", NOTHING_SEEN))
    client.hear(WriteDone("p", "first", 1, 9, b"", NOTHING_SEEN))
    assert not client.completed
