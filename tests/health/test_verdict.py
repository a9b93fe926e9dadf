"""Dead, hung, cut off, slow: told apart by who else is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import Evidence, Heartbeats, HeartbeatSettings, VerdictSettings, judge
from graphray.health.verdict import Health

SETTINGS = VerdictSettings()
WELL = Evidence(
    phi=0.1, neighbours_phi=[0.1], latency_s=0.002, calls=99, siblings_latency_s=[0.002]
)


@pytest.mark.parametrize(
    ("evidence", "health", "reason"),
    [
        (WELL, "well", ""),
        (replace(WELL, phi=4.0), "suspect", "late (phi 4.0)"),
        (replace(WELL, phi=9.0), "hung", "others on its node are heard"),
        (replace(WELL, phi=9.0, neighbours_phi=[9.0, 20.0]), "unreachable", "nor from others"),
        (replace(WELL, phi=9.0, neighbours_phi=[]), "unreachable", "alone on its node"),
        (replace(WELL, has_ended=True), "dead", "its process"),
        (replace(WELL, phi=99.0, node_has_ended=True), "dead", "its node"),
        (replace(WELL, latency_s=0.05), "slow", "50 ms, its siblings' 2 ms"),
        (replace(WELL, latency_s=0.05, calls=3), "well", ""),
        (replace(WELL, latency_s=0.05, siblings_latency_s=[]), "well", ""),
        (replace(WELL, latency_s=0.05, siblings_latency_s=[0.04, 0.05]), "well", ""),
        (replace(WELL, latency_s=0.009), "well", ""),
        (replace(WELL, latency_s=None), "well", ""),
    ],
)
def test_each_state_by_its_evidence(evidence: Evidence, health: Health, reason: str) -> None:
    verdict = judge(evidence, SETTINGS)
    assert verdict.health == health
    assert reason in verdict.reason


def test_slow_ends_only_when_clearly_quick_again() -> None:
    between = replace(WELL, latency_s=0.0095, siblings_latency_s=[0.003])
    assert judge(between, SETTINGS).health == "well"
    assert judge(replace(between, was="slow"), SETTINGS).health == "slow"
    assert judge(replace(WELL, was="slow"), SETTINGS).health == "well"


@pytest.mark.parametrize(
    ("stopped", "health"), [({"a"}, "hung"), ({"a", "b"}, "unreachable"), (set(), "well")]
)
def test_from_heartbeats_to_a_verdict(stopped: set[str], health: Health) -> None:
    """Both replicas of a node send; one is stopped as by SIGSTOP, or both are cut off."""
    beats = {name: Heartbeats(HeartbeatSettings(), 0.0) for name in "ab"}
    for tick in range(1, 241):
        now_s = tick / 2
        for name, heard in beats.items():
            if now_s < 60 or name not in stopped:
                heard.arrived(now_s)
        evidence = Evidence(beats["a"].phi(now_s), [beats["b"].phi(now_s)])
        if now_s < 60:
            assert judge(evidence, SETTINGS).health == "well"
    assert judge(evidence, SETTINGS).health == health


@given(
    phi=st.floats(0, 300),
    more=st.floats(0, 100),
    neighbours=st.lists(st.floats(0, 300), max_size=3),
)
def test_more_silence_never_looks_better(phi: float, more: float, neighbours: list[float]) -> None:
    order = ["well", "suspect", "hung", "unreachable"]

    def badness(value: float) -> int:
        return order.index(judge(Evidence(value, neighbours), SETTINGS).health)

    assert badness(phi) <= badness(phi + more)


@pytest.mark.parametrize(
    "fields", [{"suspect_phi": 9.0}, {"slow_times": 1.0}, {"slow_excess_s": -1.0}]
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        VerdictSettings(**fields)  # type: ignore[arg-type]
