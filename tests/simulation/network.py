"""A network that loses, delays, doubles and reorders messages, and can be cut between any two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.scheduler import Scheduler

Deliver = Callable[[str, Any], None]


@dataclass
class NetworkFaults:
    """Shares of all messages, from 0 to 1, and times."""

    lost: float = 0.0
    doubled: float = 0.0
    slow: float = 0.0
    slow_ms_max: float = 150.0


class Network:
    def __init__(self, scheduler: Scheduler, counts: Counter[str]) -> None:
        self._scheduler = scheduler
        self._counts = counts
        self._receivers: dict[str, Deliver] = {}
        self.faults = NetworkFaults()
        self.cut: set[tuple[str, str]] = set()
        self.on_send: Callable[[str, Any], None] | None = None

    def attach(self, address: str, deliver: Deliver) -> None:
        self._receivers[address] = deliver

    def send(self, sender: str, to: str, message: Any) -> None:
        rng, faults = self._scheduler.rng, self.faults
        if self.on_send is not None:
            self.on_send(sender, message)
        if (sender, to) in self.cut:
            return
        if rng.random() < faults.lost:
            self._counts["messages lost"] += 1
            return
        copies = 1
        if rng.random() < faults.doubled:
            self._counts["messages doubled"] += 1
            copies = 2
        for _ in range(copies):
            delay_ms = 0.5 + rng.expovariate(1.0)
            if rng.random() < faults.slow:
                self._counts["messages delayed"] += 1
                delay_ms += rng.uniform(0, faults.slow_ms_max)
            self._scheduler.after(delay_ms, lambda: self._deliver(sender, to, message))

    def _deliver(self, sender: str, to: str, message: Any) -> None:
        # A message that was under way when the line was cut is lost as well.
        if (sender, to) not in self.cut and to in self._receivers:
            self._receivers[to](sender, message)

    def cut_between(self, one: str, other: str, *, both_ways: bool = True) -> None:
        self.cut.add((one, other))
        if both_ways:
            self.cut.add((other, one))

    def heal(self) -> None:
        self.cut.clear()
