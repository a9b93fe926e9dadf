"""Which replica of a partition to ask first, by how it fared with this client so far.

Every client has a replica of its own to begin with, so that many clients spread over all of them.
One that failed, refused, or was late again and again is set aside for a while, and the next one is
asked instead. Then it is tried again: on trial, so that a single late answer sets it aside once
more, for twice as long. An answer in time ends the trial, and the client is back where it began:
without that, whoever was restarted first would serve everybody for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from graphray.errors import ArgumentError


@dataclass(frozen=True)
class PreferenceSettings:
    """When a replica stops being preferred, and for how long.

    Attributes:
        late_max: late answers in a row that are put down to chance.
        aside_s: for how long it is set aside the first time. Shorter: calls wait for it more often
            while it is away; longer: its siblings serve its share for longer than they need to.
        aside_s_max: and at most, however often it happens.
    """

    late_max: int = 2
    aside_s: float = 1.0
    aside_s_max: float = 30.0

    def __post_init__(self) -> None:
        if self.late_max < 0 or not 0 < self.aside_s <= self.aside_s_max:
            raise ArgumentError(
                f"late_max = {self.late_max}, aside_s = {self.aside_s}, aside_s_max = "
                f"{self.aside_s_max}; expected 0 or more, and 0 < aside_s <= aside_s_max"
            )


@dataclass
class _Record:
    """How one replica fared.

    Attributes:
        late: late answers in a row.
        times_aside: in a row, for failures or lateness; above 0 it is aside or on trial.
        until_s: when it is to be tried again.
    """

    late: int = 0
    times_aside: int = 0
    until_s: float = float("-inf")


class Preference:
    """The order in which one client asks the replicas of one partition; its time is an argument.

    Args:
        replicas: how many there are.
        first: the one to begin with.
        settings: when one stops being preferred.

    Example:
        >>> preference = Preference(3, first=1)
        >>> preference.failed(1, now_s=0.0)
        >>> preference.choose(now_s=0.5), preference.choose(now_s=1.0)
        (2, 1)
    """

    def __init__(
        self, replicas: int, first: int, settings: PreferenceSettings | None = None
    ) -> None:
        self._settings = settings or PreferenceSettings()
        self._first = first % replicas
        self._records = [_Record() for _ in range(replicas)]

    def choose(self, now_s: float, besides: Collection[int] = ()) -> int | None:
        """The replica to ask now; None where all have been asked.

        Args:
            now_s: the time.
            besides: those that have been asked.
        """
        if not besides and self._records[self._first].until_s <= now_s:
            return self._first
        left = [replica for replica in self._in_turn() if replica not in besides]
        # Where all are aside, the one that comes back first; `min` keeps to the turn among equals.
        return min(left, key=lambda at: max(now_s, self._records[at].until_s), default=None)

    def in_time(self, replica: int) -> None:
        """It answered, and nobody else had to be asked."""
        record = self._records[replica]
        if record.late or record.times_aside:
            record.late = record.times_aside = 0

    def late(self, replica: int, now_s: float) -> None:
        """Somebody who was asked after it answered before it."""
        record = self._records[replica]
        record.late += 1
        if record.times_aside or record.late > self._settings.late_max:
            self.failed(replica, now_s)

    def failed(self, replica: int, now_s: float) -> None:
        """It died, or did not answer at all."""
        record = self._records[replica]
        if now_s < record.until_s:
            return  # Of calls that went out together all fail: that is one failure.
        doubled_s = self._settings.aside_s * 2.0 ** min(record.times_aside, 30)
        record.until_s = now_s + min(doubled_s, self._settings.aside_s_max)
        record.times_aside += 1
        record.late = 0

    def refused(self, replica: int, retry_after_s: float, now_s: float) -> None:
        """It has too much to do, and asks to be left alone for so long: no fault of its own."""
        record = self._records[replica]
        record.until_s = max(record.until_s, now_s + retry_after_s)

    def _in_turn(self) -> Iterator[int]:
        count = len(self._records)
        return ((self._first + step) % count for step in range(count))
