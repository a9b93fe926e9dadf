"""What each partition may hold: the goal and the imbalance, in the numbers that kernels compare.

Every node has several weights (see `partitioners.weights`): its size, its load, and one per column
that is to be balanced. A weight that nobody asked to balance has a limit that cannot be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from partitioners.goal import EDGES, NODES
from partitioners.problem import AnyProblem

SIZE, LOAD = 0, 1

# Of a partition that is to be much smaller than the others, clusters would never grow.
_CLUSTER_SHARE_MIN = 0.25


@dataclass(frozen=True)
class Balance:
    """What the partitions of a whole graph may hold.

    Attributes:
        totals: ``int64[k]``, the weights of the graph.
        shares: ``float64[parts]``, of each partition; they sum to 1.
        imbalance: a partition may hold this many times its share.
        held: ``bool[k]``, which weights are to be balanced.
    """

    totals: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]
    imbalance: float
    held: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        problem: AnyProblem,
        node_weights: npt.NDArray[Any],
        parts: int,
        imbalance: float,
    ) -> Balance:
        """The balance that a problem asks for.

        Args:
            problem: its goal counts.
            node_weights: ``int[n, k]`` of its nodes.
            parts: number of partitions.
            imbalance: where the goal states none.

        Raises:
            ArgumentError: where the goal does not state a size for each partition.
        """
        goal = problem.goal
        criteria = (NODES, EDGES, *goal.columns)
        return cls(
            node_weights.sum(axis=0, dtype=np.int64),
            goal.shares(parts),
            imbalance if goal.imbalance is None else goal.imbalance,
            np.array([name in goal.criteria for name in criteria]),
        )

    @property
    def parts(self) -> int:
        """Number of partitions."""
        return len(self.shares)

    @cached_property
    def limits(self) -> npt.NDArray[np.int64]:
        """``int64[parts, k]``, the most that each partition may have of each weight."""
        targets = np.outer(self.shares, self.totals)
        # A hair less, because 3 * (1 / 3) may come out above 1.
        limits = np.maximum(np.ceil(targets - 1e-6), np.floor(targets * self.imbalance))
        return np.where(self.held, limits, self.totals).astype(np.int64)

    @cached_property
    def steering(self) -> int:
        """The weight whose fullness counts while nodes stream in: loads, where they are held."""
        return LOAD if self.held[LOAD] else int(self.held.argmax())

    @property
    def targets(self) -> npt.NDArray[np.float64]:
        """``float64[parts]``, the steering weight wanted in each partition."""
        return np.maximum(1.0, self.shares * self.totals[self.steering])

    def cluster_limits(self, clusters_per_part: int) -> npt.NDArray[np.int64]:
        """``int64[k]``, the most of each weight in a cluster, of so many to a partition."""
        share = max(float(self.shares.min()), _CLUSTER_SHARE_MIN / self.parts)
        limits = (self.totals * share / clusters_per_part).astype(np.int64)
        return np.where(self.held, limits, self.totals)

    def excess(self, filled: npt.NDArray[np.int64]) -> float:
        """By how much limits are overstepped, summed up, each as a share of the limit.

        Args:
            filled: ``int64[parts, k]``.
        """
        limits = np.maximum(self.limits, 1)
        return float((np.maximum(0, filled - limits) / limits).sum())


def combined(node_weights: npt.NDArray[Any], balance: Balance, most: int) -> npt.NDArray[np.int64]:
    """One weight per node, to which each weight that is held contributes the same in all.

    Args:
        node_weights: ``int[n, k]``.
        balance: says which are held.
        most: what the result may sum to.

    Returns:
        ``int64[n]``, each at least 1.

    Example:
        >>> both = Balance(np.array([2, 6]), np.ones(1), 1.1, np.array([True, True]))
        >>> combined(np.array([[1, 0], [1, 6]]), both, 402).tolist()
        [100, 300]
    """
    held = balance.held & (balance.totals > 0)
    share = (node_weights[:, held] / balance.totals[held]).sum(axis=1)
    scale = (most - len(share)) / max(1, held.sum())
    return 1 + (share * scale * (1 - 1e-6)).astype(np.int64)


def filled_by(
    node_weights: npt.NDArray[np.uint32], part: npt.NDArray[Any], parts: int
) -> npt.NDArray[np.int64]:
    """``int64[parts, k]``, the weights of each partition; nodes of partition `parts` have none."""
    filled = np.empty((parts, node_weights.shape[1]), np.int64)
    for column in range(filled.shape[1]):
        sums = np.bincount(part, weights=node_weights[:, column], minlength=parts)
        filled[:, column] = sums[:parts]
    return filled
