"""Who gets the replicas where all partitions together want more than there may be.

Each keeps the least that it is to have. Beyond that, replicas go one by one to the partition whose
threads are busiest with those that it has, so that the hot ones get more and all wait about alike.
A replica that one partition has is given to another only where that one would still be clearly
busier: else two that are about as hot would hand it to and fro with every measurement.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from graphray.autoscale.decision import Decision, Wish

_CLEARLY = 1.25


def share_out(wishes: Sequence[Wish], total_max: int | None) -> tuple[Decision, ...]:
    """Turn wishes into decisions.

    Args:
        wishes: of all partitions.
        total_max: how many replicas there may be; None for no limit. Partitions get the least that
            they are to have even where that is more.

    Returns:
        A decision per wish, in their order.
    """
    if total_max is None or sum(wish.replicas for wish in wishes) <= total_max:
        return tuple(_decision(wish, wish.replicas, wish.reason) for wish in wishes)
    granted = [min(wish.replicas, max(wish.least, wish.load.replicas)) for wish in wishes]
    _take_back(wishes, granted, total_max)
    _hand_out(wishes, granted, total_max)
    _hand_over(wishes, granted)
    return tuple(
        _decision(wish, count, _reason(wish, count, total_max))
        for wish, count in zip(wishes, granted, strict=True)
    )


def _take_back(wishes: Sequence[Wish], granted: list[int], total_max: int) -> None:
    """Take from those that are least busy without it."""
    surplus = sum(granted) - total_max
    idlest = [(_busy(w, granted[i] - 1), i) for i, w in enumerate(wishes) if granted[i] > w.least]
    heapq.heapify(idlest)
    while surplus > 0 and idlest:
        _, i = heapq.heappop(idlest)
        granted[i] -= 1
        surplus -= 1
        if granted[i] > wishes[i].least:
            heapq.heappush(idlest, (_busy(wishes[i], granted[i] - 1), i))


def _hand_out(wishes: Sequence[Wish], granted: list[int], total_max: int) -> None:
    """Give what is left to those that are busiest without it."""
    left = total_max - sum(granted)
    busiest = [(-_busy(w, granted[i]), i) for i, w in enumerate(wishes) if granted[i] < w.replicas]
    heapq.heapify(busiest)
    while left > 0 and busiest:
        _, i = heapq.heappop(busiest)
        granted[i] += 1
        left -= 1
        if granted[i] < wishes[i].replicas:
            heapq.heappush(busiest, (-_busy(wishes[i], granted[i]), i))


def _hand_over(wishes: Sequence[Wish], granted: list[int]) -> None:
    """Give what one has to another that stays clearly busier than the first becomes."""
    numbers = range(len(wishes))
    while True:
        givers = [i for i in numbers if granted[i] > wishes[i].least]
        takers = [i for i in numbers if granted[i] < wishes[i].replicas]
        if not givers or not takers:
            return
        giver = min(givers, key=lambda i: _busy(wishes[i], granted[i] - 1))
        taker = max(takers, key=lambda i: _busy(wishes[i], granted[i]))
        left_busy = _busy(wishes[giver], granted[giver] - 1)
        if left_busy * _CLEARLY >= _busy(wishes[taker], granted[taker]):
            return
        granted[giver] -= 1
        granted[taker] += 1


def _busy(wish: Wish, replicas: int) -> float:
    """The threads that each of so many replicas would keep busy."""
    return wish.load.calls_per_s * wish.load.service_s / replicas


def _reason(wish: Wish, count: int, total_max: int) -> str:
    if count == wish.replicas:
        return wish.reason
    return f"{wish.reason}; {count} of the {total_max} for all"


def _decision(wish: Wish, replicas: int, reason: str) -> Decision:
    return Decision(wish.load.part, replicas, wish.load.replicas, reason)
