"""Partition by position: the first nodes of each type to partition 0, the next to 1, and so on.

Free, exactly balanced on nodes, and as good as the order of the input: a crawl, a road network
sorted by region or an export sorted by tenant is already laid out by locality.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partitioners.goal import NODES
from partitioners.problem import PartitionProblem


class Range:
    """Range partitioning: equal contiguous ranges of stable ids, per node type."""

    name = "range"
    needs_edges = False
    balances = (NODES,)
    takes_target_sizes = True

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; `rng_seed` changes nothing.

        Example:
            >>> problem = PartitionProblem(("a", "b"), np.array([0, 2, 6]), ())
            >>> Range().partition(problem, 2, rng_seed=0).tolist()
            [0, 1, 0, 0, 1, 1]
        """
        assignment = np.empty(problem.num_nodes, np.int32)
        borders = np.cumsum(problem.goal.shares(parts))[:-1]
        for start, stop in zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True):
            size = int(stop - start)
            # From the middle of each node: borders, like 1/3, are never quite what they should be.
            before = (np.arange(size) + 0.5) / max(1, size)
            assignment[start:stop] = np.searchsorted(borders, before, side="right")
        return assignment
