"""How likely it is that something which sends heartbeats has stopped: the φ accrual detector.

Instead of one timeout for every network and load, the times between heartbeats are learnt, and the
silence so far is held against them: φ = -log10 of the probability that a heartbeat comes later than
this. φ = 1 is wrong one time in ten, φ = 8 one time in 10⁸ if times were normally distributed
(N. Hayashibara, X. Défago, R. Yared, T. Katayama, "The φ Accrual Failure Detector", SRDS 2004).

They are not quite: processes pause (garbage collection, a busy node). So, as Akka and Cassandra
do, the deviation is never taken to be below a minimum, and an acceptable pause is added to the
mean. The heartbeats that pile up in a pause and then arrive at once are not learnt from, and an
outage is not learnt as what is usual.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from graphray.errors import ArgumentError

PHI_MAX = 300.0
"""A larger φ is not told apart: doubles have no smaller probabilities."""

_AT_ONCE = 0.1
_OUTAGE = 10.0
"""Times below and beyond these multiples of what is expected are not usual ones."""


@dataclass(frozen=True)
class HeartbeatSettings:
    """How heartbeats are sent and judged.

    Attributes:
        every_s: how often one is sent; what is expected before any times are learnt.
        pause_s: silence on top that is acceptable. Longer: fewer false suspicions of busy
            processes; every detection takes so much longer.
        deviation_min_s: the spread of times is taken to be at least this.
        window: times between heartbeats that are remembered.
    """

    every_s: float = 0.5
    pause_s: float = 0.5
    deviation_min_s: float = 0.1
    window: int = 200

    def __post_init__(self) -> None:
        if not (self.every_s > 0 and self.deviation_min_s > 0 and self.pause_s >= 0):
            raise ArgumentError(
                f"every_s = {self.every_s}, deviation_min_s = {self.deviation_min_s}, pause_s = "
                f"{self.pause_s}; expected above 0, above 0, and 0 or more"
            )
        if self.window < 2:
            raise ArgumentError(f"window = {self.window}; expected at least 2")


class Heartbeats:
    """The heartbeats of one sender.

    Args:
        settings: how they are sent.
        now_s: when listening began; silence counts from then on.

    Example:
        >>> heard = Heartbeats(HeartbeatSettings(every_s=1.0), now_s=0.0)
        >>> for second in range(1, 11):
        ...     heard.arrived(float(second))
        >>> heard.phi(11.0) < 1 < 8 < heard.phi(13.0)
        True
    """

    def __init__(self, settings: HeartbeatSettings, now_s: float) -> None:
        self._settings = settings
        self._last_s = now_s
        self._times_s: deque[float] = deque(maxlen=settings.window)
        self._sum = self._sum_of_squares = 0.0

    def arrived(self, now_s: float) -> None:
        """One arrived."""
        settings = self._settings
        time_s = min(self.silence_s(now_s), _OUTAGE * (settings.every_s + settings.pause_s))
        self._last_s = max(self._last_s, now_s)
        if time_s < _AT_ONCE * settings.every_s:
            return
        if len(self._times_s) == settings.window:
            self._add(self._times_s.popleft(), -1)
        self._times_s.append(time_s)
        self._add(time_s, 1)

    def listener_was_away(self, length_s: float) -> None:
        """Nobody listened for so long, so that much of the silence says nothing."""
        self._last_s += length_s

    def silence_s(self, now_s: float) -> float:
        """For how long nothing was heard."""
        return max(0.0, now_s - self._last_s)

    def phi(self, now_s: float) -> float:
        """How unlikely so long a silence is: 0 for none, rising with time, at most `PHI_MAX`."""
        mean_s, deviation_s = self._spread()
        late = (self.silence_s(now_s) - mean_s - self._settings.pause_s) / deviation_s
        probability = 0.5 * math.erfc(late / math.sqrt(2))
        return min(PHI_MAX, -math.log10(probability)) if probability > 0 else PHI_MAX

    def _add(self, time_s: float, sign: int) -> None:
        self._sum += sign * time_s
        self._sum_of_squares += sign * time_s**2

    def _spread(self) -> tuple[float, float]:
        """Mean and standard deviation, of what is expected until enough was heard."""
        count, settings = len(self._times_s), self._settings
        if count < 2:
            return settings.every_s, max(settings.every_s / 4, settings.deviation_min_s)
        mean = self._sum / count
        variance = max(0.0, self._sum_of_squares / count - mean**2)
        return mean, max(math.sqrt(variance), settings.deviation_min_s)
