"""The decision: metrics and time in, a number of replicas per partition and the reasons out.

Two parts, as in most controllers that have to be both quick and calm:

- *Feed-forward*: how many replicas the load that arrives needs (`graphray.autoscale.staffing`). It
  does not depend on how many there are, so that it does not run away while new ones still start. A
  queue that has built up counts as more load, but not while replicas start: those already asked for
  may suffice.
- *Feedback*: where the measured delay has been beyond its target for a while although the load
  needs no more and no queue is being worked off, one replica more, or an eighth. Where it is near,
  none is removed.

Additions come at once, but not more often than the cool-down. Removals need that fewer replicas
have sufficed throughout a window (the rule of Kubernetes' HorizontalPodAutoscaler: the highest
recommendation within it), with headroom. So a load that flaps faster than the window costs one
addition and no removal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from graphray.autoscale.decision import Decision, Wish
from graphray.autoscale.metrics import PartitionLoad
from graphray.autoscale.policy import AutoscalePolicy
from graphray.autoscale.sharing import share_out
from graphray.autoscale.staffing import replicas_needed

_WAITING_MATTERS = 0.1
"""Replicas shorten the wait only, which has to be at least this share of what takes too long."""

_NEAR = 0.5
"""Beyond this share of the target delay no replica is removed: with one less it may double."""


@dataclass(frozen=True)
class History:
    """What is remembered of one partition.

    Attributes:
        sufficient: (time, how many replicas would have sufficed), for as long as the window.
        since_s: since when there are observations.
        slow_since_s: since when delays have been beyond their target without a reason that passes;
            infinite where they are not.
        added_s: when replicas were last added.
        changed_s: when they were last added or removed.
    """

    sufficient: tuple[tuple[float, int], ...] = ()
    since_s: float = math.inf
    slow_since_s: float = math.inf
    added_s: float = -math.inf
    changed_s: float = -math.inf


@dataclass(frozen=True)
class ScalerState:
    """What one decision leaves for the next, by partition."""

    histories: Mapping[int, History] = field(default_factory=dict)


def decide(
    policy: AutoscalePolicy, loads: Iterable[PartitionLoad], state: ScalerState, now_s: float
) -> tuple[tuple[Decision, ...], ScalerState]:
    """Decide how many replicas each partition is to have.

    Args:
        policy: what is aimed at.
        loads: what was measured, of every partition.
        state: what the last decision returned; `ScalerState` at first.
        now_s: Unix time, of which the schedule needs more than differences.

    Returns:
        A decision per partition in the order given, and the state for the next time.

    Example:
        >>> hot = PartitionLoad(part=0, replicas=1, calls_per_s=2000, service_s=0.005)
        >>> (decision,), state = decide(AutoscalePolicy(), [hot], ScalerState(), now_s=0.0)
        >>> decision.replicas, decision.reason
        (4, '2,000 calls/s of 5 ms need 4')
    """
    wishes, histories = [], {}
    for load in loads:
        history = _observed(policy, load, state.histories.get(load.part, History()), now_s)
        wishes.append(_wish(policy, load, history, now_s))
        histories[load.part] = history
    decisions = share_out(wishes, policy.replicas_total_max)
    for decision in decisions:
        histories[decision.part] = _noted(histories[decision.part], decision, now_s)
    return decisions, ScalerState(histories)


def _observed(
    policy: AutoscalePolicy, load: PartitionLoad, history: History, now_s: float
) -> History:
    """The history with what would suffice now, and without what is older than the window."""
    enough = _needed(policy, load.calls_per_s * (1 + policy.headroom), load.service_s)
    if load.queue_delay_s > _NEAR * policy.queue_delay_s:
        enough = max(enough, load.replicas)
    first_s = now_s - policy.down_window_s
    recent = tuple(entry for entry in history.sufficient if entry[0] >= first_s)
    return replace(
        history,
        sufficient=(*recent, (now_s, enough)),
        since_s=min(history.since_s, now_s),
        slow_since_s=min(history.slow_since_s, now_s) if _too_slow(policy, load) else math.inf,
    )


def _noted(history: History, decision: Decision, now_s: float) -> History:
    if not decision.changes:
        return history
    added_s = now_s if decision.replicas > decision.before else history.added_s
    return replace(history, added_s=added_s, changed_s=now_s)


def _wish(policy: AutoscalePolicy, load: PartitionLoad, history: History, now_s: float) -> Wish:
    least, most = policy.range_at(now_s)
    wanted, reason = _wanted(policy, load)
    if wanted <= load.replicas and now_s - history.slow_since_s >= policy.up_cooldown_s:
        wanted, reason = load.replicas + max(1, load.replicas // 8), _too_slow(policy, load)
    if wanted > load.replicas:
        wanted, why = _added(policy, load, history, now_s, wanted)
    elif wanted < load.replicas:
        wanted, why = _removed(policy, load, history, now_s)
    else:
        why = ""
    reason = f"{reason}; {why}" if why else reason
    if wanted < least:
        return Wish(load, least, least, f"{reason}; at least {least}")
    if wanted > most:
        return Wish(load, most, least, f"{reason}; at most {most}")
    return Wish(load, wanted, least, reason)


def _wanted(policy: AutoscalePolicy, load: PartitionLoad) -> tuple[int, str]:
    """What the metrics ask for, and why."""
    rate, waiting = load.calls_per_s, ""
    if load.queue_length > 0 and load.starting == 0:
        rate += load.queue_length / policy.drain_s
        waiting = f" and {load.queue_length:,.0f} that wait"
    wanted = _needed(policy, rate, load.service_s)
    calls = f"{load.calls_per_s:,.0f} calls/s of {1000 * load.service_s:.3g} ms"
    return wanted, f"{calls}{waiting} need {wanted}"


def _needed(policy: AutoscalePolicy, calls_per_s: float, service_s: float) -> int:
    needed = replicas_needed(
        calls_per_s,
        service_s,
        policy.threads_per_replica,
        policy.queue_delay_s,
        policy.busy_max,
    )
    if policy.calls_per_s_max is None:
        return needed
    return max(needed, math.ceil(calls_per_s / policy.calls_per_s_max))


def _too_slow(policy: AutoscalePolicy, load: PartitionLoad) -> str:
    """Which measured delay is beyond its target and does not pass by itself; empty if none."""
    queue_at_target = load.calls_per_s * policy.queue_delay_s  # Little's law.
    if load.starting or load.queue_length > queue_at_target:
        return ""
    if load.queue_delay_s > policy.queue_delay_s:
        return (
            f"calls wait {1000 * load.queue_delay_s:.3g} ms, longer than "
            f"{1000 * policy.queue_delay_s:.3g} ms"
        )
    waiting_matters = load.queue_delay_s > _WAITING_MATTERS * load.p95_s
    if policy.p95_s is not None and load.p95_s > policy.p95_s and waiting_matters:
        return f"p95 is {1000 * load.p95_s:.3g} ms, longer than {1000 * policy.p95_s:.3g} ms"
    return ""


def _added(
    policy: AutoscalePolicy, load: PartitionLoad, history: History, now_s: float, wanted: int
) -> tuple[int, str]:
    """How many there are to be now that more are wanted, and what holds it up."""
    since_s = now_s - history.added_s
    if since_s < policy.up_cooldown_s:
        return load.replicas, f"the last were added {since_s:.0f} s ago"
    at_once = max(load.replicas + 1, math.floor(load.replicas * policy.step_up_max))
    return (at_once, f"{at_once} at once") if wanted > at_once else (wanted, "")


def _removed(
    policy: AutoscalePolicy, load: PartitionLoad, history: History, now_s: float
) -> tuple[int, str]:
    """How many there are to be now that fewer are wanted, and what holds it up."""
    window = f"{policy.down_window_s:.0f} s"
    sufficed = max(count for _, count in history.sufficient)
    if sufficed >= load.replicas:
        return load.replicas, f"up to {sufficed} within {window}"
    if now_s - history.since_s < policy.down_window_s:
        return load.replicas, f"not yet for {window}"
    since_s = now_s - history.changed_s
    if since_s < policy.down_cooldown_s:
        return load.replicas, f"the last change was {since_s:.0f} s ago"
    return sufficed, f"no more than {sufficed} for {window}"
