"""How many replicas a load needs, by Erlang's formula for a queue before several servers.

A replica is one queue before its threads. With Poisson arrivals and exponential service times
(M/M/c) the mean wait has a closed form (A. K. Erlang, 1917; "Erlang C"). It rises without bound as
the threads come to be busy all the time, which a rule that scales in proportion to a measured delay
does not know: such a rule asks for ten times the replicas when the delay is ten times too long,
though a fifth more would do. Real arrivals are burstier and real service times less spread, which
about cancel; what is left, the policy corrects by what it measures.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from graphray.errors import ArgumentError


def mean_wait_s(calls_per_s: float, service_s: float, threads: int) -> float:
    """How long a call waits on average; infinite where more arrives than can be served.

    Args:
        calls_per_s: that arrive, at random times.
        service_s: for which a call keeps a thread busy, on average.
        threads: that serve one queue.

    Example:
        >>> round(mean_wait_s(calls_per_s=1.8, service_s=1.0, threads=2), 2)
        4.26
    """
    offered = calls_per_s * service_s
    if offered >= threads:
        return math.inf
    return _waiting_share(offered, threads) * service_s / (threads - offered)


def replicas_needed(
    calls_per_s: float, service_s: float, threads: int, wait_s: float, busy_max: float
) -> int:
    """The least number of replicas at which calls wait no longer than they may.

    Args:
        calls_per_s: for all replicas together, which share them evenly.
        service_s: for which a call keeps a thread busy, on average.
        threads: of each replica.
        wait_s: that a call may wait, on average.
        busy_max: the share of their time that threads may be busy, above 0 and up to 1.

    Raises:
        ArgumentError: where `wait_s` or `busy_max` is out of its range.

    Example:
        >>> replicas_needed(calls_per_s=1000, service_s=0.01, threads=4, wait_s=0.002, busy_max=0.9)
        5
    """
    if not wait_s > 0 or not 0 < busy_max <= 1:
        raise ArgumentError(
            f"wait_s = {wait_s}, busy_max = {busy_max}; expected above 0, and a share up to 1"
        )

    def suffice(replicas: int) -> bool:
        return mean_wait_s(calls_per_s / replicas, service_s, threads) <= wait_s

    least = max(1, math.ceil(calls_per_s * service_s / (threads * busy_max) - 1e-9))
    most = least
    while not suffice(most):
        most *= 2
    # The wait falls as replicas are added, so that halving finds where it is short enough.
    return bisect_left(range(most), True, lo=least, key=suffice)


def _waiting_share(offered: float, threads: int) -> float:
    """The share of calls that find all threads busy (Erlang C), by the recursion of Erlang B."""
    blocked = 1.0
    for busy in range(1, threads + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return blocked / (1 - offered / threads * (1 - blocked))
