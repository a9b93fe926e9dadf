"""The traffic between nodes that a plan leads to, from the cut edges between partitions.

A hop that follows an edge from partition p to partition q starts at any of p's replicas, and stays
on the node where q has a replica there too. So of the edges between p and q, the share of p's
replicas that have no q beside them crosses from p's side, and likewise from q's; each edge is
followed from either end as often. Edges within a partition never cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Traffic:
    """What crosses, in edges followed once each; counts are estimates where the cut is one.

    Attributes:
        edges: of the graph.
        cut_edges: those between two partitions.
        crossing_edges: those between two nodes, on average over replicas.
    """

    edges: float
    cut_edges: float
    crossing_edges: float

    @property
    def share(self) -> float:
        """The share of followed edges that cross nodes; 0 where there are no edges."""
        return self.crossing_edges / self.edges if self.edges else 0.0


def expected_traffic(
    cut: sparse.csr_array, node_of: Sequence[Sequence[int]], nodes: int
) -> Traffic:
    """The traffic of a plan.

    Args:
        cut: ``float64[parts, parts]``, symmetric, as in `PlacementProblem`.
        node_of: by partition and replica, its node.
        nodes: how many there are.

    Example:
        >>> cut = sparse.csr_array(np.array([[10.0, 4.0], [4.0, 6.0]]))
        >>> apart, together = [[0], [1]], [[0], [0]]
        >>> expected_traffic(cut, apart, 2).share, expected_traffic(cut, together, 2).share
        (0.2, 0.0)
    """
    parts = np.repeat(np.arange(len(node_of)), [len(places) for places in node_of])
    places = np.concatenate([np.asarray(p, np.int64) for p in node_of] or [np.empty(0, np.int64)])
    count = sparse.csr_array((np.ones(len(parts)), (parts, places)), shape=(len(node_of), nodes))
    share = sparse.diags_array([1 / len(p) for p in node_of]) @ count
    beside = share @ (count > 0).astype(np.float64).T
    outside = between(cut)
    cut_edges = float(outside.sum()) / 2
    staying = float(outside.multiply(beside).sum()) / 2
    return Traffic(cut_edges + float(cut.diagonal().sum()), cut_edges, cut_edges - staying)


def between(cut: sparse.csr_array) -> sparse.csr_array:
    """The cut without its diagonal, the edges within partitions."""
    outside = sparse.csr_array(cut - sparse.diags_array(cut.diagonal()))
    outside.eliminate_zeros()
    return outside
