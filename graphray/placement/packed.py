"""Pack: as few nodes as will do, so that the others can go.

A node that is empty is dearer than any that is not, and of those the fullest is the cheapest, so
replicas leave the emptiest nodes for the fullest (best fit). At last whole nodes are emptied, the
emptiest first, where all that they hold fits elsewhere. Fewer nodes also mean less traffic.
"""

from __future__ import annotations

import numpy as np

from graphray.placement.arrangement import MEMORY, NOWHERE, RESERVED, Arrangement, Floats
from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost
from graphray.placement.problem import PlacementProblem
from graphray.placement.table import GAIN_MIN, Table


class Pack:
    """The strategy ``pack``."""

    name = "pack"
    needs_cut = False

    def place(self, problem: PlacementProblem) -> list[list[int]]:
        """See `PlacementStrategy.place`."""
        return arrange(problem, self.cost, finish=_empty_nodes)

    def cost(self, arrangement: Arrangement) -> Cost:
        """See `Priced.cost`."""
        return _FewNodes(arrangement)


class _FewNodes:
    """The share of nodes that are used, less a little for how full these are (squared)."""

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        capacity = arrangement.capacity[:, RESERVED]
        self._inverse = np.divide(1, capacity, out=np.zeros_like(capacity), where=capacity > 0)
        # All nodes full are worth less than one node more.
        self._fullness_worth = 0.25 / len(capacity) ** 2

    def price(self, replica: int) -> Floats:
        arrangement = self._arrangement
        demand = arrangement.demand[arrangement.part_of[replica], RESERVED] * self._inverse
        fill = arrangement.used[:, RESERVED] * self._inverse
        fuller = ((2 * fill + demand) * demand).sum(axis=1)
        return (arrangement.replicas_on == 0) / len(fill) - self._fullness_worth * fuller

    def reason(self, replica: int) -> str:
        arrangement = self._arrangement
        node = arrangement.node_of[replica]
        fill = (arrangement.used[node, RESERVED] * self._inverse[node]).max()
        used = int((arrangement.replicas_on > 0).sum())
        return f"{fill:.0%} full with it; {used} of {len(arrangement.replicas_on)} nodes are used"


def _empty_nodes(table: Table) -> None:
    on = table.arrangement.replicas_on
    for node in np.argsort(on, kind="stable").tolist():
        if on[node]:
            _empty_if_better(table, node)


def _empty_if_better(table: Table, node: int) -> None:
    """Move everything off a node, unless that does not fit or costs more than it gains."""
    arrangement = table.arrangement
    there = np.flatnonzero(arrangement.node_of == node)
    there = there[np.argsort(-arrangement.demand[arrangement.part_of[there], MEMORY])]
    gain = 0.0
    for replica in there.tolist():
        arrangement.take(replica)
        gain += table.wish(replica)[node]
    for replica in there.tolist():
        prices = table.prices(replica)
        prices[node] = np.inf
        best = int(np.argmin(prices))
        gain -= prices[best]
        if not np.isfinite(gain):
            break
        arrangement.put(replica, best)
    if gain <= GAIN_MIN or not np.isfinite(gain):
        _put_back(arrangement, there.tolist(), node)


def _put_back(arrangement: Arrangement, replicas: list[int], node: int) -> None:
    for replica in replicas:
        if arrangement.node_of[replica] != NOWHERE:
            arrangement.take(replica)
        arrangement.put(replica, node)
