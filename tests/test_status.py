"""Is it well? What a graph's status says in a word, in a line, and on one screen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.cli.status import print_status
from graphray.status import GraphStatus, ReplicaState, ReplicaStatus

STATES: list[ReplicaState] = ["starting", "serving", "unreachable", "in-process"]


def status_of(states: list[list[ReplicaState]]) -> GraphStatus:
    """A graph whose partition i has replicas in ``states[i]``."""
    replicas = tuple(
        ReplicaStatus(part, number, state, node_id=f"node-{number}")
        for part, copies in enumerate(states)
        for number, state in enumerate(copies)
    )
    return GraphStatus("g", "store", 1, "s", len(states), {"node": 3}, {"r": 4}, replicas)


some_states = st.lists(
    st.lists(st.sampled_from(STATES), min_size=1, max_size=3), min_size=1, max_size=9
)


@given(some_states)
def test_the_health_is_that_of_the_partition_that_fares_worst(
    states: list[list[ReplicaState]],
) -> None:
    serve = [[state in ("serving", "in-process") for state in copies] for copies in states]
    status = status_of(states)
    expected = "failing" if not all(map(any, serve)) else "degraded"
    if all(map(all, serve)):
        expected = "well"
    assert status.health == expected
    assert status.is_well == (expected == "well")
    assert status.verdict.startswith(f"{expected}: ")
    assert status.serving == tuple(map(sum, serve))
    json.dumps(status.to_json())


def test_the_verdict_names_the_partitions() -> None:
    assert status_of([["serving"], ["starting"], ["serving"]]).verdict.endswith("partition 1")
    degraded = status_of([["serving", "unreachable"]] * 8).verdict
    assert degraded.endswith("partitions 0, 1, 2, 3, 4 and 3 more")


def test_many_replicas_are_summed_up_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    status = status_of([["serving", "serving"]] * 400 + [["serving", "unreachable"]] * 30)
    print_status(status)
    shown = capsys.readouterr().out
    assert shown.startswith("g  degraded: ")
    assert "830/860 replicas serving" in shown
    assert "node-1  " in shown
    assert "... and 18 more" in shown
    assert len(shown.splitlines()) < 25

    print_status(status, every_replica=True)
    assert len(capsys.readouterr().out.splitlines()) > 860


def test_few_replicas_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_status(status_of([["serving"], ["starting"]]))
    assert "starting" in capsys.readouterr().out
