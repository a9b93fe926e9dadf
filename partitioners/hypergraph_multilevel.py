"""Coarsen, split, refine: a hypergraph split for connectivity, without another package's help.

1. Coarsen by heavy-edge clustering, to a few hundred clusters a partition.
2. Split what is left: METIS on its clique expansion, several times, refined; the best is taken.
3. Project back level by level, mend the balance and refine (see `search`).

Limits hold on sizes (vertices), loads (pins) and further weights at once. Beside the hypergraph,
refinement takes 8 bytes per vertex and partition, and 4 per hyperedge and partition.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphray.kernels.partition_hypergraph_cluster import Pins
from graphray.kernels.partition_hypergraph_refine import (
    Tables,
    fill_tables,
    mend_balance,
    search,
)
from partitioners.balance import Balance
from partitioners.hypergraph_levels import cluster, contract
from partitioners.metis_call import call_metis

Parts = npt.NDArray[np.int32]

_COARSE_VERTICES_PER_PART = 100
_SHRINK_MIN = 0.95
_SPLITS = 6
_CLIQUE_PAIRS_MAX = 10_000_000
_WEIGHT_SCALE = 1000
_ROUNDS_MAX = 20
_FALL_MIN = 0.0005
_PATIENCE = 1000


def split(graph: Pins, balance: Balance, rng: np.random.Generator) -> Parts:
    """Split a hypergraph for the least connectivity.

    Args:
        graph: the hypergraph.
        balance: what partitions may hold; kept to unless single vertices are too heavy for it.
        rng: for all that is drawn.

    Returns:
        ``int32[n]``, the partition of each vertex.
    """
    coarse_vertices = _COARSE_VERTICES_PER_PART * balance.parts
    cluster_limits = np.maximum(1, balance.cluster_limits(_COARSE_VERTICES_PER_PART))
    finer: list[tuple[Pins, npt.NDArray[np.int32]]] = []
    while graph.num_vertices > coarse_vertices:
        label, count = cluster(graph, cluster_limits, rng)
        if count > _SHRINK_MIN * graph.num_vertices:
            break
        finer.append((graph, label))
        graph = contract(graph, label, count)
    part = _best_split(graph, balance, rng)
    while finer:
        graph, label = finer.pop()
        part = part[label]
        refine(graph, part, balance)
    return part


def refine(graph: Pins, part: Parts, balance: Balance) -> tuple[float, int]:
    """Mend the balance of a partition, then search for moves until little is gained. In place.

    Returns:
        By how much limits are still overstepped, and the connectivity.
    """
    parts, limits = balance.parts, np.maximum(balance.limits, 1)
    tables = Tables(
        part,
        np.zeros(limits.shape, np.int64),
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
    return balance.excess(tables.filled), connectivity(tables, graph)


def connectivity(tables: Tables, graph: Pins) -> int:
    """The sum over hyperedges of weight times (partitions reached - 1)."""
    reached = np.maximum(0, (tables.counts > 0).sum(axis=1) - 1)
    return int(graph.edge_weights @ reached)


def _best_split(graph: Pins, balance: Balance, rng: np.random.Generator) -> Parts:
    expansion = _clique_expansion(graph)
    found: list[tuple[tuple[float, int], Parts]] = []
    for _ in range(_SPLITS):
        part = _first_split(expansion, graph.vertex_weights, balance, rng)
        found.append((refine(graph, part, balance), part))
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


def _first_split(
    expansion: sp.csr_array,
    vertex_weights: npt.NDArray[np.int64],
    balance: Balance,
    rng: np.random.Generator,
) -> Parts:
    if expansion.nnz == 0:
        sizes = vertex_weights[:, 0]
        middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
        borders = np.cumsum(balance.shares)[:-1]
        return np.searchsorted(borders, middle, side="right").astype(np.int32)
    return call_metis(
        expansion.indptr,
        expansion.indices,
        np.maximum(1, expansion.data * _WEIGHT_SCALE),
        vertex_weights,
        balance,
        int(rng.integers(2**31 - 1)),
    )
