"""What fails again and again is left alone for longer and longer, and that is said.

A circuit breaker (M. Nygard, "Release It!", 2007) around restarts, with exponential backoff:

::

    running --failed--> waiting --start--> running        a few failures: try again, later each time
    running --failed--> quarantined                       too many within the window
    quarantined --its time is over--> trial               one more try
    trial --failed--> quarantined                         for twice as long
    trial --well for long enough--> running               all is forgotten
    quarantined --release--> trial                        someone has mended the cause

Time is an argument; so is the jitter, which keeps a thousand replicas that failed of the same cause
from coming back at the same moment.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from graphray.errors import ArgumentError

QuarantineState = Literal["running", "waiting", "trial", "quarantined"]


@dataclass(frozen=True)
class QuarantineSettings:
    """How patient to be.

    Attributes:
        failures_max: more than so many failures within the window, and it is quarantined.
        window_s: how long a failure counts.
        backoff_s: before the first restart; doubled with every further failure in the window.
        backoff_max_s: but no longer than this.
        quarantine_s: how long the first quarantine is; doubled with every failed trial.
        quarantine_max_s: but no longer than this.
        well_after_s: a trial that runs for so long without a failure was a success.
    """

    failures_max: int = 5
    window_s: float = 600.0
    backoff_s: float = 0.5
    backoff_max_s: float = 60.0
    quarantine_s: float = 300.0
    quarantine_max_s: float = 3600.0
    well_after_s: float = 600.0

    def __post_init__(self) -> None:
        if self.failures_max < 1:
            raise ArgumentError(f"failures_max = {self.failures_max}; expected at least 1")
        for short, long in (("backoff_s", "backoff_max_s"), ("quarantine_s", "quarantine_max_s")):
            if not 0 < getattr(self, short) <= getattr(self, long):
                raise ArgumentError(
                    f"{short} = {getattr(self, short)}, {long} = {getattr(self, long)}; expected "
                    f"0 < {short} <= {long}"
                )
        if not (self.window_s > 0 and self.well_after_s > 0):
            raise ArgumentError(
                f"window_s = {self.window_s}, well_after_s = {self.well_after_s}; expected above 0"
            )


class Quarantine:
    """The restarts of one replica, or of whatever may fail.

    Attributes:
        state: where it is in the drawing above.
        reason: why it is quarantined or waits; empty where it runs.
        until_s: until when it waits or is quarantined.

    Example:
        >>> restarts = Quarantine(QuarantineSettings(failures_max=1))
        >>> restarts.failed(0.0, "out of memory", jitter=0.0)
        >>> restarts.state, restarts.until_s
        ('waiting', 0.5)
        >>> restarts.may_start(0.5)
        True
        >>> restarts.failed(1.0, "out of memory", jitter=0.0)
        >>> restarts.state, restarts.reason
        ('quarantined', 'failed 2 times within 600 s, last: out of memory')
    """

    def __init__(self, settings: QuarantineSettings) -> None:
        self._settings = settings
        self._failed_s: deque[float] = deque()
        self._trials_failed = 0
        self._started_s = 0.0
        self.state: QuarantineState = "running"
        self.reason = ""
        self.until_s = 0.0

    def failed(self, now_s: float, cause: str, *, jitter: float) -> None:
        """It failed while it ran; told again, of the same failure, it does not count again.

        Args:
            now_s: when.
            cause: for the reason that is shown.
            jitter: 0 up to 1, at random: lengthens the wait by up to a half.
        """
        if self.state in ("waiting", "quarantined"):
            return
        self._forget(now_s)
        self._failed_s.append(now_s)
        count = len(self._failed_s)
        if self.state == "trial":
            self._trials_failed += 1
            self._isolate(now_s, jitter, f"failed again after a quarantine: {cause}")
        elif count > self._settings.failures_max:
            within = f"within {self._settings.window_s:.0f} s"
            self._isolate(now_s, jitter, f"failed {count} times {within}, last: {cause}")
        else:
            self.state, self.reason = "waiting", cause
            backoff_s = self._settings.backoff_s * 2.0 ** (count - 1)
            self.until_s = now_s + _spread(min(backoff_s, self._settings.backoff_max_s), jitter)

    def may_start(self, now_s: float) -> bool:
        """Whether to start it now; where so, it counts as started."""
        if self.state not in ("waiting", "quarantined") or now_s < self.until_s:
            return False
        self._start(now_s, "trial" if self.state == "quarantined" else "running")
        return True

    def release(self, now_s: float) -> None:
        """Someone says that the cause is mended: try at once; ignored unless it is quarantined."""
        if self.state == "quarantined":
            self.until_s = now_s

    def tick(self, now_s: float) -> None:
        """Time has passed, in which it may have proved to be well."""
        is_long = now_s - self._started_s >= self._settings.well_after_s
        if self.state == "trial" and is_long:
            self._failed_s.clear()
            self._trials_failed = 0
            self.state = "running"

    def _start(self, now_s: float, state: QuarantineState) -> None:
        self.state, self.reason, self._started_s = state, "", now_s

    def _isolate(self, now_s: float, jitter: float, reason: str) -> None:
        settings = self._settings
        length_s = settings.quarantine_s * 2.0 ** min(self._trials_failed, 60)
        self.state, self.reason = "quarantined", reason
        self.until_s = now_s + _spread(min(length_s, settings.quarantine_max_s), jitter)

    def _forget(self, now_s: float) -> None:
        while self._failed_s and now_s - self._failed_s[0] > self._settings.window_s:
            self._failed_s.popleft()


def _spread(length_s: float, jitter: float) -> float:
    return length_s * (1 + jitter / 2)
