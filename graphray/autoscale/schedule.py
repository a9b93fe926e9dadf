"""Times of the week at which there are to be at least, or at most, so many replicas.

For load that is known beforehand: a training job every night, readers who come at eight.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphray.errors import ArgumentError

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_DAY = _DAYS.index("thu")
"""1 January 1970, from which Unix time counts, was a Thursday."""


@dataclass(frozen=True)
class ScheduledRange:
    """A daily time, and the replicas that each partition is to have then.

    Attributes:
        start_hour, stop_hour: UTC, 0 to 24; a range whose stop is before its start goes over
            midnight, and belongs to the day on which it starts.
        replicas_min: at least so many.
        replicas_max: at most so many; None for as many as the policy says.
        days: of "mon" ... "sun".

    Example:
        >>> night = ScheduledRange(22, 6, replicas_min=4, days=("fri",))
        >>> friday_23h = 23 * 3600 + 24 * 3600
        >>> night.covers(friday_23h), night.covers(friday_23h + 6 * 3600), night.covers(0)
        (True, True, False)
    """

    start_hour: float
    stop_hour: float
    replicas_min: int = 1
    replicas_max: int | None = None
    days: tuple[str, ...] = _DAYS

    def __post_init__(self) -> None:
        for hour in (self.start_hour, self.stop_hour):
            if not 0 <= hour <= 24:
                raise ArgumentError(f"a schedule's hour is {hour}; expected 0 to 24")
        unknown = [day for day in self.days if day not in _DAYS]
        if unknown or not self.days:
            raise ArgumentError(f"days = {self.days}; expected some of {', '.join(_DAYS)}")
        most = self.replicas_min if self.replicas_max is None else self.replicas_max
        if not 1 <= self.replicas_min <= most:
            raise ArgumentError(
                f"replicas_min = {self.replicas_min}, replicas_max = {self.replicas_max}; expected "
                "1 <= replicas_min <= replicas_max"
            )

    def covers(self, now_s: float) -> bool:
        """Whether a Unix time is within the range."""
        day, second = divmod(now_s, _DAY_S)
        hour = second / _HOUR_S
        if self.start_hour <= self.stop_hour:
            return self._is_on(day) and self.start_hour <= hour < self.stop_hour
        return (self._is_on(day) and hour >= self.start_hour) or (
            self._is_on(day - 1) and hour < self.stop_hour
        )

    def _is_on(self, day: float) -> bool:
        return _DAYS[(int(day) + _FIRST_DAY) % 7] in self.days
