"""The plant: a partition's replicas under a load curve, simulated in steps of a second.

Arrivals are Poisson, a replica that is asked for serves after `start_s`, and what cannot be served
waits. The delay is what a queue that has built up takes to work off, and where there is none, the
mean wait of M/M/c. Metrics are means over the last `window_s`, as an actor would report them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from graphray.autoscale import (
    AutoscalePolicy,
    PartitionLoad,
    ScalerState,
    decide,
    mean_wait_s,
    replicas_needed,
)

Curve = Callable[[float], float]
"""Calls per second at a time."""

SERVICE_S = 0.004
LONGEST_WAIT_S = 60.0


@dataclass
class Course:
    """What happened, by second."""

    asked: list[int] = field(default_factory=list)
    ideal: list[int] = field(default_factory=list)
    delay_s: list[float] = field(default_factory=list)
    reasons: list[tuple[int, str]] = field(default_factory=list)

    @property
    def changes(self) -> list[int]:
        """By how much replicas changed, each time they did."""
        return [b - a for a, b in pairwise(self.asked) if a != b]

    @property
    def turns(self) -> int:
        """How often additions followed removals, or the reverse."""
        signs = [change > 0 for change in self.changes]
        return sum(a != b for a, b in pairwise(signs))

    def late_after(self, second: int, delay_s: float) -> int:
        """How many seconds after a time calls waited longer than that."""
        return sum(delay > delay_s for delay in self.delay_s[second:])


def run(
    policy: AutoscalePolicy,
    curve: Curve,
    seconds: int,
    *,
    rng_seed: int = 0,
    start_s: int = 20,
    every_s: int = 10,
    service_s: float = SERVICE_S,
    starts_at_s: float = 0.0,
) -> Course:
    """Let a policy follow a curve, a decision every so often."""
    rng = np.random.default_rng(rng_seed)
    course, state = Course(), ScalerState()
    waiting = 0.0
    ready_at = [0.0] * policy.replicas_min
    arrived: list[float] = []
    for second in range(seconds):
        serving = sum(at <= second for at in ready_at)
        rate = curve(second)
        calls = float(rng.poisson(rate))
        capacity = serving * policy.threads_per_replica / service_s
        waiting = max(0.0, waiting + calls - capacity)
        waiting = min(waiting, LONGEST_WAIT_S * capacity)  # What waits longer is shed.
        arrived.append(calls)
        steady_s = mean_wait_s(rate / serving, service_s, policy.threads_per_replica)
        course.delay_s.append(waiting / capacity + min(steady_s, 0.1))
        course.asked.append(len(ready_at))
        course.ideal.append(ideal(policy, rate, service_s))
        if second % every_s == every_s - 1:
            load = PartitionLoad(
                part=0,
                replicas=len(ready_at),
                starting=len(ready_at) - serving,
                calls_per_s=float(np.mean(arrived[-every_s:])),
                service_s=service_s,
                queue_length=waiting,
                queue_delay_s=float(np.mean(course.delay_s[-every_s:])),
            )
            (decision,), state = decide(policy, [load], state, starts_at_s + second)
            if decision.changes:
                course.reasons.append((second, decision.reason))
            ready_at += [second + start_s] * (decision.replicas - len(ready_at))
            ready_at = sorted(ready_at)[: decision.replicas]
    return course


def ideal(policy: AutoscalePolicy, rate: float, service_s: float) -> int:
    """What one who knew the load would run."""
    needed = replicas_needed(
        rate, service_s, policy.threads_per_replica, policy.queue_delay_s, policy.busy_max
    )
    return min(max(needed, policy.replicas_min), policy.replicas_max)
