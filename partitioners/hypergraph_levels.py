"""A hypergraph as partitioners see it: pins without repeats, and how to get a coarser one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_hypergraph_cluster import (
    Pins,
    cluster_vertices,
    contract_pins,
    merge_identical,
    select_hyperedges,
    transpose_pins,
)
from graphray.schema import Relation
from partitioners.problem import EdgeSet, PartitionProblem

INCIDENCE = "incidence"
_MAX_NUMBER = 2**31 - 1

# A hyperedge of more pins is cut whatever happens, and looking at all its pins costs their square.
_RATED_PINS_MAX = 1000
# Slower coarsening leaves more levels for refinement to work on.
_SHRINK_MAX = 2.5


def is_hypergraph(type_names: Sequence[str], relations: Sequence[Relation]) -> bool:
    """Whether a graph has two node types and one relation between them, ``"incidence"``.

    >>> is_hypergraph(("vertex", "hyperedge"), [Relation("vertex", "incidence", "hyperedge")])
    True
    """
    if len(type_names) != 2 or len(relations) != 1:
        return False
    source, name, destination = relations[0]
    return name == INCIDENCE and source != destination


def nodes_of(problem: PartitionProblem, node_type: str) -> slice:
    """The node numbers of a type."""
    position = problem.type_names.index(node_type)
    return slice(int(problem.type_offsets[position]), int(problem.type_offsets[position + 1]))


def pins_of(
    problem: PartitionProblem, incidence: EdgeSet, node_weights: npt.NDArray[np.uint32]
) -> Pins:
    """The hypergraph of a problem; vertices and hyperedges are numbered from 0 each.

    A vertex that is several times in a hyperedge, in different roles, is one pin of it. Hyperedges
    weigh 1.

    Args:
        problem: the graph.
        incidence: its only relation.
        node_weights: ``uint32[n, k]`` of all its nodes.

    Raises:
        ArgumentError: where there are more than 2**31 - 1 vertices, hyperedges or incidences.
    """
    vertices = nodes_of(problem, incidence.relation.source)
    hyperedges = nodes_of(problem, incidence.relation.destination)
    n, m = vertices.stop - vertices.start, hyperedges.stop - hyperedges.start
    if max(n, m, len(incidence.sources)) > _MAX_NUMBER:
        raise ArgumentError(
            f"the hypergraph has {n} vertices, {m} hyperedges and {len(incidence.sources)} "
            f"incidences; this partitioner counts to {_MAX_NUMBER} of each; use 'streaming'"
        )
    members = (incidence.sources - vertices.start).astype(np.int32)
    ends = (incidence.destinations - hyperedges.start).astype(np.int32)
    entries = np.arange(len(members) + 1)
    edge_ptr, rows = transpose_pins(entries, ends, m)
    edge_ptr, pins, _ = contract_pins(edge_ptr, members[rows], np.arange(n, dtype=np.int32), n)
    vertex_weights = node_weights[vertices].astype(np.int64)
    return _with_vertices(edge_ptr, pins, np.ones(m, np.int64), vertex_weights)


def simplify(graph: Pins) -> Pins:
    """Without hyperedges of fewer than two pins; those with the same pins are one."""
    same = np.arange(graph.num_vertices, dtype=np.int32)
    return contract(graph, same, graph.num_vertices)


def cluster(
    graph: Pins, limits: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int32], int]:
    """Cluster vertices that share hyperedges; see `cluster_vertices`.

    Args:
        graph: the hypergraph.
        limits: ``int64[k]``, the most of each weight in a cluster.
        rng: in which order vertices choose.

    Returns:
        The cluster of each vertex, ``int32[n]`` in ``0 .. count - 1``, and the count.
    """
    order = rng.permutation(graph.num_vertices)
    clusters_min = int(graph.num_vertices / _SHRINK_MAX)
    return cluster_vertices(graph, order, limits, _RATED_PINS_MAX, clusters_min)


def contract(graph: Pins, label: npt.NDArray[np.int32], count: int) -> Pins:
    """The hypergraph whose vertices are the clusters of this one.

    Args:
        graph: the finer hypergraph.
        label: ``int32[n]``, the cluster of each vertex, in ``0 .. count - 1``.
        count: number of clusters.
    """
    edge_ptr, pins, hashes = contract_pins(graph.edge_ptr, graph.pins, label, count)
    edge_weights = graph.edge_weights.copy()
    order = np.argsort(hashes, kind="stable")
    keep = merge_identical(edge_ptr, pins, hashes, order, edge_weights)
    edge_ptr, pins = select_hyperedges(edge_ptr, pins, keep)
    vertex_weights = np.empty((count, graph.vertex_weights.shape[1]), np.int64)
    for column in range(vertex_weights.shape[1]):
        sums = np.bincount(label, weights=graph.vertex_weights[:, column], minlength=count)
        vertex_weights[:, column] = sums
    return _with_vertices(edge_ptr, pins, edge_weights[keep], vertex_weights)


def _with_vertices(
    edge_ptr: npt.NDArray[np.int64],
    pins: npt.NDArray[np.int32],
    edge_weights: npt.NDArray[np.int64],
    vertex_weights: npt.NDArray[np.int64],
) -> Pins:
    vertex_ptr, hyperedges = transpose_pins(edge_ptr, pins, len(vertex_weights))
    return Pins(edge_ptr, pins, edge_weights, vertex_ptr, hyperedges, vertex_weights)
