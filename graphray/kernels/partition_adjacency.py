"""The symmetric adjacency that partitioners work on, built in time linear in the edges.

Writing every edge end straight into its row touches memory at random, once per end. Here the ends
are first dealt into buckets of neighbouring rows, which writes to few places at a time; then each
bucket's rows are put together within the cache. Both steps may be shared among threads.

Repeats within a row are found with a sparse set (Briggs and Torczon, "An Efficient Representation
for Sparse Sets", 1993): a table says where a neighbour was last put, and is believed only if it
stands there; so the table is never cleared, nor even initialised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_ONE32 = np.uint32(1)


@kernel
def count_buckets(
    sources: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    shift: int,
    counts: npt.NDArray[np.int64],
) -> None:
    """Add to ``counts[b]`` the edge ends at nodes v with ``v >> shift == b``."""
    for i in range(len(sources)):
        counts[sources[i] >> shift] += 1
        counts[destinations[i] >> shift] += 1


@kernel
def deal_ends(
    sources: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    weights: Any,
    shift: int,
    cursor: npt.NDArray[np.int64],
    rows: npt.NDArray[np.uint32],
    others: npt.NDArray[np.uint32],
    dealt_weights: Any,
) -> None:
    """Write both ends of each edge into their buckets.

    Args:
        sources: ``int[m]``.
        destinations: ``int[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        shift: node v belongs to bucket ``v >> shift``.
        cursor: ``int64[buckets]``, where each bucket goes on; moved past what is written.
        rows: ``uint32[:]``, the node at this end.
        others: ``uint32[:]``, the node at the other end.
        dealt_weights: ``uint32[:]``, the weight of the edge; None with `weights`.
    """
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        at = cursor[u >> shift]
        cursor[u >> shift] = at + 1
        rows[at], others[at] = u, v
        if weights is not None:
            dealt_weights[at] = weights[i]
        at = cursor[v >> shift]
        cursor[v >> shift] = at + 1
        rows[at], others[at] = v, u
        if weights is not None:
            dealt_weights[at] = weights[i]


@kernel
def build_rows(
    rows: npt.NDArray[np.uint32],
    others: npt.NDArray[np.uint32],
    weights: Any,
    first_row: int,
    loads: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    last_seen: npt.NDArray[np.uint32],
) -> int:
    """Turn one bucket of edge ends into rows without repeats and self-loops, in place.

    Args:
        rows: ``uint32[ends]``; its first entries become the edge weights.
        others: ``uint32[ends]``; its first entries become the neighbours.
        weights: ``uint32[ends]``, or None where every end weighs 1.
        first_row: the first node of the bucket.
        loads: ``int64[k]``, filled with the edge ends of the bucket's nodes.
        lengths: ``int64[k]``, filled with the lengths of their rows.
        last_seen: ``uint32[n]`` of any content, scratch.

    Returns:
        The number of entries of all rows together.
    """
    loads[:] = 0
    for i in range(len(rows)):
        loads[rows[i] - first_row] += 1
    cursor = np.empty(len(loads), np.int64)
    total = 0
    for row in range(len(loads)):
        cursor[row] = total
        total += loads[row]
    grouped = np.empty(len(others), np.uint32)
    grouped_weights = np.empty(0 if weights is None else len(others), np.uint32)
    for i in range(len(rows)):
        row = rows[i] - first_row
        grouped[cursor[row]] = others[i]
        if weights is not None:
            grouped_weights[cursor[row]] = weights[i]
        cursor[row] += 1

    filled: Any = 0
    start: Any = 0
    for row in range(len(loads)):
        row_start = filled
        for i in range(start, start + loads[row]):
            neighbour = grouped[i]
            if neighbour == first_row + row:
                continue
            weight = _ONE32 if weights is None else grouped_weights[i]
            seen = np.int64(last_seen[neighbour])
            if row_start <= seen < filled and others[seen] == neighbour:
                rows[seen] += weight
            else:
                last_seen[neighbour] = filled
                others[filled] = neighbour
                rows[filled] = weight
                filled += 1
        start += loads[row]
        lengths[row] = filled - row_start
    return filled


@kernel
def close_gaps(
    values: npt.NDArray[np.uint32],
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> None:
    """Move pieces ``starts[i] : starts[i] + sizes[i]`` to the front, one after another."""
    filled = 0
    for piece in range(len(starts)):
        if starts[piece] == filled:
            filled += sizes[piece]
            continue
        for i in range(starts[piece], starts[piece] + sizes[piece]):
            values[filled] = values[i]
            filled += 1
