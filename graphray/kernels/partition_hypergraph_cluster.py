"""Coarsening a hypergraph: vertices that share many small hyperedges become one.

The rating of a pair is the sum over the hyperedges that they share of ``weight / (pins - 1)``
(heavy-edge rating: Karypis et al., "Multilevel Hypergraph Partitioning", IEEE Trans. VLSI 7(1),
1999). Contraction drops what can no longer be cut: hyperedges left with one pin; those left with
the same pins become one of their summed weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64


class Pins(NamedTuple):
    """A weighted hypergraph, from both sides.

    Attributes:
        edge_ptr: ``int64[m + 1]``; hyperedge e has the pins ``edge_ptr[e] : edge_ptr[e + 1]``.
        pins: ``int32[edge_ptr[-1]]``, each vertex once in a hyperedge.
        edge_weights: ``int64[m]``.
        vertex_ptr: ``int64[n + 1]``.
        hyperedges: ``int32[edge_ptr[-1]]``, those of each vertex.
        vertex_weights: ``int64[n, k]``, size, load and further weights of each vertex.
    """

    edge_ptr: npt.NDArray[np.int64]
    pins: npt.NDArray[np.int32]
    edge_weights: npt.NDArray[np.int64]
    vertex_ptr: npt.NDArray[np.int64]
    hyperedges: npt.NDArray[np.int32]
    vertex_weights: npt.NDArray[np.int64]

    @property
    def num_vertices(self) -> int:
        """Number of vertices."""
        return len(self.vertex_weights)

    @property
    def num_hyperedges(self) -> int:
        """Number of hyperedges."""
        return len(self.edge_weights)


@kernel
def transpose_pins(
    edge_ptr: npt.NDArray[np.int64], pins: npt.NDArray[np.int32], num_vertices: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The hyperedges of each vertex, rising, from the pins of each hyperedge; or the other way.

    Args:
        edge_ptr: ``int64[m + 1]``; hyperedge e has the pins ``edge_ptr[e] : edge_ptr[e + 1]``.
        pins: ``int32[edge_ptr[-1]]``.
        num_vertices: n.

    Returns:
        ``int64[n + 1]`` and ``int32[edge_ptr[-1]]``.
    """
    vertex_ptr = np.zeros(num_vertices + 1, np.int64)
    for i in range(len(pins)):
        vertex_ptr[pins[i] + 1] += 1
    for v in range(num_vertices):
        vertex_ptr[v + 1] += vertex_ptr[v]
    cursor = vertex_ptr[:-1].copy()
    hyperedges = np.empty(len(pins), np.int32)
    for e in range(len(edge_ptr) - 1):
        for i in range(edge_ptr[e], edge_ptr[e + 1]):
            hyperedges[cursor[pins[i]]] = e
            cursor[pins[i]] += 1
    return vertex_ptr, hyperedges


@kernel
def cluster_vertices(
    graph: Pins,
    order: npt.NDArray[np.int64],
    limits: npt.NDArray[np.int64],
    pins_max: int,
    clusters_min: int,
) -> tuple[npt.NDArray[np.int32], int]:
    """Let each vertex that is still alone join the cluster with which it is rated highest.

    Args:
        graph: the hypergraph.
        order: ``int64[n]``, in which vertices choose.
        limits: ``int64[k]``, the most of each weight in a cluster.
        pins_max: hyperedges with more pins are not looked at: they say little and cost much.
        clusters_min: where to stop.

    Returns:
        The cluster of each vertex, ``int32[n]`` in ``0 .. count - 1``, and the count.
    """
    edge_ptr, pins, edge_weights, vertex_ptr, hyperedges, vertex_weights = graph
    n = len(vertex_weights)
    leader = np.arange(n).astype(np.int32)
    shared = np.zeros(n, np.bool_)
    weights = vertex_weights.copy()
    rating = np.zeros(n, np.float64)
    rated = np.empty(n, np.int32)
    count = n
    for v in order:
        if count <= clusters_min:
            break
        if shared[v]:
            continue
        num_rated = 0
        for i in range(vertex_ptr[v], vertex_ptr[v + 1]):
            e = hyperedges[i]
            size = edge_ptr[e + 1] - edge_ptr[e]
            if size > pins_max or size < 2:
                continue
            score = edge_weights[e] / (size - 1)
            for j in range(edge_ptr[e], edge_ptr[e + 1]):
                cluster = leader[pins[j]]
                if cluster != v:
                    if rating[cluster] == 0.0:
                        rated[num_rated] = cluster
                        num_rated += 1
                    rating[cluster] += score
        best = -1
        best_rating = 0.0
        for i in range(num_rated):
            cluster = rated[i]
            fits = True
            for c in range(len(limits)):
                fits &= weights[cluster, c] + weights[v, c] <= limits[c]
            if fits and (
                rating[cluster] > best_rating
                or (rating[cluster] == best_rating and weights[cluster, 0] < weights[best, 0])
            ):
                best, best_rating = cluster, rating[cluster]
            rating[cluster] = 0.0
        if best >= 0:
            leader[v] = best
            shared[v] = shared[best] = True
            weights[best] += weights[v]
            count -= 1
    return _numbered(leader), count


