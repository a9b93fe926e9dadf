"""Spread: the same number of replicas on every node, whatever they hold.

For nodes and partitions of one size, and where the least is to be lost with any node.
"""

from __future__ import annotations

from graphray.placement.arrangement import Arrangement, Floats
from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost, balance_of
from graphray.placement.problem import PlacementProblem

_TIE = 1e-4


class Spread:
    """The strategy ``spread``."""

    name = "spread"
    needs_cut = False

    def place(self, problem: PlacementProblem) -> list[list[int]]:
        """See `PlacementStrategy.place`."""
        return arrange(problem, self.cost)

    def cost(self, arrangement: Arrangement) -> Cost:
        """See `Priced.cost`."""
        return _EqualCounts(arrangement)


class _EqualCounts:
    """The sum of squared counts over its least; among equals, what is more balanced."""

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._balance = balance_of(arrangement)
        self._nodes = max(1, int(arrangement.usable.sum()))

    def price(self, replica: int) -> Floats:
        scale = self._nodes / len(self._arrangement) ** 2
        counts = 2 * self._arrangement.replicas_on + 1
        return counts * scale + _TIE * self._balance.price(replica)

    def reason(self, replica: int) -> str:
        node = self._arrangement.node_of[replica]
        mean = len(self._arrangement) / self._nodes
        return f"{self._arrangement.replicas_on[node]} replicas there (mean {mean:.1f})"
