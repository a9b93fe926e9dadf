"""The numbers by which replicas are added and removed."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.autoscale.schedule import ScheduledRange
from graphray.errors import ArgumentError


@dataclass(frozen=True)
class AutoscalePolicy:
    """What is aimed at, and how quickly it may be followed.

    Attributes:
        replicas_min, replicas_max: of each partition.
        replicas_total_max: of all partitions together; where that is too few, those that would wait
            longest get them. None for no limit.
        queue_delay_s: how long calls may wait on average. Shorter: more replicas.
        p95_s: within which 95 of 100 calls are to be answered, where that can be reached by waiting
            less; None to leave it out.
        calls_per_s_max: of one replica, whatever its delay; None to leave it out.
        busy_max: the share of their time that a replica's threads may be busy. More: fewer
            replicas, and less left for bursts and for the load of one that dies.
        threads_per_replica: as in `LaunchOptions`.
        drain_s: within which a queue that has built up is to be worked off. Shorter: more replicas
            after a burst.
        up_cooldown_s: between two additions. Shorter than a replica takes to start: more are added
            before the first ones help.
        step_up_max: by which factor to add at once. Larger: sooner there, further beyond it where
            a measurement was wrong.
        down_window_s: fewer replicas have to have sufficed for this long. Shorter: saves more
            between two bursts, and copies more.
        down_cooldown_s: between any change and a removal.
        headroom: a removal has to leave room for this much more load, so that the next change is
            not an addition.
        schedule: times at which other numbers hold; where several do, the largest minimum and the
            smallest maximum.
    """

    replicas_min: int = 1
    replicas_max: int = 8
    replicas_total_max: int | None = None
    queue_delay_s: float = 0.005
    p95_s: float | None = None
    calls_per_s_max: float | None = None
    busy_max: float = 0.8
    threads_per_replica: int = 4
    drain_s: float = 30.0
    up_cooldown_s: float = 30.0
    step_up_max: float = 4.0
    down_window_s: float = 300.0
    down_cooldown_s: float = 60.0
    headroom: float = 0.15
    schedule: tuple[ScheduledRange, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.replicas_min <= self.replicas_max:
            raise ArgumentError(
                f"replicas_min = {self.replicas_min}, replicas_max = {self.replicas_max}; expected "
                "1 <= replicas_min <= replicas_max"
            )
        for name in ("queue_delay_s", "p95_s", "calls_per_s_max", "drain_s", "replicas_total_max"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ArgumentError(f"{name} = {value}; expected above 0")
        for name in ("up_cooldown_s", "down_window_s", "down_cooldown_s", "headroom"):
            if not getattr(self, name) >= 0:
                raise ArgumentError(f"{name} = {getattr(self, name)}; expected 0 or more")
        if not 0 < self.busy_max <= 1:
            raise ArgumentError(f"busy_max = {self.busy_max}; expected a share above 0, up to 1")
        if not self.step_up_max > 1:
            raise ArgumentError(f"step_up_max = {self.step_up_max}; expected above 1")
        if self.threads_per_replica < 1:
            raise ArgumentError(
                f"threads_per_replica = {self.threads_per_replica}; expected at least 1"
            )

    def range_at(self, now_s: float) -> tuple[int, int]:
        """The least and the most replicas of a partition at a Unix time.

        >>> AutoscalePolicy(schedule=(ScheduledRange(8, 20, replicas_min=3),)).range_at(9 * 3600)
        (3, 8)
        """
        now = [each for each in self.schedule if each.covers(now_s)]
        least = max([self.replicas_min, *(each.replicas_min for each in now)])
        most = [each.replicas_max for each in now if each.replicas_max is not None]
        return least, max(least, min([self.replicas_max, *most]))
