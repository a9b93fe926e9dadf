"""The symmetric graph of a problem in which relations weigh differently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from partitioners.adjacency import SymmetricAdjacency, symmetric_adjacency
from partitioners.level import Level, finest_level
from partitioners.parallel import Threads
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.weights import node_weights_of


def weighted_level(
    problem: PartitionProblem,
    weighted: Sequence[tuple[EdgeSet, int]],
    threads: Threads,
) -> Level:
    """Combine sets of edges, each edge with the weight of its set.

    Nodes weigh 1 in size, and in load the edge ends of the problem itself, whatever the edges given
    here. Takes about 40 bytes an edge.

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
    n = problem.num_nodes
    total = sp.csr_array((n, n), dtype=np.int64)
    for edges, weight in weighted:
        alone = PartitionProblem(problem.type_names, problem.type_offsets, (edges,))
        graph = symmetric_adjacency(alone, threads)
        counts = 1 if graph.weights is None else graph.weights.astype(np.int64)
        data = np.broadcast_to(np.int64(weight) * counts, graph.neighbours.shape)
        total = total + sp.csr_array(
            (data, graph.neighbours.astype(np.int64), graph.indptr), shape=(n, n)
        )
    loads = node_weights_of(problem)[:, 1].astype(np.int64)
    weights = np.minimum(total.data, np.iinfo(np.uint32).max).astype(np.uint32)
    return finest_level(
        SymmetricAdjacency(
            total.indptr.astype(np.int64), total.indices.astype(np.uint32), weights, loads
        )
    )
