"""Single decisions: what is asked for, what holds it up, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.autoscale import (
    AutoscalePolicy,
    Decision,
    PartitionLoad,
    ScalerState,
    ScheduledRange,
    decide,
)
from graphray.errors import ArgumentError

BUSY = PartitionLoad(part=0, replicas=2, calls_per_s=3000, service_s=0.004)
IDLE = PartitionLoad(part=0, replicas=4, calls_per_s=10, service_s=0.004)
POLICY = AutoscalePolicy(replicas_max=32)


def decide_one(
    policy: AutoscalePolicy, load: PartitionLoad, state: ScalerState, now_s: float
) -> tuple[Decision, ScalerState]:
    (decision,), state = decide(policy, [load], state, now_s)
    return decision, state


def test_additions_wait_for_the_cooldown() -> None:
    first, state = decide_one(POLICY, BUSY, ScalerState(), 0.0)
    assert first.replicas == 4
    busier = replace(BUSY, replicas=4, calls_per_s=9000)
    held, state = decide_one(POLICY, busier, state, 10.0)
    assert (held.replicas, held.changes) == (4, False)
    assert held.reason.endswith("the last were added 10 s ago")
    later, _ = decide_one(POLICY, busier, state, 30.0)
    assert later.replicas == 12


def test_at_most_so_many_are_added_at_once() -> None:
    decision, _ = decide_one(POLICY, replace(BUSY, calls_per_s=15_000), ScalerState(), 0.0)
    assert decision.replicas == 8
    assert decision.reason.endswith("8 at once")


def test_removals_need_a_whole_window_of_less() -> None:
    state, removed = ScalerState(), None
    for now_s in range(0, 400, 10):
        decision, state = decide_one(POLICY, IDLE, state, float(now_s))
        if decision.changes:
            removed = now_s
            break
    assert removed == 300
    assert decision.replicas == 1
    assert decision.reason.endswith("no more than 1 for 300 s")


def test_one_busy_moment_within_the_window_keeps_its_replicas() -> None:
    state = ScalerState()
    for now_s in range(0, 310, 10):
        load = replace(IDLE, calls_per_s=2000) if now_s == 200 else IDLE
        decision, state = decide_one(POLICY, load, state, float(now_s))
    assert decision.replicas == 3


def test_removals_wait_for_the_cooldown_after_any_change() -> None:
    policy = replace(POLICY, down_window_s=20, down_cooldown_s=60)
    decision, state = decide_one(policy, BUSY, ScalerState(), 0.0)
    assert decision.changes
    for now_s in range(10, 100, 10):
        decision, state = decide_one(policy, IDLE, state, float(now_s))
        if decision.changes:
            break
        if now_s > 20:
            assert "the last change was" in decision.reason
    assert now_s == 60


def test_none_is_removed_while_delays_are_near_their_target() -> None:
    near = replace(BUSY, replicas=8, queue_delay_s=0.8 * POLICY.queue_delay_s)
    state = ScalerState()
    for now_s in range(0, 1000, 10):
        decision, state = decide_one(POLICY, near, state, float(now_s))
        assert not decision.changes


def test_a_queue_is_more_load_unless_replicas_start() -> None:
    waiting = replace(BUSY, replicas=5, queue_length=60_000)
    assert decide_one(POLICY, waiting, ScalerState(), 0.0)[0].replicas == 7
    starting = replace(waiting, starting=2)
    assert decide_one(POLICY, starting, ScalerState(), 0.0)[0].replicas == 5


@pytest.mark.parametrize(
    ("policy", "load", "reason"),
    [
        (POLICY, replace(BUSY, replicas=6, queue_delay_s=0.02), "calls wait 20 ms, longer than 5"),
        (
            replace(POLICY, p95_s=0.02),
            replace(BUSY, replicas=6, queue_delay_s=0.004, p95_s=0.03),
            "p95 is 30 ms, longer than 20 ms",
        ),
    ],
)
def test_what_stays_too_slow_gets_one_more(
    policy: AutoscalePolicy, load: PartitionLoad, reason: str
) -> None:
    decision, state = decide_one(policy, load, ScalerState(), 0.0)
    assert not decision.changes
    decision, _ = decide_one(policy, load, state, 30.0)
    assert decision.replicas == 7
    assert decision.reason.startswith(reason)


def test_more_replicas_are_no_help_where_nothing_waits() -> None:
    policy = replace(POLICY, p95_s=0.02)
    load, state = replace(BUSY, replicas=6, p95_s=0.05), ScalerState()
    for now_s in (0.0, 30.0, 60.0):
        decision, state = decide_one(policy, load, state, now_s)
        assert not decision.changes


def test_calls_per_replica_may_be_limited() -> None:
    decision, _ = decide_one(replace(POLICY, calls_per_s_max=500), BUSY, ScalerState(), 0.0)
    assert decision.replicas == 6


def test_the_schedule_and_the_limits_hold_at_once() -> None:
    night = ScheduledRange(22, 6, replicas_min=3, replicas_max=4)
    policy = replace(POLICY, schedule=(night,))
    idle = replace(IDLE, replicas=1)
    assert decide_one(policy, idle, ScalerState(), 23 * 3600.0)[0].replicas == 3
    assert decide_one(policy, idle, ScalerState(), 12 * 3600.0)[0].replicas == 1
    assert decide_one(policy, BUSY, ScalerState(), 5 * 3600.0)[0].replicas == 4
    busy = replace(BUSY, replicas=8)
    assert decide_one(policy, busy, ScalerState(), 5 * 3600.0)[0].reason.endswith("at most 4")


def test_the_hot_ones_get_what_there_is() -> None:
    loads = [
        PartitionLoad(part, replicas=1, calls_per_s=rate, service_s=0.004)
        for part, rate in enumerate([100, 2400, 4800])
    ]
    decisions, _ = decide(replace(POLICY, replicas_total_max=7), loads, ScalerState(), 0.0)
    assert [d.replicas for d in decisions] == [1, 2, 4]
    assert "2 of the 7 for all" in decisions[1].reason


@given(
    rates=st.lists(st.floats(0, 20_000), min_size=1, max_size=8),
    total=st.integers(1, 40),
    least=st.integers(1, 3),
)
def test_limits_hold_whatever_the_load(rates: list[float], total: int, least: int) -> None:
    policy = AutoscalePolicy(replicas_min=least, replicas_max=9, replicas_total_max=total)
    loads = [PartitionLoad(p, 2, calls_per_s=rate, service_s=0.004) for p, rate in enumerate(rates)]
    decisions, _ = decide(policy, loads, ScalerState(), 0.0)
    assert all(least <= d.replicas <= 9 for d in decisions)
    assert sum(d.replicas for d in decisions) <= max(total, least * len(rates))


@given(rate=st.floats(0, 50_000), more=st.floats(0, 50_000))
def test_more_load_never_gets_fewer(rate: float, more: float) -> None:
    def asked(calls_per_s: float) -> int:
        load = PartitionLoad(0, 1, calls_per_s=calls_per_s, service_s=0.004)
        return decide_one(POLICY, load, ScalerState(), 0.0)[0].replicas

    assert asked(rate) <= asked(rate + more)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"replicas_min": 0}, "replicas_min = 0, replicas_max = 8"),
        ({"replicas_min": 9}, "replicas_min = 9"),
        ({"queue_delay_s": 0.0}, "queue_delay_s = 0.0"),
        ({"p95_s": -1.0}, "p95_s = -1.0"),
        ({"down_window_s": -1.0}, "down_window_s = -1.0"),
        ({"busy_max": 1.5}, "busy_max = 1.5"),
        ({"step_up_max": 1.0}, "step_up_max = 1.0"),
        ({"threads_per_replica": 0}, "threads_per_replica = 0"),
    ],
)
def test_a_wrong_policy_is_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        AutoscalePolicy(**fields)  # type: ignore[arg-type]


def test_a_wrong_measurement_is_refused() -> None:
    with pytest.raises(ArgumentError, match="partition 3: service_s = nan"):
        PartitionLoad(3, 1, service_s=float("nan"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start_hour": 25}, "hour is 25"),
        ({"days": ("someday",)}, "someday"),
        ({"days": ()}, "expected some of mon"),
        ({"replicas_min": 3, "replicas_max": 2}, "replicas_min = 3, replicas_max = 2"),
    ],
)
def test_a_wrong_schedule_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ScheduledRange(**{"start_hour": 0, "stop_hour": 1, **fields})  # type: ignore[arg-type]


def test_two_that_are_as_hot_do_not_hand_a_replica_to_and_fro() -> None:
    policy = replace(POLICY, replicas_total_max=9)
    rng = np.random.default_rng(0)
    replicas, changes, state = [1, 1], 0, ScalerState()
    for now_s in range(0, 3000, 10):
        loads = [
            PartitionLoad(part, count, calls_per_s=float(rng.normal(5000, 200)), service_s=0.004)
            for part, count in enumerate(replicas)
        ]
        decisions, state = decide(policy, loads, state, float(now_s))
        changes += sum(decision.changes for decision in decisions)
        replicas = [decision.replicas for decision in decisions]
    assert sorted(replicas) == [4, 5]
    assert changes <= 5


def test_what_one_has_goes_to_one_that_is_clearly_hotter() -> None:
    loads = [
        PartitionLoad(0, replicas=5, calls_per_s=4000, service_s=0.004),
        PartitionLoad(1, replicas=2, calls_per_s=9000, service_s=0.004),
    ]
    decisions, _ = decide(replace(POLICY, replicas_total_max=7), loads, ScalerState(), 0.0)
    assert [d.replicas for d in decisions] == [3, 4]
