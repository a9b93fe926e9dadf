"""Asking a second replica when the first is slow: after which delay, and how often at most.

A read that has not been answered within the time in which 95 of 100 are is sent to another replica
as well, and the first answer counts. That costs 5 % more calls and takes the tail off (J. Dean and
L. Barroso, "The Tail at Scale", CACM 2013). When everything is slow it would double the load just
then, so second calls are paid for out of a budget that grows with the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphray.errors import ArgumentError
from graphray.health.latencies import LatencyHistogram


@dataclass(frozen=True)
class HedgeSettings:
    """When to ask twice.

    Attributes:
        quantile: of the latencies, after which a second replica is asked. Larger: fewer second
            calls, a longer tail.
        share_max: second calls per first call, at most, over time.
        burst: second calls that may be saved up for a bad moment.
        delay_min_s: never sooner: a second call costs as much as the first.
        delay_unknown_s: while too few latencies are known.
        calls_min: fewer are too few.
    """

    quantile: float = 0.95
    share_max: float = 0.1
    burst: float = 20.0
    delay_min_s: float = 0.002
    delay_unknown_s: float = 0.1
    calls_min: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ArgumentError(f"quantile = {self.quantile}; expected a share between 0 and 1")
        if not 0 <= self.share_max <= 1 or self.burst < 0:
            raise ArgumentError(
                f"share_max = {self.share_max}, burst = {self.burst}; expected a share, and 0 or "
                "more"
            )
        if not 0 < self.delay_min_s <= self.delay_unknown_s:
            raise ArgumentError(
                f"delay_min_s = {self.delay_min_s}, delay_unknown_s = {self.delay_unknown_s}; "
                "expected 0 < delay_min_s <= delay_unknown_s"
            )


def hedge_delay_s(seen: LatencyHistogram, settings: HedgeSettings) -> float:
    """After how long to ask a second replica, if none has answered.

    Args:
        seen: latencies of calls of this kind, at whichever replica: those of the slow one alone
            would make it the measure of itself.
        settings: when to ask twice.

    Example:
        >>> hedge_delay_s(LatencyHistogram(), HedgeSettings())
        0.1
    """
    if seen.weight() < settings.calls_min:
        return settings.delay_unknown_s
    return max(settings.delay_min_s, seen.quantile_s(settings.quantile))


class HedgeBudget:
    """How many second calls may be made: a token bucket that first calls fill.

    Example:
        >>> budget = HedgeBudget(HedgeSettings(share_max=0.5, burst=1))
        >>> budget.spend(), budget.spend()
        (True, False)
        >>> budget.called(); budget.called(); budget.spend()
        True
    """

    def __init__(self, settings: HedgeSettings) -> None:
        self._settings = settings
        self._tokens = settings.burst

    def called(self) -> None:
        """A first call was made."""
        self._tokens = min(self._settings.burst, self._tokens + self._settings.share_max)

    def spend(self) -> bool:
        """Whether a second call may be made; where so, it is paid for."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
