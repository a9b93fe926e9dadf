"""What each place is worth to each replica: the cost, and that of copying what stands."""

from __future__ import annotations

import numpy as np

from graphray.placement.arrangement import MEMORY, NOWHERE, Arrangement, Floats
from graphray.placement.cost import Cost

GAIN_MIN = 1e-9
"""Gains below this are rounding."""

_TOLERANCE_MAX = 1e6


class Table:
    """The prices of places.

    Attributes:
        arrangement: which replica is where.
        cost: what is to be small.
    """

    def __init__(self, arrangement: Arrangement, cost: Cost) -> None:
        self.arrangement, self.cost = arrangement, cost
        memory = arrangement.demand[arrangement.part_of, MEMORY]
        share = memory / memory.sum() if memory.any() else np.full(len(memory), 1 / len(memory))
        # Moving a share s of all to a node that is emptier by d of the mean fill gains about 2·d·s.
        # Never infinite: where there is no other way to make room, also the dearest copy is made.
        tolerance = min(arrangement.problem.options.tolerance, _TOLERANCE_MAX)
        self._copying = 2 * tolerance * share

    def prices(self, replica: int) -> Floats:
        """``float64[nodes]``: the price of each place, copying included; infinite where barred."""
        return np.where(self.arrangement.allowed(replica), self.wish(replica), np.inf)

    def wish(self, replica: int) -> Floats:
        """``float64[nodes]``: the prices if every place were allowed."""
        price = self.cost.price(replica)
        home = self.arrangement.home_of[replica]
        if home != NOWHERE:
            at_home = price[home]
            price = price + self._copying[replica]
            price[home] = at_home
        return price
