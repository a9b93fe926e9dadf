"""The symmetric adjacency that partitioners work on, built in time linear in the edges.

Two passes over the edges (count, then scatter) and one over the rows, which drops the repeats of a
neighbour with a table of where each node was last seen instead of sorting the row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def count_ends(
    sources: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> None:
    """Add to ``ends[v]`` the number of edge ends at each node v; a self-loop has two."""
    for i in range(len(sources)):
        ends[sources[i]] += 1
        ends[destinations[i]] += 1


@kernel
def scatter_ends(
    sources: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    cursor: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
) -> None:
    """Write each edge into the rows of both its ends, but not self-loops.

    Args:
        sources: ``int64[m]``.
        destinations: ``int64[m]``.
        cursor: ``int64[n]``, where each row goes on; moved on past what is written.
        neighbours: ``uint32[:]``, the rows.
    """
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        if u != v:
            neighbours[cursor[u]] = v
            cursor[u] += 1
            neighbours[cursor[v]] = u
            cursor[v] += 1


@kernel
def merge_repeats(
    starts: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: npt.NDArray[np.uint32],
    indptr: npt.NDArray[np.int64],
) -> None:
    """Merge the repeats of a neighbour within each row, and close the gaps between rows, in place.

    Args:
        starts: ``int64[n]``, where each row starts.
        stops: ``int64[n]``, where each row ends.
        neighbours: ``uint32[:]``; its first ``indptr[-1]`` entries are the result.
        weights: ``uint32[:]``, filled with how often each neighbour was there.
        indptr: ``int64[n + 1]``, filled with the new bounds.
    """
    last_seen = np.full(len(starts), -1, np.int64)
    filled = 0
    for row in range(len(starts)):
        row_start = filled
        indptr[row] = row_start
        for position in range(starts[row], stops[row]):
            neighbour = neighbours[position]
            seen = last_seen[neighbour]
            if seen >= row_start:
                weights[seen] += np.uint32(1)
            else:
                last_seen[neighbour] = filled
                neighbours[filled] = neighbour
                weights[filled] = np.uint32(1)
                filled += 1
    indptr[len(starts)] = filled
