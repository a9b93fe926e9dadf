"""Hybrid logical clocks: timestamps close to the time of day that never contradict causality.

A stamp is a wall time, a counter and a name. A clock's next stamp is later than any that it gave
out or observed, whatever its wall clock does (Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical
Physical Clocks", OPODIS 2014). So of two writes of which one saw the other, the second has the
later stamp; of two that did not, the later by the clock, and the name breaks ties.
"""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """A point in the total order of writes.

    Attributes:
        wall_ms: the time of day, or that of a later write that was observed.
        counter: tells apart what falls into one millisecond.
        name: who gave it out.
    """

    wall_ms: int
    counter: int
    name: str


BEFORE_ALL = Stamp(0, 0, "")


class HybridClock:
    """The clock of one process.

    Args:
        name: unique among all clocks.

    Example:
        >>> clock = HybridClock("a")
        >>> clock.tick(wall_ms=5)
        Stamp(wall_ms=5, counter=0, name='a')
        >>> clock.observe(Stamp(9, 4, "b"))
        >>> clock.tick(wall_ms=6)   # the wall clock is behind what was observed
        Stamp(wall_ms=9, counter=5, name='a')
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = BEFORE_ALL

    @property
    def latest(self) -> Stamp:
        """The latest stamp given out or observed."""
        return self._last

    def tick(self, wall_ms: float) -> Stamp:
        """A stamp that is later than everything seen."""
        wall = int(wall_ms)
        if wall > self._last.wall_ms:
            self._last = Stamp(wall, 0, self._name)
        else:
            self._last = Stamp(self._last.wall_ms, self._last.counter + 1, self._name)
        return self._last

    def observe(self, stamp: Stamp) -> None:
        """A stamp came from elsewhere."""
        self._last = max(self._last, stamp)
