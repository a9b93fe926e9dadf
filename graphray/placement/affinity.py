"""Affinity: partitions that share many cut edges on one node, replicas of each still apart.

The cost is the share of the cut edges that are followed from one node to another
(`graphray.placement.traffic`), plus so much for imbalance that not all partitions end up on as few
nodes as hold them.

Sums are kept so that a price is read off for all nodes at once: for each partition p and node n,
the edges from p to partitions that are absent from n, and those to p from replicas on n. A change
on one node touches one row of the cut.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphray.placement.arrangement import Arrangement, Floats
from graphray.placement.arranging import arrange
from graphray.placement.cost import Cost, balance_of
from graphray.placement.problem import PlacementProblem
from graphray.placement.traffic import between


class Affinity:
    """The strategy ``affinity``; where no cut is known, it is ``balanced``.

    Args:
        balance_weight: what imbalance counts beside traffic. Less: less traffic, fuller nodes.
    """

    name = "affinity"

    def __init__(self, balance_weight: float = 2.0) -> None:
        self.balance_weight = balance_weight

    def place(self, problem: PlacementProblem) -> list[list[int]]:
        """See `PlacementStrategy.place`."""
        if problem.cut is None or between(problem.cut).nnz == 0:
            return arrange(problem, balance_of)
        return arrange(problem, self.cost, _neighbours_together)

    def cost(self, arrangement: Arrangement) -> Cost:
        """See `Priced.cost`."""
        cut = arrangement.problem.cut
        if cut is None or between(cut).nnz == 0:
            return balance_of(arrangement)
        return _CrossingEdges(arrangement, between(cut), self.balance_weight)


class _CrossingEdges:
    """The share of cut edges that cross nodes, and the weighted imbalance."""

    def __init__(self, arrangement: Arrangement, cut: sparse.csr_array, weight: float) -> None:
        self._arrangement, self._weight = arrangement, weight
        self._balance = balance_of(arrangement)
        # Every cut edge stands in the matrix twice, and is followed from both ends.
        self._cut = cut / cut.sum()
        self._replicas = np.diff(arrangement.first_of).astype(np.float64)
        nodes = arrangement.count.shape[1]
        self._total = self._cut.sum(axis=1)
        self._to_absent = np.repeat(self._total[None, :], nodes, axis=0)
        self._from_present = np.zeros_like(self._to_absent)
        arrangement.watch(self._note)

    def price(self, replica: int) -> Floats:
        part = self._arrangement.part_of[replica]
        is_first_there = self._arrangement.count[part] == 0
        outgoing = self._to_absent[:, part] / self._replicas[part]
        incoming = is_first_there * self._from_present[:, part]
        return outgoing - incoming + self._weight * self._balance.price(replica)

    def reason(self, replica: int) -> str:
        part, node = self._arrangement.part_of[replica], self._arrangement.node_of[replica]
        total = self._total[part]
        near = 1 - self._to_absent[node, part] / total if total else 1.0
        return f"{near:.0%} of its cut edges stay on the node; {self._balance.reason(replica)}"

    def _note(self, part: int, node: int, by: int) -> None:
        start, stop = self._cut.indptr[part : part + 2]
        others, edges = self._cut.indices[start:stop], self._cut.data[start:stop]
        self._from_present[node, others] += by * edges / self._replicas[part]
        count = self._arrangement.count[part, node]
        if (by > 0 and count == 1) or (by < 0 and count == 0):
            self._to_absent[node, others] -= by * edges


def _neighbours_together(arrangement: Arrangement) -> list[int]:
    """The replicas, partition by partition, each the one with most edges to those before it."""
    cut = arrangement.problem.cut
    assert cut is not None  # `place` has looked.
    order: list[int] = []
    pull = cut.diagonal() * 1e-12
    done: npt.NDArray[np.bool_] = np.zeros(len(pull), np.bool_)
    for _ in range(len(pull)):
        part = int(np.argmax(np.where(done, -np.inf, pull)))
        done[part] = True
        order.extend(arrangement.siblings(part))
        start, stop = cut.indptr[part : part + 2]
        pull[cut.indices[start:stop]] += cut.data[start:stop]
    return order
