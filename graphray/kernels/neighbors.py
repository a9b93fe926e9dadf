"""Neighbour sampling over the adjacency of all partitions that a process has mapped.

One hop runs in phases over the whole frontier, so that each phase is a loop of independent loads
whose cache misses overlap (the processor, helped by `prefetch`, keeps dozens under way):

1. `find_rows`: who owns each frontier node, where its row starts, its degree and stable id;
2. `draw_rows`: choose entries of each row, then gather the neighbours that stand there.

Adjacency is given as base addresses per partition (`graphray.kernels.memory`), shifted so that
they are indexed by global id and by global edge position without subtracting. A partition whose
address is 0 is not mapped here; its rows are left for its owner to draw.

The random stream of a row is keyed by the hop's key and the node's *stable* id, and rows are in
canonical order, so a row's draw does not depend on the partitioning or on who draws it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import load, prefetch

Ints = npt.NDArray[np.int64]

ELSEWHERE = -1
"""The degree that `find_rows` reports for a row whose partition is not mapped."""

# Each phase asks for the cache lines of one chunk of rows and reads those of the chunk before. A
# chunk is small enough that what was asked for is still in the first-level cache when it is read,
# and large enough that it has arrived. With 256 rows, draws took half as long again.
_CHUNK_ROWS = 16


@kernel
def find_rows(
    frontier: Ints,
    node_offsets: Ints,
    edge_offsets: Ints,
    indptr_bases: Ints,
    stable_bases: Ints,
    owners: npt.NDArray[np.int32],
    first: Ints,
    degrees: Ints,
    stable: npt.NDArray[Any],
) -> int:
    """Look up the adjacency row of every frontier node.

    Args:
        frontier: ``int64[n]``, global ids.
        node_offsets: ``int64[parts + 1]``, the book's ranges of the frontier's node type.
        edge_offsets: ``int64[parts + 1]``, the book's ranges of edge positions.
        indptr_bases: ``int64[parts]``, address of the row bounds, or 0 where not mapped.
        stable_bases: ``int64[parts]``, address of the stable ids.
        owners: filled with the owning partition, ``int32[n]``.
        first: filled with the position of the row's first entry, ``int64[n]``.
        degrees: filled with the row's length, or `ELSEWHERE`, ``int64[n]``.
        stable: filled with stable ids, ``uint32[n]`` or ``int64[n]`` as stored.

    Returns:
        How many rows are elsewhere.
    """
    count = len(frontier)
    parts = len(indptr_bases)
    elsewhere = 0
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            gid = frontier[i]
            low, high = 0, parts
            while high - low > 1:
                middle = (low + high) >> 1
                if node_offsets[middle] <= gid:
                    low = middle
                else:
                    high = middle
            owners[i] = low
            prefetch(indptr_bases[low] + gid * 8)
            prefetch(stable_bases[low] + gid * stable.itemsize)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            owner = owners[i]
            if indptr_bases[owner] == 0:
                degrees[i] = ELSEWHERE
                elsewhere += 1
                continue
            bound = indptr_bases[owner] + frontier[i] * 8
            start = load(frontier, bound)
            first[i] = start + edge_offsets[owner]
            degrees[i] = load(frontier, bound + 8) - start
            stable[i] = load(stable, stable_bases[owner] + frontier[i] * stable.itemsize)
    return elsewhere


@kernel
def row_bounds(degrees: Ints, fanout: int) -> Ints:
    """Where each row's draws go: ``int64[n + 1]``, room for ``min(degree, fanout)`` each."""
    bounds = np.empty(len(degrees) + 1, np.int64)
    bounds[0] = 0
    for i in range(len(degrees)):
        bounds[i + 1] = bounds[i] + max(0, min(degrees[i], fanout))
    return bounds


@kernel
def draw_rows(
    first: Ints,
    degrees: Ints,
    stable: npt.NDArray[Any],
    owners: npt.NDArray[np.int32],
    bounds: Ints,
    fanout: int,
    key: np.uint64,
    neighbor_bases: Ints,
    positions: Ints,
    neighbors: npt.NDArray[Any],
) -> None:
    """Draw up to ``fanout`` entries of every row without replacement, and gather them.

    Floyd's algorithm (Bentley, "Programming Pearls: A Sample of Brilliance", CACM 1987): exactly
    ``fanout`` random words a row, however large its degree.

    Args:
        first: as `find_rows` fills it.
        degrees: as `find_rows` fills it; rows `ELSEWHERE` are passed over.
        stable: as `find_rows` fills it.
        owners: as `find_rows` fills it.
        bounds: ``int64[n + 1]``, where each row's draws go.
        fanout: draws per row; rows that are not longer are taken whole, in order.
        key: the key of this hop's random streams.
        neighbor_bases: ``int64[parts]``, address of the neighbours by edge position.
        positions: filled with edge positions, ``int64[bounds[n]]``.
        neighbors: filled with global ids, ``uint32`` or ``int64`` as stored.
    """
    count = len(first)
    width = neighbors.itemsize
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            degree, start, at = degrees[i], first[i], bounds[i]
            if degree == ELSEWHERE:
                continue
            base = neighbor_bases[owners[i]]
            if degree <= fanout:
                for j in range(degree):
                    positions[at + j] = start + j
                prefetch(base + start * width)
                continue
            state = mix64((np.uint64(stable[i]) * GOLDEN) ^ key)
            for j in range(fanout):
                state += GOLDEN
                last = degree - fanout + j
                position = start + below(mix64(state), last + 1)
                for k in range(at, at + j):
                    if positions[k] == position:
                        position = start + last
                        break
                positions[at + j] = position
                prefetch(base + position * width)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            if degrees[i] == ELSEWHERE:
                continue
            base = neighbor_bases[owners[i]]
            for at in range(bounds[i], bounds[i + 1]):
                neighbors[at] = load(neighbors, base + positions[at] * width)


@kernel
def place_rows(
    rows: Ints,
    row_counts: Ints,
    row_positions: Ints,
    row_neighbors: npt.NDArray[Any],
    bounds: Ints,
    positions: Ints,
    neighbors: npt.NDArray[Any],
) -> None:
    """Put rows that another process drew where they belong among the frontier's draws.

    Args:
        rows: ``int64[r]``, which frontier rows these are.
        row_counts: ``int64[r]``, draws per row.
        row_positions: the edge positions of all rows, end to end.
        row_neighbors: the neighbours of all rows, end to end.
        bounds: ``int64[n + 1]``, as for `draw_rows`.
        positions: as for `draw_rows`.
        neighbors: as for `draw_rows`.
    """
    source = 0
    for r in range(len(rows)):
        at = bounds[rows[r]]
        for j in range(row_counts[r]):
            positions[at + j] = row_positions[source + j]
            neighbors[at + j] = row_neighbors[source + j]
        source += row_counts[r]
