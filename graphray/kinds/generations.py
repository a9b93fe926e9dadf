"""Levels of a directed acyclic graph: how far each node is below the roots, by the longest way.

Kahn's algorithm (1962) a generation at a time: take all nodes whose parents are placed, place them,
go on with their children. What is never placed lies on a cycle or below one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

UNPLACED = -1

Ints = npt.NDArray[Any]


def generations(children: Ints, parents: Ints, count: int) -> npt.NDArray[np.int32]:
    """The level of every node: 0 without parents, else one more than the deepest parent.

    Args:
        children: integers ``[m]``, the child of each edge, below ``count``.
        parents: integers ``[m]``, its parent.
        count: the number of nodes.

    Returns:
        ``int32[count]``; `UNPLACED` on a cycle, and below one.

    >>> generations(np.array([1, 2, 2]), np.array([0, 1, 0]), 4).tolist()
    [0, 1, 2, 0]
    """
    levels = np.full(count, UNPLACED, np.int32)
    waiting_for = np.bincount(children, minlength=count)
    by_parent = np.argsort(parents, kind="stable")
    below = children[by_parent]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(parents, minlength=count))])
    generation, level = np.flatnonzero(waiting_for == 0), 0
    while len(generation):
        levels[generation] = level
        level += 1
        reached, times = np.unique(below[_slices(bounds, generation)], return_counts=True)
        waiting_for[reached] -= times
        generation = reached[waiting_for[reached] == 0]
    return levels


def some_cycle(children: Ints, parents: Ints, levels: npt.NDArray[np.int32]) -> list[int]:
    """One cycle among the nodes that `generations` could not place, from a child to its parents.

    >>> some_cycle(np.array([0, 1, 2]), np.array([1, 0, 1]), np.full(3, UNPLACED, np.int32))
    [0, 1]
    """
    stuck = (levels[children] == UNPLACED) & (levels[parents] == UNPLACED)
    # Every unplaced node has an unplaced parent: going up must come back.
    parent_of = dict(zip(children[stuck].tolist(), parents[stuck].tolist(), strict=True))
    way: dict[int, int] = {}
    node = next(iter(parent_of))
    while node not in way:
        way[node] = len(way)
        node = parent_of[node]
    return list(way)[way[node] :]


def _slices(bounds: Ints, rows: Ints) -> Ints:
    """The positions of all entries of some rows."""
    lengths = bounds[rows + 1] - bounds[rows]
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(bounds[rows] - (ends - lengths), lengths)
