"""What a strategy wants, as a cost: each of GraphRay's own is one, and `arrange` makes it small.

A cost answers for one replica that stands nowhere and all nodes at once, what the cost of the whole
would grow by. It has to be a true difference: putting a replica somewhere and taking it off again
leaves the whole at what it was, so that moves which each lower the cost come to an end.

A cost that keeps sums of its own hears of every change through `Arrangement.watch`.

Costs are made such that a difference of 1 matters: balance is 1 where all is even, and traffic is
the share of the cut edges that cross nodes.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from graphray.placement.arrangement import BUSY, CPUS, MEMORY, NETWORK, Arrangement, Floats

RESOURCE_NAMES = ("memory", "CPUs", "load", "network")


class Cost(Protocol):
    """What is to be small."""

    def price(self, replica: int) -> Floats:
        """``float64[nodes]``: what the cost grows by where a replica is put on each node."""
        ...

    def reason(self, replica: int) -> str:
        """Why a replica stands where it does, in a few words."""
        ...


class Evenness:
    """How unevenly nodes of different sizes are filled, for several resources at once.

    For one resource, with ``u`` used of ``c`` on each node: sum(u² / c) over its least possible
    value, (sum u)² / sum c, which by Cauchy and Schwarz is reached exactly where every node is
    filled to the same share. So 1 is even, whatever the nodes; the cost is the mean over resources.

    Args:
        arrangement: what is being arranged.
        resources: which resources; those that nothing asks for, or of which it is not known what a
            node has, are left out.
    """

    def __init__(self, arrangement: Arrangement, resources: tuple[int, ...]) -> None:
        self._arrangement = arrangement
        usable = arrangement.usable
        capacity = np.where(usable[:, None], arrangement.capacity, 0.0)
        asked = arrangement.demand[arrangement.part_of].sum(axis=0)
        total = asked + arrangement.used[usable].sum(axis=0)
        self._resources = [r for r in resources if asked[r] > 0 and capacity[usable, r].all()]
        self._weight = np.zeros_like(capacity)
        for r in self._resources:
            scale = capacity[:, r].sum() / total[r] ** 2 / len(self._resources)
            np.divide(scale, capacity[:, r], out=self._weight[:, r], where=capacity[:, r] > 0)
        self._mean = total / np.maximum(capacity.sum(axis=0), 1e-300)

    def price(self, replica: int) -> Floats:
        """See `Cost.price`."""
        demand = self._arrangement.demand[self._arrangement.part_of[replica]]
        return ((2 * self._arrangement.used + demand) * self._weight) @ demand

    def reason(self, replica: int) -> str:
        """The node's fill beside the mean."""
        node = int(self._arrangement.node_of[replica])
        return ", ".join(
            f"{RESOURCE_NAMES[r]} {self._fill(node, r):.0%} (mean {self._mean[r]:.0%})"
            for r in self._resources
        )

    def _fill(self, node: int, resource: int) -> float:
        capacity = self._arrangement.capacity[node, resource]
        return float(self._arrangement.used[node, resource] / capacity) if capacity else 0.0


def balance_of(arrangement: Arrangement) -> Evenness:
    """Evenness of memory, load and network; of reserved CPUs where none of these is known."""
    if arrangement.demand[:, [MEMORY, BUSY, NETWORK]].any():
        return Evenness(arrangement, (MEMORY, BUSY, NETWORK))
    return Evenness(arrangement, (CPUS,))
