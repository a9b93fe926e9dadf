"""How long a partition is without a primary after it was taken away: noticed, replaced, writing."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.cluster import ReplicaGroup


@dataclass(frozen=True)
class Recovery:
    """After one fault, in simulated milliseconds.

    Attributes:
        fault: what happened to the primary.
        term_ms: until the catalog had begun the next term.
        write_ms: until the first write was acknowledged in it.
    """

    fault: str
    term_ms: float
    write_ms: float


class RecoveryWatch:
    def __init__(self) -> None:
        self._writes: dict[str, list[float]] = defaultdict(list)
        self._faults: list[tuple[float, str, ReplicaGroup]] = []

    def note_write(self, partition: str, now_ms: float) -> None:
        """A replica acknowledged a write."""
        self._writes[partition].append(now_ms)

    def note_fault(self, group: ReplicaGroup, primary: str, now_ms: float) -> None:
        """Something was done to a group; only what took its primary away counts."""
        process = group.replicas[primary]
        if not process.alive:
            lost = primary in group.lost
            self._faults.append((now_ms, "disk lost" if lost else "process killed", group))
        elif process.paused:
            self._faults.append((now_ms, "process paused", group))
        elif self._is_cut_off(group, primary):
            self._faults.append((now_ms, "network cut", group))

    def _is_cut_off(self, group: ReplicaGroup, primary: str) -> bool:
        others = [*group.newest().everyone, group.catalog]
        return all((primary, o) in group.network.cut for o in others if o != primary)

    def recoveries(self) -> list[Recovery]:
        """Of faults after which a term was begun before the next fault."""
        found = []
        for index, (at_ms, fault, group) in enumerate(self._faults):
            later = [t for t, _, g in self._faults[index + 1 :] if g is group]
            until_ms = later[0] if later else float("inf")
            term_ms = _first_after(group.term_times_ms(), at_ms)
            write_ms = _first_after(self._writes[group.partition], term_ms)
            if write_ms < until_ms:
                found.append(Recovery(fault, term_ms - at_ms, write_ms - at_ms))
        return found


def _first_after(times_ms: list[float], after_ms: float) -> float:
    index = bisect_left(times_ms, after_ms)
    return times_ms[index] if index < len(times_ms) else float("inf")
