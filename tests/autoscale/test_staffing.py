"""Erlang's formula against a queue that is simulated call by call, and the search over it."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.autoscale import mean_wait_s, replicas_needed
from graphray.errors import ArgumentError


def simulated_wait_s(calls_per_s: float, service_s: float, threads: int, calls: int) -> float:
    """First come, first served, each by the thread that is free first."""
    rng = np.random.default_rng(0)
    arrivals = np.cumsum(rng.exponential(1 / calls_per_s, calls))
    services = rng.exponential(service_s, calls)
    free_at, waits = [0.0] * threads, []
    for arrival, service in zip(arrivals.tolist(), services.tolist(), strict=True):
        start = max(arrival, heapq.heappop(free_at))
        waits.append(start - arrival)
        heapq.heappush(free_at, start + service)
    return float(np.mean(waits))


@pytest.mark.parametrize(
    ("calls_per_s", "service_s", "threads"), [(0.5, 1.0, 1), (1.5, 1.0, 2), (700.0, 0.004, 4)]
)
def test_the_mean_wait_is_what_a_queue_shows(
    calls_per_s: float, service_s: float, threads: int
) -> None:
    simulated = simulated_wait_s(calls_per_s, service_s, threads, 200_000)
    assert mean_wait_s(calls_per_s, service_s, threads) == pytest.approx(simulated, rel=0.05)


def test_too_much_waits_for_ever_and_nothing_not_at_all() -> None:
    assert mean_wait_s(4.0, 1.0, 4) == float("inf")
    assert mean_wait_s(0.0, 1.0, 4) == mean_wait_s(5.0, 0.0, 4) == 0.0


@given(
    calls_per_s=st.floats(0, 1e5),
    service_s=st.floats(1e-5, 0.1),
    threads=st.integers(1, 16),
    wait_s=st.floats(1e-4, 1.0),
    busy_max=st.floats(0.1, 1.0),
)
def test_it_is_the_least_number_that_suffices(
    calls_per_s: float, service_s: float, threads: int, wait_s: float, busy_max: float
) -> None:
    def suffices(replicas: int, rounding: float) -> bool:
        each = calls_per_s / replicas
        is_idle_enough = each * service_s <= threads * busy_max * (1 + rounding)
        return is_idle_enough and mean_wait_s(each, service_s, threads) <= wait_s

    needed = replicas_needed(calls_per_s, service_s, threads, wait_s, busy_max)
    assert suffices(needed, 1e-6)
    assert needed == 1 or not suffices(needed - 1, -1e-6)


@pytest.mark.parametrize(("wait_s", "busy_max"), [(0.0, 0.5), (1.0, 0.0), (1.0, 1.1)])
def test_targets_out_of_range_are_refused(wait_s: float, busy_max: float) -> None:
    with pytest.raises(ArgumentError, match="expected above 0, and a share up to 1"):
        replicas_needed(1.0, 1.0, 1, wait_s, busy_max)
