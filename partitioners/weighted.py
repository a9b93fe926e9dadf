"""The symmetric graph of a problem in which relations weigh differently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphray.threads import Threads
from partitioners.adjacency import combine
from partitioners.level import Level
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.weights import node_weights_of


def weighted_level(
    problem: PartitionProblem,
    weighted: Sequence[tuple[EdgeSet, int]],
    threads: Threads,
) -> Level:
    """Combine sets of edges, each edge with the weight of its set.

    Nodes weigh 1 in size, and in load the edge ends of the problem itself, whatever the edges given
    here. Takes 28 bytes an edge.

    Args:
        problem: the graph.
        weighted: the edges that count for the cut, and the weight of each of a set, at least 1.
        threads: share the work.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> edges = EdgeSet(DEFAULT_RELATION, np.array([0, 1]), np.array([1, 2]))
        >>> problem = PartitionProblem(("node",), np.array([0, 3]), (edges,))
        >>> level = weighted_level(problem, [(edges, 5)], Threads(1))
        >>> level.neighbours.tolist(), level.weights.tolist()
        ([1, 0, 2, 1], [5, 5, 5, 5])
    """
    edges = [
        (set_.sources, set_.destinations, np.full(len(set_.sources), weight, np.uint32))
        for set_, weight in weighted
    ]
    indptr, neighbours, weights, _ = combine(edges, problem.num_nodes, threads)
    return Level(indptr, neighbours, weights, node_weights_of(problem))
