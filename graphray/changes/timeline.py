"""Which base versions a partition's changes are read over, and which past times have to stay exact.

A *generation* is a base version and the time up to which it has everything (its floor). A change of
the base (`graphray.changes.payload.Rebase`) begins a new one; the present is read over the newest.
An older one is kept as long as a time is pinned that was pinned before the newer one began: so that
the partitions, which do not begin a generation at the same moment, can all be read over one version
by whoever has pinned a time.

What nobody can see is dropped from time to time. A snapshot finds out the present time of all
partitions first and pins the latest then; so that what it is about to pin is not dropped in
between, the last few times are kept as if they were pinned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from graphray.changes.event_table import NEVER, Window

BEFORE_ALL = -1
"""Before any change."""

RECENT_TIMES = 100
"""Of how many of the last times everything is kept. More: snapshots that take long to pin their
time have to begin again less often. Fewer: a little less memory."""


class View(NamedTuple):
    """Those who read over one base version, as of any of the times ``first <= high < end``."""

    low: int
    first: int
    end: int


@dataclass(frozen=True)
class Generation:
    """A base version.

    Attributes:
        version: of the store.
        floor: it has all changes up to this time.
        since: the partition's time when it began here.
    """

    version: int
    floor: int
    since: int


class Timeline:
    """Generations and pins of one partition.

    Args:
        version: the base version at the start.
    """

    def __init__(self, version: int) -> None:
        self.generations = [Generation(version, BEFORE_ALL, BEFORE_ALL)]
        self.pins: tuple[int, ...] = ()
        self.now = 0
        self._exact_since = 0

    @property
    def newest(self) -> Generation:
        """What the present is read over."""
        return self.generations[-1]

    @property
    def present(self) -> Window:
        """The window of the present."""
        return Window(self.newest.floor, NEVER - 1)

    def is_readable(self, time: int) -> bool:
        """Whether nothing has been dropped that could be seen at a time."""
        return time >= self._exact_since or time in self.pins

    def generation_at(self, time: int, version: int | None = None) -> Generation | None:
        """The newest generation that a time can be read over, or that of a version, if any."""
        for generation in reversed(self.generations):
            if generation.floor <= time and version in (None, generation.version):
                return generation
        return None

    def begin(self, version: int, floor: int) -> None:
        """Begin a generation, unless that version or a later one is the base already."""
        if version > self.newest.version:
            self.generations.append(Generation(version, floor, self.now))

    def has_unneeded(self) -> bool:
        """Whether a generation is kept that nobody needs."""
        return not self._is_needed(0)

    def drop_unneeded(self) -> None:
        """Let go of generations that nobody needs, and of times that are not recent."""
        needed = [n for n in range(len(self.generations)) if self._is_needed(n)]
        self.generations = [self.generations[n] for n in needed]
        self._exact_since = max(self._exact_since, self._recent)

    def views(self) -> tuple[View, ...]:
        """Everybody who may read."""
        views = []
        for number, generation in enumerate(self.generations):
            low = generation.floor
            views += [View(low, pin, pin + 1) for pin in self.pins if pin >= low]
            first, end = max(self._recent, low), self._end(number)
            if first < end:
                views.append(View(low, first, end))
        return tuple(views)

    @property
    def _recent(self) -> int:
        return self.now - RECENT_TIMES

    def _end(self, number: int) -> int:
        """The first time that is read over the next generation."""
        later = self.generations[number + 1 :]
        return later[0].floor if later else NEVER

    def _is_needed(self, number: int) -> bool:
        generation, later = self.generations[number], self.generations[number + 1 :]
        if not later or later[0].floor > self._recent:
            return True
        return any(generation.floor <= pin < later[0].since for pin in self.pins)

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        generations = tuple((g.version, g.floor, g.since) for g in self.generations)
        return generations, self.pins, self.now, self._exact_since

    def load_plain(self, plain: tuple[Any, ...]) -> None:
        """The inverse of `to_plain`."""
        generations, self.pins, self.now, self._exact_since = plain
        self.generations = [Generation(*generation) for generation in generations]
