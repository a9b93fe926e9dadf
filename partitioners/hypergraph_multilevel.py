"""Coarsen, split, refine: a hypergraph split for connectivity, without another package's help.

1. Coarsen by heavy-edge clustering, to a few hundred clusters a partition.
2. Split what is left: METIS on its clique expansion, several times, refined; the best is taken.
3. Project back level by level, mend the balance and refine (see `search`).

Limits hold on sizes (vertices) and loads (pins) at once. Beside the hypergraph, refinement takes
8 bytes per vertex and partition, and 4 per hyperedge and partition.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pymetis
import scipy.sparse as sp

from graphray.kernels.partition_hypergraph_cluster import Pins
from graphray.kernels.partition_hypergraph_refine import (
    Tables,
    fill_tables,
    mend_balance,
    search,
)
from partitioners.hypergraph_levels import cluster, contract

Parts = npt.NDArray[np.int32]
Limits = npt.NDArray[np.int64]

_COARSE_VERTICES_PER_PART = 100
_SHRINK_MIN = 0.95
_SPLITS = 6
_CLIQUE_PAIRS_MAX = 10_000_000
_WEIGHT_SCALE = 1000
_ROUNDS_MAX = 20
_FALL_MIN = 0.0005
_PATIENCE = 1000


def split(graph: Pins, parts: int, limits: Limits, rng: np.random.Generator) -> Parts:
    """Split a hypergraph for the least connectivity.

    Args:
        graph: the hypergraph.
        parts: number of partitions.
        limits: ``int64[2]``, the most size and load of a partition; held unless single vertices
            are too heavy for it.
        rng: for all that is drawn.

    Returns:
        ``int32[n]``, the partition of each vertex.
    """
    coarse_vertices = _COARSE_VERTICES_PER_PART * parts
    cluster_limits = np.maximum(1, limits // _COARSE_VERTICES_PER_PART)
    finer: list[tuple[Pins, npt.NDArray[np.int32]]] = []
    while graph.num_vertices > coarse_vertices:
        label, count = cluster(graph, cluster_limits, rng)
        if count > _SHRINK_MIN * graph.num_vertices:
            break
        finer.append((graph, label))
        graph = contract(graph, label, count)
    part = _best_split(graph, parts, limits, rng)
    while finer:
        graph, label = finer.pop()
        part = part[label]
        refine(graph, part, parts, limits)
    return part


def refine(graph: Pins, part: Parts, parts: int, limits: Limits) -> tuple[int, int]:
    """Mend the balance of a partition, then search for moves until little is gained. In place.

    Returns:
        By how much limits are still overstepped, and the connectivity.
    """
    tables = Tables(
        part,
        np.zeros((parts, 2), np.int64),
        np.zeros((graph.num_hyperedges, parts), np.int32),
        np.zeros((graph.num_vertices, parts), np.int64),
        np.zeros(graph.num_vertices, np.int64),
        np.zeros(graph.num_vertices, np.int64),
    )
    fill_tables(graph, tables)
    mend_balance(graph, tables, limits)
    for _ in range(_ROUNDS_MAX):
        # Elsewhere, a move only loses.
        border = np.flatnonzero((tables.reach > 0).sum(axis=1) > 1)
        fallen = search(graph, tables, limits, border, _PATIENCE)
        if fallen <= _FALL_MIN * connectivity(tables, graph):
            break
    excess = int(np.maximum(0, tables.filled - limits).sum())
    return excess, connectivity(tables, graph)


def connectivity(tables: Tables, graph: Pins) -> int:
    """The sum over hyperedges of weight times (partitions reached - 1)."""
    reached = np.maximum(0, (tables.counts > 0).sum(axis=1) - 1)
    return int(graph.edge_weights @ reached)


def _best_split(graph: Pins, parts: int, limits: Limits, rng: np.random.Generator) -> Parts:
    expansion = _clique_expansion(graph)
    found: list[tuple[tuple[int, int], Parts]] = []
    for _ in range(_SPLITS):
        part = _metis(expansion, graph.vertex_weights, parts, rng)
        found.append((refine(graph, part, parts, limits), part))
    return min(found, key=lambda quality_and_part: quality_and_part[0])[1]


def _clique_expansion(graph: Pins) -> sp.csr_array:
    """Pairs of vertices, with the sum over their hyperedges of ``weight / (pins - 1)``.

    The largest hyperedges are left out where all pairs would be too many.
    """
    sizes = np.diff(graph.edge_ptr)
    rising = np.argsort(sizes, kind="stable")
    chosen = rising[np.cumsum(sizes[rising] ** 2) <= _CLIQUE_PAIRS_MAX]
    matrix = sp.csr_array(
        (np.ones(len(graph.pins)), graph.pins, graph.edge_ptr),
        shape=(graph.num_hyperedges, graph.num_vertices),
    )[chosen]
    scale = sp.diags_array(graph.edge_weights[chosen] / np.maximum(1, sizes[chosen] - 1))
    pairs = sp.csr_array(matrix.T @ scale @ matrix)
    pairs.setdiag(0)
    pairs.eliminate_zeros()
    return pairs


def _metis(
    expansion: sp.csr_array,
    vertex_weights: npt.NDArray[np.int64],
    parts: int,
    rng: np.random.Generator,
) -> Parts:
    sizes, loads = vertex_weights.T
    if expansion.nnz == 0:
        before = np.cumsum(sizes) - sizes
        return (before * parts // sizes.sum()).astype(np.int32)
    mean = max(1, int(loads.sum() // sizes.sum()))
    integer = pymetis.zero_copy_dtype()
    _, part = pymetis.part_graph(
        parts,
        pymetis.CSRAdjacency(expansion.indptr.astype(integer), expansion.indices.astype(integer)),
        vweights=(loads + sizes * mean).astype(integer),
        eweights=np.maximum(1, expansion.data * _WEIGHT_SCALE).astype(integer),
        options=pymetis.Options(seed=int(rng.integers(2**31 - 1))),
    )
    return np.asarray(part, np.int32)
