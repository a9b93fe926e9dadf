"""Partition along a tree: subtrees stay whole.

The forest is laid out in depth-first order, in which every subtree is one range, and the order is
cut into consecutive ranges of equal weight. Only the ancestors at the few borders are separated
from descendants, and each border may move a little to where it separates fewest: to the node of
least depth within reach.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_assign import fill_parts
from partitioners.balance import Balance, filled_by
from partitioners.forest import Forest, find_forest
from partitioners.goal import ANY_CRITERIA
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import unassigned
from partitioners.weights import node_weights_of


class Hierarchical:
    """Partitioning by ranges of a forest's depth-first order.

    Args:
        relation: the name of the relation between parent and child; None for the one that gives
            most nodes a parent.
        imbalance: a partition of the forest may weigh this many times its share, all that is to be
            balanced together: half of a node's weight is its share of nodes, half of edge ends.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "hierarchical"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, relation: str | None = None, imbalance: float = IMBALANCE) -> None:
        imbalance = checked_imbalance(imbalance)
        self.relation = relation
        self.imbalance = imbalance

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; `rng_seed` changes nothing.

        Raises:
            RelationNotFound: where the graph has no relation of the given name.
            ArgumentError: where the relation, or every one, gives a node two parents or a cycle.

        Example:
            >>> from graphray.schema import Relation
            >>> from partitioners.problem import EdgeSet
            >>> contains = Relation("node", "contains", "node")
            >>> tree = EdgeSet(contains, np.array([0, 1, 1, 0, 4, 4]), np.arange(1, 7))
            >>> problem = PartitionProblem(("node",), np.array([0, 7]), (tree,))
            >>> Hierarchical().partition(problem, 2, rng_seed=0).tolist()
            [0, 0, 0, 0, 1, 1, 1]
        """
        n = problem.num_nodes
        if parts == 1 or n <= parts:
            return np.arange(n, dtype=np.int32) % np.int32(parts)
        forest = find_forest(problem, self.relation)
        node_weights = node_weights_of(problem)
        balance = Balance.of(problem, node_weights, parts, self.imbalance)

        has_child = np.zeros(n, np.bool_)
        has_child[forest.parent[forest.parent >= 0]] = True
        alone = (forest.parent < 0) & ~has_child
        order = forest.order[~alone[forest.order]]
        shares = node_weights[order] / np.maximum(balance.totals, 1)
        weights = shares[:, balance.held].mean(axis=1)

        part = unassigned(n, parts)
        borders = _borders(forest, order, weights, balance)
        part[order] = np.searchsorted(borders, np.arange(len(order)), side="right")
        filled = filled_by(node_weights, part, parts)
        # Nodes outside the forest belong nowhere in particular: they even the partitions out.
        outside = np.flatnonzero(alone).astype(np.uint32)
        outside = outside[np.argsort(-node_weights[outside, 1].astype(np.int64), kind="stable")]
        fill_parts(outside, node_weights, balance.limits, part, filled)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment


def _borders(
    forest: Forest,
    order: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    balance: Balance,
) -> npt.NDArray[np.int64]:
    """The first position in `order` of each partition but the first, ``int64[parts - 1]``."""
    before = np.concatenate([[0.0], np.cumsum(weights)])
    wanted = before[-1] * balance.shares
    ends = np.cumsum(wanted)
    borders = np.zeros(balance.parts - 1, np.int64)
    for i in range(1, balance.parts):
        # A partition gives way at both ends, so each border may use half of the slack.
        reach = (balance.imbalance - 1.0) / 2 * min(wanted[i - 1], wanted[i])
        low, middle, high = np.searchsorted(before, ends[i - 1] + np.array([-reach, 0.0, reach]))
        window = np.arange(low, max(high, low + 1)).clip(0, max(0, len(order) - 1))
        if len(order) == 0:
            continue
        depth = forest.depth[order[window]]
        shallowest = window[depth == depth.min()]
        borders[i - 1] = shallowest[np.abs(shallowest - middle).argmin()]
    return borders
