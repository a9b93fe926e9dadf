"""Where a node stands in the graph, in numbers: the eigenvectors that change least along edges.

Rows of the leading eigenvectors of ``D^-1/2 A D^-1/2``, scaled to length 1, as Ng, Jordan and Weiss
cluster them ("On Spectral Clustering", NIPS 2001). Found by subspace iteration (Golub and Van Loan,
*Matrix Computations*, section 8.2.4) on half of that matrix and half of the identity, whose
eigenvalues are not negative: a few dozen passes over the edges. That is not to the last digit, as
k-means does not need it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from partitioners.adjacency import SymmetricAdjacency, symmetric_adjacency
from partitioners.problem import PartitionProblem

_WIDTH_MAX = 32
_ROUNDS = 10
_PASSES_PER_ROUND = 4


def spectral_rows(
    problem: PartitionProblem, width: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """A vector per node, ``float32[n, d]``: of length 1, or zeros where it has no edges.

    Args:
        problem: the graph; direction and relation of its edges do not matter.
        width: how many groups are to be told apart, and so how many eigenvectors it takes; up to
            32 are used.
        rng: where the iteration starts from.

    Raises:
        ArgumentError: where the graph has more than 2**32 - 1 nodes.
    """
    rows = leading_vectors(symmetric_adjacency(problem), min(width, _WIDTH_MAX), rng)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=rows, where=lengths > 0)


def leading_vectors(
    graph: SymmetricAdjacency, width: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """About the eigenvectors of the largest eigenvalues, ``float32[n, min(width, n)]``, as columns.

    The rows of nodes without edges are zeros. Columns are orthonormal, where that many nodes have
    edges.
    """
    n = graph.num_nodes
    weights = np.ones(1, np.uint32) if graph.weights is None else graph.weights
    values = np.broadcast_to(weights.astype(np.float32), graph.neighbours.shape)
    matrix = sparse.csr_array((values, graph.neighbours, graph.indptr), shape=(n, n))
    degrees = matrix.sum(axis=1)
    linked = np.flatnonzero(degrees)
    scale = np.zeros((n, 1), np.float32)
    scale[linked, 0] = degrees[linked] ** -0.5
    vectors = np.zeros((n, min(width, n)), np.float32)
    vectors[linked] = rng.standard_normal((len(linked), vectors.shape[1]), np.float32)
    for _ in range(_ROUNDS):
        for _ in range(_PASSES_PER_ROUND):
            vectors = (vectors + scale * (matrix @ (scale * vectors))) / 2
        vectors = np.linalg.qr(vectors)[0]
    vectors[degrees == 0] = 0
    return vectors
