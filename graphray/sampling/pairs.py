"""Pairs of nodes: seed edges, negatives, and the edges that a batch must not show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.schema import Direction

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass
class Pairs:
    """Pairs of nodes of one relation, by global id.

    Attributes:
        sources: ``int64[n]``.
        destinations: ``int64[n]``.
        times: ``int64[n]``, as of when each is looked at; None where time does not count.
    """

    sources: Ints
    destinations: Ints
    times: Ints | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def of(self, rows: Ints) -> Pairs:
        """The pairs of these numbers, in arrays of their own."""
        times = None if self.times is None else self.times[rows]
        return Pairs(self.sources[rows], self.destinations[rows], times)

    def end(self, end: Direction) -> Ints:
        """The destinations ("in") or sources ("out")."""
        return self.destinations if end == "in" else self.sources

    def turned(self) -> Pairs:
        """The pairs the other way round."""
        return Pairs(self.destinations, self.sources, self.times)

    def are_among(self, others: Pairs) -> Bools:
        """Which of the pairs stand among some others, ``bool[n]``."""
        return PairSet(others).holds(
            self.sources, np.arange(len(self)), self.destinations, np.arange(len(self))
        )


class PairSet:
    """Distinct pairs, to look others up in."""

    def __init__(self, pairs: Pairs) -> None:
        self._sources, source_of = np.unique(pairs.sources, return_inverse=True)
        self._destinations, destination_of = np.unique(pairs.destinations, return_inverse=True)
        self._known = np.unique(self._words(source_of, destination_of))

    def holds(self, sources: Ints, from_: Ints, destinations: Ints, to: Ints) -> Bools:
        """Whether the pairs (``sources[from_[i]]``, ``destinations[to[i]]``) are in the set.

        A node that stands in many of the pairs asked about is looked up once.

        Args:
            sources: ``int64[s]``, global ids.
            from_: ``int64[n]``, positions in ``sources``.
            destinations: ``int64[d]``, global ids.
            to: ``int64[n]``, positions in ``destinations``.
        """
        source, is_source = _position_in(self._sources, sources)
        destination, is_destination = _position_in(self._destinations, destinations)
        possible = np.flatnonzero(is_source[from_] & is_destination[to])
        words = self._words(source[from_[possible]], destination[to[possible]])
        held = np.zeros(len(from_), np.bool_)
        _, held[possible] = _position_in(self._known, words)
        return held

    def _words(self, source: Ints, destination: Ints) -> Ints:
        return source * len(self._destinations) + destination


def _position_in(rising: Ints, values: Ints) -> tuple[Ints, Bools]:
    """Where values stand in a rising array, and whether they do."""
    if len(rising) == 0:
        return np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(rising, values), len(rising) - 1)
    return at, rising[at] == values
