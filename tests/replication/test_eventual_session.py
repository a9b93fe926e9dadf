"""A client that asks any replica, told step by step."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Received, Send, TimerFired
from graphray.replication.eventual_messages import (
    GetCells,
    GotCells,
    PutCells,
    PutDone,
    StampTooOld,
)
from graphray.replication.eventual_session import CellCompleted, EventualSession
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.messages import Redirect
from graphray.replication.session import Outcome, RetryPolicy
from graphray.replication.version_vector import VersionVector

PLACE = (b"k", "v")
WRITES = ((PLACE, b"x"),)
POLICY = RetryPolicy(try_ms=10, deadline_ms=1000)


def new_session(replicas: str = "abc") -> EventualSession:
    return EventualSession("me", replicas, POLICY, Random(1))


def sent(effects: list[Any]) -> tuple[str, Any]:
    (send,) = [effect for effect in effects if isinstance(effect, Send)]
    return send.to, send.message


def test_another_replica_is_asked_where_one_does_not_answer() -> None:
    session = new_session()
    _, effects = session.put(WRITES, Clock(0, 0))
    first, message = sent(effects)
    asked = {first}
    for late in range(1, 3):
        to, again = sent(session.handle(TimerFired(), Clock(10.0 * late, 0)))
        assert again is message
        asked.add(to)
    assert asked == set("abc")


def test_who_did_not_answer_is_avoided_for_a_while() -> None:
    session = new_session("ab")
    _, effects = session.put(WRITES, Clock(0, 0))
    silent, _ = sent(effects)
    _, message = sent(session.handle(TimerFired(), Clock(10, 0)))
    other = "ab".replace(silent, "")
    done = PutDone("me", 1, other, 1, message.stamp)
    (completed,) = session.handle(Received(other, done), Clock(11, 0))
    assert isinstance(completed, CellCompleted)
    assert completed.outcome is Outcome.DONE
    for _ in range(20):
        number, effects = session.get([PLACE], Consistency.EVENTUAL, Clock(12, 0))
        to, _ = sent(effects)
        assert to == other
        got = GotCells("me", number, (b"x",), Stamp(1, 0, "q"), VersionVector({other: 1}))
        session.handle(Received(to, got), Clock(12, 0))
    later = Clock(500, 0)
    asked = set()
    for _ in range(20):
        number, effects = session.get([PLACE], Consistency.EVENTUAL, later)
        to, _ = sent(effects)
        asked.add(to)
        got = GotCells("me", number, (b"x",), Stamp(1, 0, "q"), VersionVector())
        session.handle(Received(to, got), later)
    assert asked == {"a", "b"}


def test_one_that_is_behind_is_left_for_another() -> None:
    session = new_session("ab")
    number, effects = session.get([PLACE], Consistency.SESSION, Clock(0, 0))
    behind, _ = sent(effects)
    session.handle(Received(behind, Redirect(number, None, "is behind")), Clock(1, 0))
    to, message = sent(session.handle(TimerFired(), Clock(2, 0)))
    assert to != behind
    assert isinstance(message, GetCells)


def test_who_answered_is_asked_again_where_a_session_stays() -> None:
    session = EventualSession("me", "abc", POLICY, Random(1), stays=True)
    asked = []
    for _ in range(10):
        number, effects = session.get([PLACE], Consistency.SESSION, Clock(0, 0))
        to, _ = sent(effects)
        asked.append(to)
        got = GotCells("me", number, (None,), Stamp(1, 0, "q"), VersionVector())
        session.handle(Received(to, got), Clock(0, 0))
    assert len(set(asked)) == 1
    _, effects = session.put(WRITES, Clock(0, 0))
    to, _ = sent(session.handle(TimerFired(), Clock(10, 0)))
    assert to != asked[0]


def test_what_was_seen_elsewhere_goes_along() -> None:
    session = new_session()
    number, effects = session.get([PLACE], Consistency.CAUSAL, Clock(0, 0))
    to, _ = sent(effects)
    elsewhere = VersionVector({"other": 4})
    got = GotCells("me", number, (None,), Stamp(90, 0, "q"), VersionVector({"a": 2}), elsewhere)
    session.handle(Received(to, got), Clock(0, 0))
    assert session.elsewhere == elsewhere
    _, effects = session.put(WRITES, Clock(0, 50), session.elsewhere)
    _, message = sent(effects)
    assert isinstance(message, PutCells)
    assert (message.seen, message.elsewhere) == (VersionVector({"a": 2}), elsewhere)
    assert message.stamp > Stamp(90, 0, "q")


def test_a_later_stamp_follows_what_was_observed() -> None:
    session = new_session()
    session.observe(VersionVector({"a": 1}), Stamp(1000, 3, "z"))
    assert session.latest == Stamp(1000, 3, "z")
    _, effects = session.put(WRITES, Clock(0, 5))
    assert sent(effects)[1].stamp == Stamp(1000, 4, "me")


def test_a_stamp_that_is_refused_is_replaced() -> None:
    session = new_session()
    _, effects = session.put(WRITES, Clock(0, 5))
    to, message = sent(effects)
    refusal = StampTooOld("me", 1, message.stamp, Stamp(90, 2, "z"))
    _, later = sent(session.handle(Received(to, refusal), Clock(1, 6)))
    assert (later.seq, later.stamp) == (1, Stamp(90, 3, "me"))
    # The answer to a copy of the first message.
    assert session.handle(Received(to, refusal), Clock(2, 6)) == []


@pytest.mark.parametrize("died", [False, True])
def test_a_stamp_stays_where_another_replica_may_have_taken_the_write(*, died: bool) -> None:
    """Else it would be two writes, and the second would undo what was deleted after the first."""
    session = new_session()
    _, effects = session.put(WRITES, Clock(0, 5))
    silent, message = sent(effects)
    if died:
        session.unanswered(silent, 1, Clock(9, 5))
    refusing, _ = sent(session.handle(TimerFired(), Clock(10, 5)))
    refusal = StampTooOld("me", 1, message.stamp, Stamp(90, 2, "z"))
    assert not [
        effect
        for effect in session.handle(Received(refusing, refusal), Clock(11, 5))
        if isinstance(effect, Send)
    ]
    _, again = sent(session.handle(TimerFired(), Clock(12, 5)))
    assert again is message
    done = PutDone("me", 1, silent, 1, message.stamp)
    (completed,) = session.handle(Received(silent, done), Clock(13, 5))
    assert isinstance(completed, CellCompleted)
    assert completed.stamp == message.stamp
