"""Labels: the nodes that are preferred, as far as there is room, and balanced among them.

Such as on-demand nodes for the first replica of each partition and spot nodes for the others, or
nodes with a GPU. What a node *must* have is `PlacementOptions.require`, which every strategy keeps.
"""

from __future__ import annotations

import numpy as np

from graphray.placement.arrangement import Arrangement, Floats
from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost, balance_of
from graphray.placement.problem import PlacementProblem
from graphray.placement.selectors import matches

_MISS = 10.0
"""What a miss costs per share of the replicas: more than any evenness is worth."""


class Labels:
    """The strategy ``labels``; where nothing is preferred, it is ``balanced``."""

    name = "labels"
    needs_cut = False

    def place(self, problem: PlacementProblem) -> list[list[int]]:
        """See `PlacementStrategy.place`."""
        return arrange(problem, self.cost)

    def cost(self, arrangement: Arrangement) -> Cost:
        """See `Priced.cost`."""
        return _Misses(arrangement)


class _Misses:
    """The conditions that are not met, a multiple of their share; among equals, balance."""

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._balance = balance_of(arrangement)
        prefer = arrangement.problem.options.prefer or ({},)
        self._selector = np.minimum(arrangement.number_of, len(prefer) - 1)
        self._wanted = [len(selector) for selector in prefer]
        self._missed = np.array(
            [
                [
                    sum(not matches({key: condition}, node.labels) for key, condition in s.items())
                    for node in arrangement.problem.nodes
                ]
                for s in prefer
            ]
        )

    def price(self, replica: int) -> Floats:
        missed = self._missed[self._selector[replica]]
        return missed * (_MISS / len(self._arrangement)) + self._balance.price(replica)

    def reason(self, replica: int) -> str:
        selector = self._selector[replica]
        missed = self._missed[selector, self._arrangement.node_of[replica]]
        met = self._wanted[selector] - missed
        return (
            f"has {met} of {self._wanted[selector]} preferred labels; "
            f"{self._balance.reason(replica)}"
        )
