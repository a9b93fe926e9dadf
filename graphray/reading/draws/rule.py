"""The seam between who asks for draws and how they are made.

A `DrawRule` is a small value that travels to the owners of rows. It draws in two steps, because
where a row's draws go depends on how many there are, in the rows before it as well, and some of
those may be drawn by other processes: `DrawRule.begin` says how many each row gets, and
`Drawing.fill` writes them. What a row is given depends on its entries in canonical order, on the
word that its random stream is keyed by, on the hop's key and on its time; on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from graphray.reading.adjacency import Draws, FrontierRows, MappedAdjacency, effective_fanout
from graphray.schema import Direction, Relation
from graphray.shard import ArrayKey

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class HopDraw:
    """What a hop asks of each of its rows.

    Attributes:
        fanout: draws per row, or `graphray.reading.adjacency.ALL_NEIGHBORS`.
        key: the key of the hop's random streams.
        times: ``int64[n]``, the time as of which each row is looked at; None for rules that do not
            heed time.
    """

    fanout: int
    key: int
    times: Ints | None = None


class Drawing(Protocol):
    """Rows in the middle of being drawn.

    Attributes:
        counts: ``int64[n]``, draws per row; 0 for rows that are not mapped here.
    """

    counts: Ints

    def fill(self, bounds: Ints, positions: Ints) -> npt.NDArray[Any]:
        """Write the edge positions of all rows, and return the neighbours that stand there.

        Args:
            bounds: ``int64[n + 1]``, where each row's draws go: as many as it counts, and any
                number for rows that are not mapped here, whose places are left as they are.
            positions: filled, ``int64[bounds[n]]``.

        Returns:
            Global ids, ``uint32`` or ``int64[bounds[n]]`` as stored.
        """
        ...


class DrawRule(Protocol):
    """One way to choose the neighbours of a row; an immutable value."""

    def array_keys(self, relation: Relation, direction: Direction) -> tuple[ArrayKey, ...]:
        """The arrays that it reads beside those of the adjacency itself."""
        ...

    def begin(self, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Drawing:
        """Find out how many draws each row gets."""
        ...


def draw(rule: DrawRule, adjacency: MappedAdjacency, rows: FrontierRows, hop: HopDraw) -> Draws:
    """Draw for rows that are all mapped here."""
    assert rows.num_elsewhere == 0
    drawing = rule.begin(adjacency, rows, hop)
    bounds = bounds_of(drawing.counts)
    positions = np.empty(bounds[-1], np.int64)
    return Draws(bounds, positions, drawing.fill(bounds, positions))


def bounds_of(counts: Ints) -> Ints:
    """Where each row's draws go: ``int64[n + 1]``.

    >>> bounds_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    bounds = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=bounds[1:])
    return bounds


def capped(lengths: Ints, fanout: int) -> Ints:
    """As many draws as rows are long, up to the fanout; none for rows elsewhere (below 0).

    >>> capped(np.array([7, 2, -1]), 5).tolist()
    [5, 2, 0]
    """
    counts = np.minimum(lengths, effective_fanout(fanout))
    return np.maximum(counts, 0, out=counts)
