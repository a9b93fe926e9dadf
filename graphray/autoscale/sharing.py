"""Who gets the replicas where all partitions together want more than there may be.

Each keeps the least that it may have; what is left goes, one by one, to the partition whose threads
are busiest with those that it has got, so that the hot ones get more and all wait about alike.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from graphray.autoscale.decision import Decision, Wish


def share_out(wishes: Sequence[Wish], total_max: int | None) -> tuple[Decision, ...]:
    """Turn wishes into decisions.

    Args:
        wishes: of all partitions.
        total_max: how many replicas there may be; None for no limit. Partitions get the least that
            they are to have even where that is more.

    Returns:
        A decision per wish, in their order.
    """
    wanted = sum(wish.replicas for wish in wishes)
    if total_max is None or wanted <= total_max:
        return tuple(_decision(wish, wish.replicas, wish.reason) for wish in wishes)
    granted = _granted(wishes, total_max)
    return tuple(
        _decision(
            wish,
            count,
            wish.reason
            if count == wish.replicas
            else f"{wish.reason}; {count} of the {total_max} for all",
        )
        for wish, count in zip(wishes, granted, strict=True)
    )


def _granted(wishes: Sequence[Wish], total_max: int) -> list[int]:
    granted = [min(wish.least, wish.replicas) for wish in wishes]
    left = total_max - sum(granted)
    busiest = [(-_busy(wish, granted[i]), i) for i, wish in enumerate(wishes)]
    heapq.heapify(busiest)
    while left > 0 and busiest:
        _, i = heapq.heappop(busiest)
        if granted[i] < wishes[i].replicas:
            granted[i] += 1
            left -= 1
            heapq.heappush(busiest, (-_busy(wishes[i], granted[i]), i))
    return granted


def _busy(wish: Wish, replicas: int) -> float:
    return wish.load.calls_per_s * wish.load.service_s / replicas


def _decision(wish: Wish, replicas: int, reason: str) -> Decision:
    return Decision(wish.load.part, replicas, wish.load.replicas, reason)
