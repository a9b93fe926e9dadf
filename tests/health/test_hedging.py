"""Second calls: what they take off the tail, what they cost, and that they do not pile on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.health import HedgeBudget, HedgeSettings, LatencyHistogram, hedge_delay_s

SETTINGS = HedgeSettings()


def simulated(slow_share: float, hedging: bool, calls: int = 8000) -> tuple[float, float]:
    """The p99 of reads over replicas that are slow at random; and calls made per read."""
    rng = np.random.default_rng(0)
    seen, budget, took, made = LatencyHistogram(), HedgeBudget(SETTINGS), [], 0

    def replica_takes() -> float:
        return float(rng.exponential(0.005)) + (0.5 if rng.random() < slow_share else 0.0)

    for i in range(calls):
        budget.called()
        made += 1
        latency = replica_takes()
        delay = hedge_delay_s(seen, SETTINGS)
        if hedging and latency > delay and budget.spend():
            made += 1
            latency = min(latency, delay + replica_takes())
        seen.note(latency, now_s=i / 100)
        took.append(latency)
    return float(np.quantile(took, 0.99)), made / calls


def test_the_tail_is_taken_off_for_a_few_calls_more() -> None:
    plain, _ = simulated(slow_share=0.03, hedging=False)
    hedged, made = simulated(slow_share=0.03, hedging=True)
    assert plain > 0.4
    assert hedged < 0.1
    assert made <= 1.12


def test_when_all_become_slow_the_load_is_not_doubled() -> None:
    """What is slow by the latencies so far is then every call, until these have been forgotten."""
    seen, budget, second = LatencyHistogram(), HedgeBudget(SETTINGS), 0
    for _ in range(1000):
        seen.note(0.005, now_s=0.0)
    for _ in range(500):
        budget.called()
        assert hedge_delay_s(seen, SETTINGS) < 0.5
        second += budget.spend()
    assert 60 <= second <= SETTINGS.burst + SETTINGS.share_max * 500


@given(
    latencies=st.lists(st.floats(1e-4, 100), min_size=1, max_size=200),
    share=st.floats(0.01, 1.0),
)
def test_quantiles_are_right_to_within_a_bucket(latencies: list[float], share: float) -> None:
    seen = LatencyHistogram()
    for latency in latencies:
        seen.note(latency, now_s=0.0)
    rank = max(1, int(np.ceil(share * len(latencies) - 1e-9)))
    exact = sorted(latencies)[rank - 1]
    assert exact / 1.001 <= seen.quantile_s(share) <= exact * 1.1001
    assert seen.weight() == len(latencies)


def test_old_latencies_are_forgotten() -> None:
    seen = LatencyHistogram(half_life_s=10)
    for _ in range(1000):
        seen.note(1.0, now_s=0.0)
    for i in range(100):
        seen.note(0.001, now_s=100.0 + i / 10)
    assert seen.quantile_s(0.95) < 0.01
    assert seen.weight() < 110


def test_extremes_have_a_bucket() -> None:
    seen = LatencyHistogram()
    seen.note(0.0, now_s=0.0)
    assert seen.quantile_s(1.0) == pytest.approx(1e-5)
    seen.note(1e9, now_s=0.0)
    assert seen.quantile_s(1.0) > 900


def test_the_delay_is_never_too_short_and_known_only_after_some_calls() -> None:
    seen = LatencyHistogram()
    for _ in range(19):
        seen.note(1e-4, now_s=0.0)
    assert hedge_delay_s(seen, SETTINGS) == SETTINGS.delay_unknown_s
    seen.note(1e-4, now_s=0.0)
    assert hedge_delay_s(seen, SETTINGS) == SETTINGS.delay_min_s


@pytest.mark.parametrize(
    "fields", [{"quantile": 1.0}, {"share_max": -0.1}, {"burst": -1.0}, {"delay_min_s": 1.0}]
)
def test_wrong_settings_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        HedgeSettings(**fields)


def test_a_histogram_has_to_forget_at_some_time() -> None:
    with pytest.raises(ArgumentError, match="half_life_s = 0"):
        LatencyHistogram(half_life_s=0)
