"""Partition at random, exactly balanced: the baseline that every cut is measured against.

Within each node type a shuffle deals the nodes out in turn, so that partitions differ by one node
at most, per type and altogether.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partitioners.problem import PartitionProblem


class Random:
    """Random partitioning with exact balance."""

    name = "random"
    needs_edges = False

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Example:
            >>> problem = PartitionProblem(("node",), np.array([0, 6]), ())
            >>> np.bincount(Random().partition(problem, 3, rng_seed=7)).tolist()
            [2, 2, 2]
        """
        rng = np.random.default_rng(rng_seed)
        # Dealing goes on across types, so that small types do not all begin at partition 0.
        assignment = (np.arange(problem.num_nodes) % parts).astype(np.int32)
        for start, stop in zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True):
            rng.shuffle(assignment[start:stop])
        return assignment
