"""Quantiles of latencies in little memory: a histogram of rising buckets that forgets.

Bucket bounds rise by a fixed ratio, so that every quantile is right to within that ratio however
small or large it is, and counts halve with time, so that yesterday's latencies are forgotten.
"""

from __future__ import annotations

import math

from graphray.errors import ArgumentError

_RATIO = 1.1
_SHORTEST_S = 1e-5
_LONGEST_S = 1e3
_BUCKETS = math.ceil(math.log(_LONGEST_S / _SHORTEST_S, _RATIO)) + 1


class LatencyHistogram:
    """Latencies of one replica, or of one kind of call.

    Args:
        half_life_s: after which a latency counts for half.

    Example:
        >>> seen = LatencyHistogram()
        >>> for milliseconds in range(1, 101):
        ...     seen.note(milliseconds / 1000, now_s=0.0)
        >>> 0.09 < seen.quantile_s(0.95) < 0.11
        True
    """

    def __init__(self, half_life_s: float = 30.0) -> None:
        if not half_life_s > 0:
            raise ArgumentError(f"half_life_s = {half_life_s}; expected above 0")
        self._half_life_s = half_life_s
        self._counts = [0.0] * _BUCKETS
        self._total = 0.0
        self._aged_s = -math.inf

    def note(self, latency_s: float, now_s: float) -> None:
        """A call took that long."""
        self._age(now_s)
        ratio = max(latency_s, _SHORTEST_S) / _SHORTEST_S
        bucket = min(_BUCKETS - 1, math.ceil(math.log(ratio, _RATIO)))
        self._counts[bucket] += 1
        self._total += 1

    def weight(self) -> float:
        """How many latencies it knows, old ones counting for less."""
        return self._total

    def quantile_s(self, share: float) -> float:
        """The latency that this share of calls did not exceed; 0 where none is known."""
        below = 0.0
        for bucket, count in enumerate(self._counts):
            below += count
            if count and below >= share * self._total * (1 - 1e-9):
                return _SHORTEST_S * _RATIO**bucket
        return 0.0

    def _age(self, now_s: float) -> None:
        """Once per tenth of the half-life, all at once: counting stays cheap."""
        passed_s = now_s - self._aged_s
        if passed_s < self._half_life_s / 10:
            return
        left = 0.5 ** (passed_s / self._half_life_s)
        self._counts = [count * left for count in self._counts]
        self._total *= left
        self._aged_s = now_s
