"""Hypergraphs as graphs: what each conversion keeps, and what it says it lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from graphray.errors import ArgumentError
from graphray.ingest.frames import DST, ID, SRC
from graphray.kinds.incidence import HYPEREDGE, INCIDENCE, VERTEX, WEIGHT
from graphray.kinds.tables import GraphTables
from graphray.schema import Relation

CLIQUE = Relation(VERTEX, "shares", VERTEX)
LINE = Relation(HYPEREDGE, "shares", HYPEREDGE)


def dual(hypergraph: GraphTables) -> GraphTables:
    """Vertices become hyperedges, and hyperedges vertices; nothing is lost."""
    entries = hypergraph.edges[INCIDENCE]
    rest = entries.column_names[2:]
    swapped = entries.select([DST, SRC, *rest]).rename_columns([SRC, DST, *rest])
    nodes = {VERTEX: hypergraph.nodes[HYPEREDGE], HYPEREDGE: hypergraph.nodes[VERTEX]}
    return GraphTables("hypergraph", nodes, {INCIDENCE: swapped})


def clique(hypergraph: GraphTables) -> GraphTables:
    """An undirected edge between any two vertices that share a hyperedge.

    Vertices keep their properties. An edge's ``weight`` is the number of hyperedges shared. A
    hyperedge of n vertices becomes n (n - 1) / 2 edges.

    Example:
        >>> from graphray import Hypergraph
        >>> graph = clique(Hypergraph.from_sets([["a", "b"], ["a", "b", "c"]]))
        >>> graph.edges[CLIQUE].to_pydict()
        {'src': ['a', 'a', 'b'], 'dst': ['b', 'c', 'c'], 'weight': [2, 1, 1]}
    """
    matrix = _incidence_matrix(hypergraph)
    lost = (
        "Which hyperedge an edge stands for, and so whether three vertices that are joined in "
        "pairs share one hyperedge or several.",
        "The properties, roles and weights of hyperedges and incidences.",
        "Hyperedges of a single vertex.",
    )
    return _shared(hypergraph, VERTEX, matrix @ matrix.T, CLIQUE, 1, lost)


def line(hypergraph: GraphTables, s: int = 1) -> GraphTables:
    """A node for every hyperedge, and an undirected edge where two share ``s`` vertices or more.

    Hyperedges keep their properties. An edge's ``weight`` is the number of vertices shared.

    Raises:
        ArgumentError: where ``s`` is below 1.
    """
    if s < 1:
        raise ArgumentError(f"s = {s}; expected at least 1 shared vertex")
    matrix = _incidence_matrix(hypergraph)
    lost = (
        "The vertices with their properties: an edge says how many are shared, not which.",
        "The roles and weights of incidences.",
    )
    return _shared(hypergraph, HYPEREDGE, matrix.T @ matrix, LINE, s, lost)


def star(hypergraph: GraphTables) -> GraphTables:
    """The bipartite graph: a node for every vertex and hyperedge, an edge for every incidence.

    All properties stay where they are.
    """
    lost = (
        "That a hyperedge is an edge: it is a node of a type of its own here, and neighbours of a "
        "vertex are two steps away.",
    )
    return GraphTables("property", hypergraph.nodes, hypergraph.edges, lost=lost)


def _shared(
    hypergraph: GraphTables,
    node_type: str,
    shared: sp.csr_array,
    relation: Relation,
    at_least: int,
    lost: tuple[str, ...],
) -> GraphTables:
    """An undirected edge for every pair that shares enough, in rising order."""
    pairs = sp.triu(shared, k=1).tocsr()
    pairs.sort_indices()
    pairs = pairs.tocoo()
    keep = pairs.data >= at_least
    nodes = hypergraph.nodes[node_type]
    ids = nodes.column(ID).combine_chunks()
    edges = pa.table(
        {
            SRC: ids.take(pa.array(pairs.row[keep])),
            DST: ids.take(pa.array(pairs.col[keep])),
            WEIGHT: pa.array(pairs.data[keep]),
        }
    )
    return GraphTables(
        "property", {node_type: nodes}, {relation: edges}, frozenset({relation}), lost
    )


def _incidence_matrix(hypergraph: GraphTables) -> sp.csr_array:
    """``int64[vertices, hyperedges]``, 1 where a vertex belongs to a hyperedge, in table order."""
    entries = hypergraph.edges[INCIDENCE]
    vertices = hypergraph.nodes[VERTEX].column(ID)
    hyperedges = hypergraph.nodes[HYPEREDGE].column(ID)
    matrix = sp.csr_array(
        (
            np.ones(entries.num_rows, np.int64),
            (_rows(entries.column(SRC), vertices), _rows(entries.column(DST), hyperedges)),
        ),
        shape=(len(vertices), len(hyperedges)),
    )
    matrix.data[:] = 1  # A vertex in two roles was added up to 2.
    return matrix


def _rows(values: pa.ChunkedArray, ids: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Where each value stands among the ids."""
    return pc.index_in(values, value_set=ids.combine_chunks()).to_numpy().astype(np.int64)
