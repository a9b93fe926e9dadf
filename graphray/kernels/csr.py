"""Edge lists to compressed sparse rows (CSR) in canonical order, in linear time.

Canonical order: within a row, entries rise by the neighbour's stable id, then by edge id. That is
an order by three keys (row, neighbour, edge), reached by two stable counting sorts, the least
significant key first (Knuth, TAOCP vol. 3, section 5.2.5): edges already stand in rising edge id;
`scatter_by_neighbor` groups their entries by neighbour, `scatter_by_row` groups those by row. Each
pass reads and writes every entry once, whatever the degrees.

A directed edge has one entry, in the row of the end that owns the adjacency. An undirected edge has
one in the row of each of its ends, and a self-loop only one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

Array = npt.NDArray[Any]


class Adjacency(NamedTuple):
    """The rows of one relation in one direction, by global id.

    Attributes:
        indptr: ``int64[rows + 1]``; row r is the entries ``indptr[r] : indptr[r + 1]``.
        neighbors: global id of each entry's neighbour.
        edges: edge id of each entry.
    """

    indptr: npt.NDArray[np.int64]
    neighbors: Array
    edges: Array


def build_adjacency(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    neighbor_gids: Array,
    *,
    both_ends: bool,
    neighbor_dtype: np.dtype[Any],
    edge_dtype: np.dtype[Any],
) -> Adjacency:
    """Sort the edges of a relation into rows of rising global id, in canonical order.

    Args:
        rows: ``int[m]``, stable id of the end in whose row edge e stands.
        neighbors: ``int[m]``, stable id of its other end.
        row_gids: ``int[n]``, global id by stable id of the row's node type.
        neighbor_gids: likewise for the neighbour's node type.
        both_ends: enter each edge in the row of both its ends (an undirected relation, whose two
            node types are one).
        neighbor_dtype: what holds a neighbour's global id.
        edge_dtype: what holds an edge id.

    Returns:
        The `Adjacency`.

    Example:
        >>> ids = np.arange(3)
        >>> csr = build_adjacency(
        ...     np.array([2, 0, 2]), np.array([1, 1, 0]), ids, ids, both_ends=False,
        ...     neighbor_dtype=np.dtype(np.uint32), edge_dtype=np.dtype(np.uint32))
        >>> csr.indptr.tolist(), csr.neighbors.tolist(), csr.edges.tolist()
        ([0, 1, 1, 3], [1, 0, 1], [1, 2, 0])
    """
    by_neighbor = _cumulated(count_entries(neighbors, rows, len(neighbor_gids), both_ends))
    total = int(by_neighbor[-1])
    entry_rows = np.empty(total, row_gids.dtype)
    entry_edges = np.empty(total, edge_dtype)
    scatter_by_neighbor(
        rows, neighbors, row_gids, both_ends, by_neighbor[:-1].copy(), entry_rows, entry_edges
    )
    indptr = _cumulated(count_values(entry_rows, len(row_gids)))
    sorted_neighbors = np.empty(total, neighbor_dtype)
    sorted_edges = np.empty(total, edge_dtype)
    scatter_by_row(
        by_neighbor,
        neighbor_gids,
        entry_rows,
        entry_edges,
        indptr[:-1].copy(),
        sorted_neighbors,
        sorted_edges,
    )
    return Adjacency(indptr, sorted_neighbors, sorted_edges)


def _cumulated(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    bounds = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=bounds[1:])
    return bounds


@kernel
def count_values(values: Array, num_values: int) -> npt.NDArray[np.int64]:
    """How often each of ``0 .. num_values - 1`` occurs, as ``int64[num_values]``."""
    counts = np.zeros(num_values, np.int64)
    for i in range(len(values)):
        counts[values[i]] += 1
    return counts


@kernel
def count_entries(
    neighbors: Array, rows: Array, num_neighbors: int, both_ends: bool
) -> npt.NDArray[np.int64]:
    """How many entries name each neighbour, as ``int64[num_neighbors]``."""
    counts = np.zeros(num_neighbors, np.int64)
    for e in range(len(neighbors)):
        counts[neighbors[e]] += 1
        if both_ends and rows[e] != neighbors[e]:
            counts[rows[e]] += 1
    return counts


@kernel
def scatter_by_neighbor(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    both_ends: bool,
    cursor: npt.NDArray[np.int64],
    entry_rows: Array,
    entry_edges: Array,
) -> None:
    """Group the entries by neighbour, each group in rising edge id.

    ``cursor`` holds the start of each group and is used up; the row's global id and the edge id of
    every entry go to ``entry_rows`` and ``entry_edges``.
    """
    for e in range(len(rows)):
        row, neighbor = rows[e], neighbors[e]
        at = cursor[neighbor]
        cursor[neighbor] = at + 1
        entry_rows[at] = row_gids[row]
        entry_edges[at] = e
        if both_ends and row != neighbor:
            at = cursor[row]
            cursor[row] = at + 1
            entry_rows[at] = row_gids[neighbor]
            entry_edges[at] = e


@kernel
def scatter_by_row(
    by_neighbor: npt.NDArray[np.int64],
    neighbor_gids: Array,
    entry_rows: Array,
    entry_edges: Array,
    cursor: npt.NDArray[np.int64],
    sorted_neighbors: Array,
    sorted_edges: Array,
) -> None:
    """Group the entries by row, keeping the order of `scatter_by_neighbor` within each row.

    ``by_neighbor`` bounds the groups of the entries, ``cursor`` holds the start of each row and is
    used up.
    """
    for neighbor in range(len(neighbor_gids)):
        gid = neighbor_gids[neighbor]
        for i in range(by_neighbor[neighbor], by_neighbor[neighbor + 1]):
            row = entry_rows[i]
            at = cursor[row]
            cursor[row] = at + 1
            sorted_neighbors[at] = gid
            sorted_edges[at] = entry_edges[i]
