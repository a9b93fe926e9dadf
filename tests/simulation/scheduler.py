"""Simulated time: a queue of what happens next, and nothing else decides the order.

Everything random in a run comes from one generator that is seeded once, and events at the same time
keep the order in which they were scheduled. So a seed is a run, to the last byte.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

EVENTS_MAX = 60_000


class Scheduler:
    def __init__(self, rng_seed: int) -> None:
        self.rng = Random(rng_seed)
        self.now_ms = 0.0
        self.events = 0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._scheduled = 0

    def at(self, time_ms: float, action: Callable[[], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._queue, (max(time_ms, self.now_ms), self._scheduled, action))

    def after(self, delay_ms: float, action: Callable[[], None]) -> None:
        self.at(self.now_ms + delay_ms, action)

    def run_until(self, time_ms: float) -> None:
        while self._queue and self._queue[0][0] <= time_ms:
            self.now_ms, _, action = heapq.heappop(self._queue)
            self.events += 1
            assert self.events < EVENTS_MAX, "the run does not come to rest"
            action()
        self.now_ms = max(self.now_ms, time_ms)
