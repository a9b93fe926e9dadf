"""Partition at random, exactly balanced: the baseline that every cut is measured against.

Within each node type a shuffle deals the nodes out in turn, so that partitions differ by one node
at most from what is due to them, per type and altogether.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partitioners.goal import NODES
from partitioners.problem import PartitionProblem


class Random:
    """Random partitioning with exact balance."""

    name = "random"
    needs_edges = False
    balances = (NODES,)
    takes_target_sizes = True

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
        assignment = _dealt(problem.num_nodes, problem.goal.shares(parts))
        for start, stop in zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True):
            rng.shuffle(assignment[start:stop])
        return assignment


def _dealt(num_nodes: int, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Partitions in turn, ``int32[num_nodes]``, each as often as its share says."""
    parts = len(shares)
    if (shares == shares[0]).all():
        return (np.arange(num_nodes) % parts).astype(np.int32)
    # The i-th card of a partition is due when i + 1/2 of its share has been dealt.
    counts = np.ceil(num_nodes * shares).astype(np.int64)
    partition = np.repeat(np.arange(parts, dtype=np.int32), counts)
    card = np.arange(len(partition)) - np.repeat(np.cumsum(counts) - counts, counts)
    due = (card + 0.5) / shares[partition]
    return partition[np.argsort(due, kind="stable")[:num_nodes]]
