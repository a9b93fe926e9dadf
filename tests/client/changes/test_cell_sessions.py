"""Cells over replicas in this process, some of which do not answer: what sessions promise."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from random import Random

import pytest

from graphray.client.changes.cell_sessions import CellCall, CellPool, split_token
from graphray.client.view import place_of
from graphray.replication.cells import Writes
from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Persist, Persisted, Received, Send
from graphray.replication.eventual_messages import SyncRequest
from graphray.replication.eventual_replica import EventualReplica
from graphray.replication.messages import Configure, Message
from graphray.replication.session import Outcome, RetryPolicy
from graphray.replication.settings import ReplicationSettings
from graphray.replication.version_vector import VersionVector

PARTS, REPLICAS = 2, 3
POLICY = RetryPolicy(try_ms=10, deadline_ms=2_000)
LEVELS = [
    Consistency.EVENTUAL,
    Consistency.MONOTONIC,
    Consistency.SESSION,
    Consistency.CAUSAL,
]


class Replicas:
    """All replicas of two partitions, and the way to them; anti-entropy runs when it is told to.

    Attributes:
        away: the numbers of replicas that answer nothing.
        wall_ms: the time of day; only waiting makes it go on.
    """

    def __init__(self) -> None:
        self.away: set[int] = set()
        self.wall_ms = 1_000.0
        self.now_ms = 0.0
        self.sent = 0
        self._replicas: dict[tuple[int, int], EventualReplica] = {}
        self._answers: dict[Hashable, Message] = {}
        for part in range(PARTS):
            names = tuple(f"{part}/{number}/disk" for number in range(REPLICAS))
            configuration = Configuration(str(part), 1, Strategy.EVENTUAL, names, wanted=names)
            for number, name in enumerate(names):
                replica = EventualReplica(name, "catalog", {}, ReplicationSettings(), Random(1))
                self._replicas[part, number] = replica
                self._give((part, number), "catalog", Configure(configuration))

    # --- what a pool needs ------------------------------------------------------------------------

    def send(self, address: str, message: Message) -> Hashable:
        self.sent += 1
        if place_of(address)[1] not in self.away:
            for answer in self._give(place_of(address), "client", message):
                self._answers[self.sent] = answer
        return self.sent

    def wait(
        self, pending: Collection[Hashable], timeout_s: float
    ) -> Mapping[Hashable, Message | None]:
        ready: dict[Hashable, Message | None] = {
            one: self._answers.pop(one) for one in pending if one in self._answers
        }
        if not ready:
            self.now_ms += timeout_s * 1000
        return ready

    def clock(self) -> Clock:
        return Clock(self.now_ms, self.wall_ms)

    # --- what a test does -------------------------------------------------------------------------

    def pool(self) -> CellPool:
        return CellPool(PARTS, REPLICAS, self, POLICY)

    def exchange(self) -> None:
        """Every replica gets what the others have."""
        for (part, number), replica in self._replicas.items():
            for other in range(REPLICAS):
                request = SyncRequest(replica.seen, replica.seen)
                for answer in self._give((part, other), replica.replica, request):
                    self._give((part, number), f"{part}/{other}/disk", answer)

    def _give(self, place: tuple[int, int], sender: str, message: Message) -> list[Message]:
        """Hand a message over; returns what is answered to its sender."""
        replica, answers = self._replicas[place], []
        events: list[Received | Persisted] = [Received(sender, message)]
        while events:
            for effect in replica.handle(events.pop(), self.clock()):
                if isinstance(effect, Persist):
                    events.append(Persisted(effect.number))
                elif isinstance(effect, Send) and effect.to == sender:
                    answers.append(effect.message)
        return answers


def writes(value: bytes | None, key: bytes = b"k") -> Writes:
    return (((key, "v"), value),)


def put(pool: CellPool, part: int, value: bytes | None) -> None:
    (done,) = pool.run([CellCall(part, writes(value))])
    assert done.outcome is Outcome.DONE


def get(
    pool: CellPool, part: int, level: Consistency, after: VersionVector | None = None
) -> bytes | None:
    call = CellCall(part, (), ((b"k", "v"),), level)
    (done,) = pool.run([call], after or VersionVector())
    assert done.outcome is Outcome.DONE
    return done.values[0]


def test_writes_go_on_while_one_replica_answers() -> None:
    replicas = Replicas()
    replicas.away = {0, 2}
    pool = replicas.pool()
    for part in range(PARTS):
        put(pool, part, b"x")
        assert get(pool, part, Consistency.SESSION) == b"x"
    sent = replicas.sent
    put(pool, 0, b"y")
    assert replicas.sent == sent + 1, "who does not answer is asked again and again"


def test_nobody_answers() -> None:
    replicas = Replicas()
    replicas.away = {0, 1, 2}
    calls = [CellCall(0, writes(b"x")), CellCall(1, (), ((b"k", "v"),), Consistency.EVENTUAL)]
    written, read = replicas.pool().run(calls)
    assert written.outcome is Outcome.INDETERMINATE
    assert read.outcome is Outcome.UNAVAILABLE
    assert replicas.now_ms == POLICY.deadline_ms


@pytest.mark.parametrize("level", LEVELS[2:])
def test_a_session_reads_what_it_wrote(level: Consistency) -> None:
    replicas = Replicas()
    pool = replicas.pool()
    for number in range(20):
        put(pool, 1, b"%d" % number)
        assert get(pool, 1, level) == b"%d" % number


def test_a_token_makes_another_process_see_as_much() -> None:
    replicas = Replicas()
    first = replicas.pool()
    replicas.away = {1, 2}
    put(first, 0, b"x")
    replicas.away = set()
    token = VersionVector.from_text(first.token.to_text())
    for level in LEVELS[1:]:
        assert get(replicas.pool(), 0, level, after=token) == b"x"
    replicas.away = {0}
    (late,) = replicas.pool().run(
        [CellCall(0, (), ((b"k", "v"),), Consistency.CAUSAL)], after=token
    )
    assert late.outcome is Outcome.UNAVAILABLE
    replicas.away = set()
    replicas.exchange()
    replicas.away = {0}
    assert get(replicas.pool(), 0, Consistency.CAUSAL, after=token) == b"x"


def test_causes_are_followed_across_partitions() -> None:
    """1. A writes x to one partition.  2. B reads it, and writes y to the other.  3. C reads y."""
    replicas = Replicas()
    a, b, c = replicas.pool(), replicas.pool(), replicas.pool()
    replicas.away = {1, 2}
    put(a, 0, b"x")
    assert get(b, 0, Consistency.CAUSAL) == b"x"
    put(b, 1, b"y")
    assert get(c, 1, Consistency.CAUSAL) == b"y"
    replicas.away = set()
    assert get(c, 0, Consistency.CAUSAL) == b"x"


def test_what_was_seen_is_overwritten_whatever_the_clock_says() -> None:
    """The second writer's clock is a minute behind."""
    replicas = Replicas()
    first, second = replicas.pool(), replicas.pool()
    replicas.away = {1, 2}
    put(first, 0, b"old")
    replicas.wall_ms -= 60_000
    second.observe(first.token)
    replicas.away = {0, 1}
    put(second, 0, b"new")
    replicas.away = set()
    replicas.exchange()
    assert {get(replicas.pool(), 0, Consistency.EVENTUAL) for _ in range(20)} == {b"new"}


def test_threads_write_one_after_the_other() -> None:
    """Two drivers of one pool, as two threads have them."""
    replicas = Replicas()
    pool = replicas.pool()
    for number in range(10):
        with pool._borrowed():
            put(pool, 0, b"a%d" % number)  # With the pool's second driver.
        put(pool, 0, b"b%d" % number)
        replicas.exchange()
        assert get(pool, 0, Consistency.SESSION) == b"b%d" % number


def test_a_token_is_split_by_partition() -> None:
    token = VersionVector({"10/0/a": 1, "1/0/a": 2, "1/2/b": 3})
    own, others = split_token(token, 1)
    assert own == VersionVector({"1/0/a": 2, "1/2/b": 3})
    assert others == VersionVector({"10/0/a": 1})
