"""Events and their log: numbers that rise, a length that holds, and what was dropped is said."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.events import KINDS, Event, EventLog, Happening

DOCS = Path(__file__).resolve().parents[1] / "docs" / "events.md"


def happened(number: int) -> Happening:
    return Happening(kind="node-joined", what=f"node {number}")


@given(
    first=st.integers(1, 10**13),
    events_max=st.integers(1, 6),
    count=st.integers(0, 15),
    read=st.integers(-3, 20),
)
def test_a_reader_gets_what_is_kept_and_is_told_what_is_not(
    first: int, events_max: int, count: int, read: int
) -> None:
    log, since = EventLog(first, events_max), max(0, first + read)
    everything = [log.append(happened(n), at_unix_s=float(n)) for n in range(count)]
    assert [event.number for event in everything] == list(range(first, first + count))

    wanted = [event for event in everything if event.number > since]
    kept = [event for event in wanted if event in everything[-events_max:]]
    dropped = [event for event in wanted if event not in kept]
    found = list(log.since(since))
    if dropped:
        said = found.pop(0)
        assert (said.kind, said.number) == ("events-dropped", dropped[-1].number)
        assert said.what.startswith(f"{len(dropped)} earlier event")
        assert said.at_unix_s == dropped[-1].at_unix_s
    assert found == kept


def test_a_reader_who_goes_on_from_the_last_number_misses_nothing() -> None:
    log, read, numbers = EventLog(7, events_max=3), 0, []
    for turn in range(10):
        for number in range(turn % 4):
            log.append(happened(number), at_unix_s=0.0)
        found = log.since(read)
        numbers += [event.number for event in found]
        read = numbers[-1] if numbers else 0
    assert numbers == list(range(7, 7 + len(numbers)))


def test_its_form_for_scripts_is_fixed() -> None:
    event = Event(
        number=7,
        at_unix_s=1.5,
        kind="replica-dead",
        what="replica 1 of partition 0 is dead",
        cause="its node has ended",
        action="Ray makes it anew",
        part=0,
        replica=1,
        node_id="ab",
    )
    assert json.dumps(event.to_json()) == (
        '{"number": 7, "at_unix_s": 1.5, "kind": "replica-dead", "severity": "error", '
        '"part": 0, "replica": 1, "node_id": "ab", "what": "replica 1 of partition 0 is dead", '
        '"cause": "its node has ended", "action": "Ray makes it anew"}'
    )
    assert pickle.loads(pickle.dumps(event)) == event


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="expected one of watch-began"):
        Happening(kind="nonsense", what="it")
    for first, most in ((0, 1), (1, 0)):
        with pytest.raises(ArgumentError, match="at least 1"):
            EventLog(first, most)


def test_every_kind_is_documented() -> None:
    page = DOCS.read_text()
    for kind in KINDS.values():
        assert f"| `{kind.name}` | {kind.severity} | {kind.meaning} |" in page
