"""Balanced: memory, observed load and network filled to the same share on unequal nodes.

The default. A node of twice the memory gets twice the bytes, and one that other work keeps busy
gets fewer of the hot partitions. Where no load was observed yet, memory decides alone.
"""

from __future__ import annotations

from graphray.placement.arrangement import Arrangement
from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost, balance_of
from graphray.placement.problem import PlacementProblem


class Balanced:
    """The strategy ``balanced``."""

    name = "balanced"
    needs_cut = False

    def place(self, problem: PlacementProblem) -> list[list[int]]:
        """See `PlacementStrategy.place`."""
        return arrange(problem, self.cost)

    def cost(self, arrangement: Arrangement) -> Cost:
        """See `Priced.cost`."""
        return balance_of(arrangement)
