"""Dealing the entries of a batch of edges out to the partitions that own their rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

Array = npt.NDArray[Any]


class Dealt(NamedTuple):
    """A batch's entries, grouped by partition and in rising edge id within each.

    Attributes:
        bounds: ``int64[parts + 1]``; partition p has the entries ``bounds[p] : bounds[p + 1]``.
        rows: global id of each entry's row.
        neighbors: stable id of each entry's neighbour.
        edges: ``int64``, position in the batch of each entry's edge.
    """

    bounds: npt.NDArray[np.int64]
    rows: Array
    neighbors: Array
    edges: npt.NDArray[np.int64]


def deal_entries(
    rows: Array,
    neighbors: Array,
    owners: npt.NDArray[np.int32],
    row_gids: Array,
    parts: int,
    *,
    both_ends: bool,
    neighbor_dtype: np.dtype[Any],
) -> Dealt:
    """Group the entries of some edges by the partition of their row.

    Args:
        rows: ``int[m]``, stable id of the end in whose row an edge stands.
        neighbors: ``int[m]``, stable id of its other end.
        owners: ``int32[n]``, partition by stable id of the row's node type.
        row_gids: ``int[n]``, likewise the global id; its dtype is that of the rows.
        parts: number of partitions.
        both_ends: enter each edge in the row of both its ends (a self-loop once).
        neighbor_dtype: what holds a neighbour's stable id.

    Example:
        >>> dealt = deal_entries(
        ...     np.array([0, 1, 2]), np.array([2, 2, 0]), np.array([1, 0, 1], np.int32),
        ...     np.array([1, 0, 2]), 2, both_ends=False, neighbor_dtype=np.dtype(np.uint32))
        >>> dealt.bounds.tolist(), dealt.rows.tolist(), dealt.edges.tolist()
        ([0, 1, 3], [0, 1, 2], [1, 0, 2])
    """
    counts = count_owners(rows, neighbors, owners, parts, both_ends)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    total = int(bounds[-1])
    dealt = Dealt(
        bounds,
        np.empty(total, row_gids.dtype),
        np.empty(total, neighbor_dtype),
        np.empty(total, np.int64),
    )
    scatter_to_owners(
        rows,
        neighbors,
        owners,
        row_gids,
        both_ends,
        bounds[:-1].copy(),
        dealt.rows,
        dealt.neighbors,
        dealt.edges,
    )
    return dealt


@kernel
def count_owners(
    rows: Array, neighbors: Array, owners: npt.NDArray[np.int32], parts: int, both_ends: bool
) -> npt.NDArray[np.int64]:
    """How many entries each partition gets, as ``int64[parts]``."""
    counts = np.zeros(parts, np.int64)
    for e in range(len(rows)):
        counts[owners[rows[e]]] += 1
        if both_ends and rows[e] != neighbors[e]:
            counts[owners[neighbors[e]]] += 1
    return counts


@kernel
def scatter_to_owners(
    rows: Array,
    neighbors: Array,
    owners: npt.NDArray[np.int32],
    row_gids: Array,
    both_ends: bool,
    cursor: npt.NDArray[np.int64],
    out_rows: Array,
    out_neighbors: Array,
    out_edges: npt.NDArray[np.int64],
) -> None:
    """Write every entry where ``cursor`` says its partition's next one goes; it is used up."""
    for e in range(len(rows)):
        row, neighbor = rows[e], neighbors[e]
        at = cursor[owners[row]]
        cursor[owners[row]] = at + 1
        out_rows[at] = row_gids[row]
        out_neighbors[at] = neighbor
        out_edges[at] = e
        if both_ends and row != neighbor:
            at = cursor[owners[neighbor]]
            cursor[owners[neighbor]] = at + 1
            out_rows[at] = row_gids[neighbor]
            out_neighbors[at] = row
            out_edges[at] = e
