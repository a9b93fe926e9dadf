"""What each node weighs in its partition, counted without an adjacency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from partitioners.problem import PartitionProblem


def node_weights_of(problem: PartitionProblem) -> npt.NDArray[np.uint32]:
    """``uint32[n, 2]``: size 1, and as load the number of edge ends of all relations.

    >>> node_weights_of(PartitionProblem(("node",), np.array([0, 2]), ())).tolist()
    [[1, 0], [1, 0]]
    """
    n = problem.num_nodes
    node_weights = np.ones((n, 2), np.uint32)
    node_weights[:, 1] = 0
    for edges in problem.edges:
        for ends in (edges.sources, edges.destinations):
            node_weights[:, 1] += np.bincount(ends, minlength=n).astype(np.uint32)
    return node_weights
