"""The graph that structural partitioners see: symmetric, simple, weighted, all relations in one.

A partition's owner stores the edges of its nodes whatever their direction and relation, so
direction and relation do not matter for the cut. Self-loops never cross a border and are dropped;
parallel edges become one edge of their number as weight. What a node costs its owner to store is
counted before that: `loads` holds every edge end, of self-loops and repeats too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_adjacency import count_ends, merge_repeats, scatter_ends
from partitioners.problem import PartitionProblem

MAX_NODES = 2**32 - 1


@dataclass(frozen=True)
class SymmetricAdjacency:
    """An undirected graph in CSR form; every edge is in the rows of both its ends.

    Attributes:
        indptr: ``int64[n + 1]``; row v is the positions ``indptr[v] : indptr[v + 1]``.
        neighbours: ``uint32[indptr[-1]]``, without repeats within a row and without the row itself.
        weights: ``uint32[indptr[-1]]``, or None where all edges weigh the same.
        loads: ``int64[n]``, the edge ends at each node, self-loops and repeats counted.
    """

    indptr: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.uint32] | None
    loads: npt.NDArray[np.int64]

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.loads)


def symmetric_adjacency(problem: PartitionProblem) -> SymmetricAdjacency:
    """Combine all relations of a problem into one symmetric graph.

    Takes time linear in nodes and edges, and 16 bytes an edge.

    Raises:
        ArgumentError: where the graph has more than 2**32 - 1 nodes.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> from partitioners.problem import EdgeSet
        >>> edges = EdgeSet(DEFAULT_RELATION, np.array([0, 1, 2]), np.array([1, 0, 2]))
        >>> graph = symmetric_adjacency(PartitionProblem(("node",), np.array([0, 3]), (edges,)))
        >>> graph.indptr.tolist(), graph.neighbours.tolist(), graph.loads.tolist()
        ([0, 1, 2, 2], [1, 0], [2, 2, 2])
    """
    n = problem.num_nodes
    if n > MAX_NODES:
        raise ArgumentError(
            f"the graph has {n} nodes; this partitioner numbers them in 32 bits, up to "
            f"{MAX_NODES}; use 'hash' or 'range'"
        )
    loads = np.zeros(n, np.int64)
    for edges in problem.edges:
        count_ends(edges.sources, edges.destinations, loads)
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(loads, out=starts[1:])
    neighbours = np.empty(starts[-1], np.uint32)
    stops = starts[:-1].copy()
    for edges in problem.edges:
        scatter_ends(edges.sources, edges.destinations, stops, neighbours)

    indptr = np.empty(n + 1, np.int64)
    weights = np.empty(len(neighbours), np.uint32)
    merge_repeats(starts[:-1], stops, neighbours, weights, indptr)
    neighbours, weights = neighbours[: indptr[-1]], weights[: indptr[-1]]
    # Listing every edge in both directions doubles all weights alike, which says nothing.
    uniform = len(weights) == 0 or weights.min() == weights.max()
    return SymmetricAdjacency(indptr, neighbours, None if uniform else weights, loads)
