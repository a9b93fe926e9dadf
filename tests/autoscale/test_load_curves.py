"""The policy on load curves: how far beyond the need, how soon there, and how calm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.autoscale import AutoscalePolicy, ScheduledRange
from tests.autoscale.plant import run

POLICY = AutoscalePolicy(replicas_max=24)
each_seed = pytest.mark.parametrize("rng_seed", range(3))


def step(second: float) -> float:
    return 500.0 if second < 600 else 6000.0


@each_seed
def test_a_step_is_met_within_two_additions_and_not_overshot(rng_seed: int) -> None:
    course = run(POLICY, step, 2400, rng_seed=rng_seed)
    need = course.ideal[-1]
    assert need >= 8
    assert course.asked[599] == course.ideal[0]
    assert max(course.asked) <= 1.35 * need + 1
    assert course.asked[690] >= need
    assert course.late_after(780, POLICY.queue_delay_s) == 0
    assert course.turns <= 1
    assert len(course.changes) <= 4


@each_seed
def test_a_ramp_is_followed_without_going_back(rng_seed: int) -> None:
    course = run(POLICY, lambda t: 500 + 5500 * min(1.0, t / 1800), 2700, rng_seed=rng_seed)
    assert all(change > 0 for change in course.changes)
    assert all(a <= 1.35 * i + 1 for a, i in zip(course.asked, course.ideal, strict=True))
    assert course.late_after(0, 2 * POLICY.queue_delay_s) <= 90


@each_seed
def test_a_daily_wave_is_followed_up_and_down_once_a_day(rng_seed: int) -> None:
    day = 14_400  # Four hours, so that the test is quick; a real wave is slower and easier.

    def wave(second: float) -> float:
        return 3000 - 2500 * math.cos(2 * math.pi * second / day)

    course = run(POLICY, wave, 2 * day, rng_seed=rng_seed)
    assert course.turns <= 4
    assert sum(course.asked) <= 1.35 * sum(course.ideal)
    assert course.late_after(0, 2 * POLICY.queue_delay_s) <= 0.02 * 2 * day
    assert min(course.asked[day : day + 300]) <= 1.5 * min(course.ideal) + 1


@each_seed
def test_a_flash_crowd_is_served_and_then_let_go(rng_seed: int) -> None:
    course = run(POLICY, lambda t: 8000.0 if 600 <= t < 720 else 400.0, 2400, rng_seed=rng_seed)
    assert max(course.asked[600:720]) >= 0.9 * max(course.ideal)
    assert max(course.asked) <= 1.6 * max(course.ideal)
    assert course.asked[-1] == course.ideal[-1]
    assert course.turns <= 1
    assert course.late_after(820, POLICY.queue_delay_s) == 0


@each_seed
@pytest.mark.parametrize("period_s", [40, 60, 120, 240])
def test_a_flapping_load_is_added_for_once_and_never_flaps_replicas(
    period_s: int, rng_seed: int
) -> None:
    def flapping(second: float) -> float:
        return 4000.0 if (second // (period_s / 2)) % 2 else 500.0

    course = run(POLICY, flapping, 3000, rng_seed=rng_seed)
    # What was added for the first queue is taken back once.
    assert course.turns <= 1
    assert max(course.asked) <= 1.6 * max(course.ideal) + 1
    assert len(set(course.asked[900:])) == 1


def test_a_schedule_has_replicas_ready_before_the_load_comes() -> None:
    at_eight = ScheduledRange(8, 20, replicas_min=10)
    policy = AutoscalePolicy(replicas_max=24, schedule=(at_eight,))
    before = 8 * 3600.0 - 600

    def curve(second: float) -> float:
        return 200.0 if second < 660 else 5000.0

    course = run(policy, curve, 1500, starts_at_s=before)
    assert course.asked[590] == 1
    assert course.asked[640] == 10
    assert course.late_after(0, policy.queue_delay_s) == 0


@settings(max_examples=30)
@given(
    levels=st.lists(st.floats(0, 9000), min_size=1, max_size=6),
    least=st.integers(1, 4),
    rng_seed=st.integers(0, 2**32),
)
def test_any_curve_stays_within_the_limits_and_comes_to_rest(
    levels: list[float], least: int, rng_seed: int
) -> None:
    policy = AutoscalePolicy(replicas_min=least, replicas_max=12)
    course = run(
        policy, lambda t: levels[min(int(t // 200), len(levels) - 1)], 2400, rng_seed=rng_seed
    )
    assert all(least <= count <= 12 for count in course.asked)
    assert len(set(course.asked[-300:])) == 1
    assert course.asked[-1] >= min(course.ideal[-1], 12)
    # One more than the need where the load is just below a threshold, and for the headroom.
    assert course.asked[-1] <= 1.35 * course.ideal[-1] + 1