@kernel
def _numbered(leader: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Clusters numbered in order of appearance; a leader leads itself."""
    number = np.full(len(leader), -1, np.int32)
    label = np.empty(len(leader), np.int32)
    count = 0
    for v in range(len(leader)):
        if number[leader[v]] < 0:
            number[leader[v]] = count
            count += 1
        label[v] = number[leader[v]]
    return label


@kernel
def contract_pins(
    edge_ptr: npt.NDArray[np.int64],
    pins: npt.NDArray[np.int32],
    label: npt.NDArray[np.int32],
    count: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """Replace vertices by their clusters, each once in a hyperedge.

    Args:
        edge_ptr: ``int64[m + 1]``.
        pins: ``int32[:]``.
        label: ``int32[n]``, the cluster of each vertex.
        count: number of clusters.

    Returns:
        ``int64[m + 1]``; the pins, rising within a hyperedge; and a hash of each hyperedge's pins,
        ``uint64[m]``.
    """
    m = len(edge_ptr) - 1
    last_seen = np.full(count, -1, np.int32)
    new_ptr = np.zeros(m + 1, np.int64)
    new_pins = np.empty(len(pins), np.int32)
    hashes = np.zeros(m, np.uint64)
    filled = 0
    for e in range(m):
        first = filled
        for i in range(edge_ptr[e], edge_ptr[e + 1]):
            cluster = label[pins[i]]
            if last_seen[cluster] != e:
                last_seen[cluster] = e
                new_pins[filled] = cluster
                filled += 1
                hashes[e] += mix64(np.uint64(cluster) + GOLDEN)
        new_pins[first:filled].sort()
        new_ptr[e + 1] = filled
    return new_ptr, new_pins[:filled].copy(), hashes


@kernel
def merge_identical(
    edge_ptr: npt.NDArray[np.int64],
    pins: npt.NDArray[np.int32],
    hashes: npt.NDArray[np.uint64],
    order: npt.NDArray[np.int64],
    edge_weights: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Add the weight of each hyperedge to an earlier one of the same pins; drop single pins.

    Args:
        edge_ptr: ``int64[m + 1]``.
        pins: ``int32[:]``, rising within a hyperedge.
        hashes: ``uint64[m]``.
        order: ``int64[m]``, sorts `hashes`, stable.
        edge_weights: ``int64[m]``, changed.

    Returns:
        ``bool[m]``, which hyperedges stay.
    """
    keep = edge_ptr[1:] - edge_ptr[:-1] >= 2
    first = 0
    for i in range(len(order)):
        e = order[i]
        if hashes[e] != hashes[order[first]]:
            first = i
        if not keep[e]:
            continue
        # A hash may lie; the pins decide.
        for j in range(first, i):
            earlier = order[j]
            if keep[earlier] and _same_pins(edge_ptr, pins, earlier, e):
                edge_weights[earlier] += edge_weights[e]
                keep[e] = False
                break
    return keep


@kernel
def _same_pins(
    edge_ptr: npt.NDArray[np.int64], pins: npt.NDArray[np.int32], one: int, other: int
) -> bool:
    pins_of_one = pins[edge_ptr[one] : edge_ptr[one + 1]]
    return np.array_equal(pins_of_one, pins[edge_ptr[other] : edge_ptr[other + 1]])


@kernel
def select_hyperedges(
    edge_ptr: npt.NDArray[np.int64], pins: npt.NDArray[np.int32], keep: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Some of the hyperedges, in their order, closed up: ``int64[:]`` and ``int32[:]``."""
    new_ptr = np.zeros(keep.sum() + 1, np.int64)
    new_pins = np.empty(len(pins), np.int32)
    filled = 0
    row = 0
    for e in range(len(keep)):
        if keep[e]:
            for i in range(edge_ptr[e], edge_ptr[e + 1]):
                new_pins[filled] = pins[i]
                filled += 1
            row += 1
            new_ptr[row] = filled
    return new_ptr, new_pins[:filled].copy()
