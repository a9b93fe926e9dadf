from __future__ import annotations

from itertools import combinations

import pytest

from graphray.errors import ArgumentError
from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.settings import ReplicationSettings

LOGGED = [s for s in Strategy if s is not Strategy.EVENTUAL]


@pytest.mark.parametrize("strategy", LOGGED)
@pytest.mark.parametrize("size", range(1, 8))
def test_quorums_meet(strategy: Strategy, size: int) -> None:
    members = tuple(f"r{i}" for i in range(size))
    c = Configuration("p", 1, strategy, members)
    for read in combinations(members, c.read_quorum):
        assert all(set(read) & set(write) for write in combinations(members, c.write_quorum))
        assert all(set(read) & set(lease) for lease in combinations(members, c.lease_quorum))


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(ArgumentError, match="no name twice"):
        Configuration("p", 1, Strategy.FULL, ("a", "b"), ("a",))
    with pytest.raises(ArgumentError, match="at least one member"):
        Configuration("p", 1, Strategy.FULL, ())
    with pytest.raises(ArgumentError, match="copies_min = 3"):
        Configuration("p", 1, Strategy.QUORUM, ("a", "b", "c"), copies_min=3)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"lease_ms": 60}, "two heartbeats"),
        ({"clock_drift_max": 0.5}, "clock_drift_max"),
        ({"seal_wait_ms": 400}, "lapsed"),
        ({"suspect_ms": 80}, "suspected"),
        ({"sessions_max": 0}, "sessions_max"),
        ({"keep_entries": -1}, "keep_entries"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    change: dict[str, float], what: str
) -> None:
    with pytest.raises(ArgumentError, match=what):
        ReplicationSettings(**change)  # type: ignore[arg-type]


def test_a_promise_outlasts_the_lease_whatever_the_clocks_do() -> None:
    settings = ReplicationSettings(clock_drift_max=0.1, seal_wait_ms=1000)
    longest_lease_ms = settings.lease_ms / (1 - 0.1)
    shortest_promise_ms = settings.promise_ms / (1 + 0.1)
    assert shortest_promise_ms >= longest_lease_ms - 1e-9
