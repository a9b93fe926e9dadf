"""Whether to take a call in or to refuse it at once, with a time after which to try again.

A queue without a limit turns a short overload into a long outage: by the time a call is served,
its caller has given up and asked again. So a call is refused where it would wait longer than
allowed, or would wait and be answered after its deadline; the calls that are taken in are then
served in time, at the full speed of the threads (B. Beyer et al., "Site Reliability Engineering",
2016, ch. 21). Work that is not serving is refused first. While a thread is free nothing is refused:
the mean time of the calls so far says little about the next one, and only new calls correct it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from graphray.errors import ArgumentError


@dataclass(frozen=True)
class AdmissionSettings:
    """What a replica takes in.

    Attributes:
        threads: that serve.
        wait_max_s: how long a call may wait. Longer: bursts are ridden out; callers wait for what
            they might have had from another replica.
        background_share: of that time, what may be taken up for work that is not serving. Less:
            reads are disturbed less, background work is refused sooner.
        queue_max: calls that may wait, whatever they take.
        retry_after_min_s: never asked to come back sooner.
    """

    threads: int = 4
    wait_max_s: float = 0.5
    background_share: float = 0.2
    queue_max: int = 10_000
    retry_after_min_s: float = 0.01

    def __post_init__(self) -> None:
        if self.threads < 1 or self.queue_max < 1:
            raise ArgumentError(
                f"threads = {self.threads}, queue_max = {self.queue_max}; expected at least 1"
            )
        if not (self.wait_max_s > 0 and self.retry_after_min_s > 0):
            raise ArgumentError(
                f"wait_max_s = {self.wait_max_s}, retry_after_min_s = {self.retry_after_min_s}; "
                "expected above 0"
            )
        if not 0 <= self.background_share <= 1:
            raise ArgumentError(f"background_share = {self.background_share}; expected 0 to 1")


@dataclass(frozen=True)
class Admitted:
    """The call is to be served.

    Attributes:
        wait_s: after about this time.
    """

    wait_s: float


@dataclass(frozen=True)
class Shed:
    """The call is to be refused.

    Attributes:
        retry_after_s: when to try again here.
        reason: for the error that the caller gets.
    """

    retry_after_s: float
    reason: str


Admission: TypeAlias = Admitted | Shed


def admit(
    settings: AdmissionSettings,
    *,
    waiting: int,
    serving: int,
    service_s: float,
    deadline_left_s: float,
    background: bool = False,
    jitter: float = 0.0,
) -> Admission:
    """Decide on one call.

    Args:
        settings: what is taken in.
        waiting: calls in the queue.
        serving: calls that a thread is busy with.
        service_s: the mean time for which a call keeps a thread busy.
        deadline_left_s: within which its caller needs the answer.
        background: whether it is work that is not serving.
        jitter: 0 up to 1, at random: lengthens the time to come back by up to a half, so that
            those who were refused together do not come back together.

    Example:
        >>> settings = AdmissionSettings(threads=2, wait_max_s=0.1)
        >>> admit(settings, waiting=3, serving=2, service_s=0.02, deadline_left_s=1.0)
        Admitted(wait_s=0.04)
        >>> admit(settings, waiting=30, serving=2, service_s=0.02, deadline_left_s=1.0).reason
        '30 calls wait: it would take 0.31 s until this one is served, and 0.1 s are allowed'
    """
    before = max(0, waiting + serving + 1 - settings.threads)
    wait_s = before * service_s / settings.threads
    allowed_s = settings.wait_max_s * (settings.background_share if background else 1.0)
    if waiting >= settings.queue_max:
        reason = f"{waiting} calls wait, and no more than {settings.queue_max} may"
    elif wait_s > allowed_s:
        reason = (
            f"{waiting} calls wait: it would take {wait_s:.2g} s until this one is served, and "
            f"{allowed_s:.2g} s are allowed"
        )
    elif before and wait_s + service_s > deadline_left_s:
        reason = (
            f"{waiting} calls wait: the answer would take {wait_s + service_s:.2g} s, and its "
            f"deadline is in {deadline_left_s:.2g} s"
        )
    else:
        return Admitted(wait_s)
    # By then half of what is allowed is free again.
    half_empty_s = max(wait_s - allowed_s / 2, settings.retry_after_min_s)
    return Shed(half_empty_s * (1 + jitter / 2), reason)
