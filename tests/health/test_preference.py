"""Which replica is asked first, by how each has fared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import Preference, PreferenceSettings

SETTINGS = PreferenceSettings(late_max=2, aside_s=1.0, aside_s_max=30.0)


def preference(replicas: int = 3, first: int = 0) -> Preference:
    return Preference(replicas, first, SETTINGS)


def test_one_that_failed_is_left_alone_for_a_while() -> None:
    order = preference(first=1)
    assert order.choose(0.0) == 1
    order.failed(1, 0.0)
    assert order.choose(0.9) == 2
    assert order.choose(1.0) == 1


def test_late_answers_by_chance_cost_nobody_its_place() -> None:
    order = preference()
    for _ in range(5):
        order.late(0, 0.0)
        order.late(0, 0.0)
        order.in_time(0)
    assert order.choose(0.0) == 0


def test_late_again_and_again_is_set_aside_and_one_late_answer_fails_a_trial() -> None:
    order = preference()
    for _ in range(3):
        order.late(0, 0.0)
    assert order.choose(0.5) == 1
    assert order.choose(1.0) == 0
    order.late(0, 1.0)
    assert order.choose(2.9) == 1, "twice as long"
    assert order.choose(3.0) == 0


def test_an_answer_in_time_ends_the_trial() -> None:
    order = preference()
    order.failed(0, 0.0)
    order.in_time(0)
    order.late(0, 5.0)
    order.late(0, 5.0)
    assert order.choose(5.0) == 0
    order.late(0, 5.0)
    assert order.choose(5.9) == 1
    assert order.choose(6.0) == 0, "as long as the first time"


def test_calls_that_fail_together_are_one_failure() -> None:
    order = preference()
    for _ in range(10):
        order.failed(0, 0.0)
    assert order.choose(1.0) == 0


def test_it_is_tried_again_however_often_it_failed() -> None:
    order, now_s = preference(), 0.0
    for _ in range(100):
        order.failed(0, now_s)
        now_s += SETTINGS.aside_s_max
        assert order.choose(now_s) == 0


def test_a_refusal_holds_for_as_long_as_it_says_and_leaves_no_mark() -> None:
    order = preference()
    order.refused(0, 0.2, 0.0)
    assert order.choose(0.1) == 1
    assert order.choose(0.2) == 0
    order.late(0, 0.2)
    assert order.choose(0.2) == 0


def test_where_all_are_aside_the_first_to_come_back_is_asked() -> None:
    order = preference()
    order.failed(0, 0.2)
    order.failed(1, 0.1)
    order.failed(2, 0.3)
    assert order.choose(0.4) == 1


@given(
    replicas=st.integers(1, 5),
    first=st.integers(0, 100),
    events=st.lists(st.tuples(st.sampled_from(["failed", "late", "refused"]), st.integers(0, 4))),
)
def test_every_replica_is_chosen_once(
    replicas: int, first: int, events: list[tuple[str, int]]
) -> None:
    order = Preference(replicas, first)
    for now, (event, replica) in enumerate(events):
        arguments = (0.5, now / 10) if event == "refused" else (now / 10,)
        getattr(order, event)(replica % replicas, *arguments)
    asked: set[int] = set()
    while (replica := order.choose(len(events) / 10, asked)) is not None:
        assert replica not in asked
        asked.add(replica)
    assert asked == set(range(replicas))


@pytest.mark.parametrize(
    "fields", [{"late_max": -1}, {"aside_s": 0.0}, {"aside_s": 60.0, "aside_s_max": 30.0}]
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        PreferenceSettings(**fields)  # type: ignore[arg-type]
