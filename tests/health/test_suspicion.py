"""The accrual detector under jitter, loss, pauses and death, over many seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import Heartbeats, HeartbeatSettings
from graphray.health.suspicion import PHI_MAX

SETTINGS = HeartbeatSettings()
CERTAIN = 8.0


def heard(times_s: list[float]) -> Heartbeats:
    beats = Heartbeats(SETTINGS, now_s=0.0)
    for time_s in times_s:
        beats.arrived(time_s)
    return beats


def arrivals(rng_seed: int, seconds: int, loss: float = 0.0) -> list[float]:
    """Heartbeats with a delay that is mostly small and sometimes not, some of them lost."""
    rng = np.random.default_rng(rng_seed)
    sent = np.arange(SETTINGS.every_s, seconds, SETTINGS.every_s)
    delayed = sent + rng.exponential(0.03, len(sent))
    return sorted(delayed[rng.random(len(sent)) >= loss].tolist())


@pytest.mark.parametrize("rng_seed", range(20))
def test_jitter_and_loss_raise_no_alarm_and_death_does_soon(rng_seed: int) -> None:
    beats = Heartbeats(SETTINGS, now_s=0.0)
    for time_s in arrivals(rng_seed, seconds=600, loss=0.01):
        assert beats.phi(time_s) < CERTAIN
        beats.arrived(time_s)
    detected = next(t for t in np.arange(600, 620, 0.05) if beats.phi(t) >= CERTAIN)
    assert detected - 600 <= SETTINGS.every_s + SETTINGS.pause_s + 1.0


@given(times=st.lists(st.floats(0.01, 5), min_size=0, max_size=50), silence=st.floats(0, 60))
def test_suspicion_only_rises_with_silence(times: list[float], silence: float) -> None:
    at = np.cumsum(times).tolist()
    beats = heard(at)
    last = at[-1] if at else 0.0
    assert 0 <= beats.phi(last + silence) <= beats.phi(last + silence + 0.1) <= PHI_MAX


def test_what_never_sent_one_is_suspected_too() -> None:
    beats = Heartbeats(SETTINGS, now_s=100.0)
    assert beats.phi(100.2) < 1
    assert beats.phi(103.0) > CERTAIN


def test_a_slow_sender_is_learnt() -> None:
    beats = heard([2.0 * i for i in range(1, 50)])
    assert beats.phi(98.0 + 2.4) < 1


def test_an_outage_is_not_learnt_as_usual() -> None:
    usual = [0.5 * i for i in range(1, 200)]
    after = [usual[-1] + 3600 + 0.5 * i for i in range(40)]
    beats = heard([*usual, *after])
    assert beats.phi(after[-1] + 10.0) > CERTAIN


def test_those_that_piled_up_are_not_learnt_from() -> None:
    usual = [0.5 * i for i in range(1, 20)]
    burst = [usual[-1] + 5.0 + 0.001 * i for i in range(100)]
    assert heard([*usual, *burst]).phi(burst[-1] + 1.6) < 1


def test_old_times_leave_the_window() -> None:
    settings = HeartbeatSettings(window=5)
    beats = Heartbeats(settings, now_s=0.0)
    for time_s in [4.0, 8.0, 12.0, *[12.0 + 0.5 * i for i in range(1, 9)]]:
        beats.arrived(time_s)
    fresh = Heartbeats(settings, now_s=0.0)
    for time_s in [0.5 * i for i in range(1, 9)]:
        fresh.arrived(time_s)
    assert beats.phi(16.0 + 1.5) == pytest.approx(fresh.phi(4.0 + 1.5))


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    beats = heard([0.5, 1.0, 1.5])
    beats.arrived(1.2)
    assert beats.silence_s(1.3) == 0.0
    assert beats.phi(1.6) < 1


@pytest.mark.parametrize(
    "fields", [{"every_s": 0.0}, {"pause_s": -1.0}, {"deviation_min_s": 0.0}, {"window": 1}]
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        HeartbeatSettings(**fields)  # type: ignore[arg-type]
