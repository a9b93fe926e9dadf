"""Any way to place all replicas, by trying them all; for what the quick way does not find.

Depth first, the largest replicas first, with two cuts: a node that looks like one that was tried in
vain (the same room, labels, zone and siblings) is not tried again, and equal siblings go to rising
nodes. The number of steps is limited, so not finding a way proves that there is none in small cases
only.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from graphray.placement.arrangement import RESERVED, Arrangement
from graphray.placement.problem import PlacementProblem

STEPS_MAX = 20_000


def find_any(problem: PlacementProblem) -> list[int] | None:
    """The node of each replica, in the order of partitions and replica numbers; None if not found.

    The present assignment is not looked at.
    """
    arrangement = Arrangement(problem)
    size = arrangement.demand[:, RESERVED].max(axis=1, initial=0.0)
    order = np.argsort(-size[arrangement.part_of], kind="stable").tolist()
    return _Search(arrangement, order).run()


class _Search:
    """The state of one search: an arrangement, and the node tried last at each depth."""

    def __init__(self, arrangement: Arrangement, order: list[int]) -> None:
        self._arrangement, self._order = arrangement, order
        self._untried: list[list[int]] = []

    def run(self) -> list[int] | None:
        """Go deeper where a node is left to try, back where none is."""
        self._untried.append(self._candidates(0))
        for _ in range(STEPS_MAX):
            depth = len(self._untried) - 1
            if not self._untried[depth]:
                self._untried.pop()
                if not self._untried:
                    return None
                self._arrangement.take(self._order[depth - 1])
                continue
            self._arrangement.put(self._order[depth], self._untried[depth].pop())
            if depth + 1 == len(self._order):
                return self._arrangement.node_of.tolist()
            self._untried.append(self._candidates(depth + 1))
        return None

    def _candidates(self, depth: int) -> list[int]:
        """The nodes worth trying, the one with the most room last."""
        arrangement, replica = self._arrangement, self._order[depth]
        allowed = arrangement.allowed(replica)
        first = self._first_node(depth)
        free = (arrangement.capacity - arrangement.used)[:, RESERVED].sum(axis=1)
        by_room = np.argsort(free, kind="stable").tolist()
        different: dict[Hashable, int] = {}
        for node in by_room:
            if allowed[node] and node >= first:
                different.setdefault(self._look(node), node)
        return list(different.values())

    def _first_node(self, depth: int) -> int:
        """Equal siblings are placed one after another; the later one not before the earlier."""
        if depth == 0 or self._arrangement.problem.options.require:
            return 0
        before, replica = self._order[depth - 1], self._order[depth]
        part_of = self._arrangement.part_of
        if part_of[before] != part_of[replica]:
            return 0
        return int(self._arrangement.node_of[before])

    def _look(self, node: int) -> Hashable:
        """What tells a node from others, as far as the rest of the search can see."""
        arrangement = self._arrangement
        return (
            arrangement.used[node].tobytes(),
            arrangement.capacity[node].tobytes(),
            arrangement.zone_of[node],
            arrangement.count[:, node].tobytes(),
            tuple(sorted(arrangement.problem.nodes[node].labels.items())),
        )
