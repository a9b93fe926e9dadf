"""Neighbour sampling over the adjacency of all partitions that a process has mapped.

One hop runs in phases over the whole frontier, so that each phase is a loop of independent loads
whose cache misses overlap: each loop asks for a cache line (`prefetch`) some iterations before it
reads it, so that dozens are under way.

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

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import load, prefetch, prefetch_once

Ints = npt.NDArray[np.int64]

ELSEWHERE = -1
"""The degree that `find_rows` reports for a row whose partition is not mapped."""

# How many iterations after asking for a cache line it is read: late enough that it has arrived,
# early enough that it is still in the first-level cache. A row takes two lines, a draw one.
_ROW_LAG = 16
_DRAW_LAG = 48
_RING = 64  # slots, a power of two above `_DRAW_LAG`


@inlined
def owner_of(offsets: Any, number: Any) -> Any:
    """The last partition whose range starts at or before a global id, or an edge position.

    Under a hash partitioning every comparison is a coin toss, so none is a branch.
    """
    low: Any = 0
    left = len(offsets) - 1
    while left > 1:
        half = left >> 1
        low += half * np.int64(offsets[low + half] <= number)
        left -= half
    return low


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
    elsewhere = 0
    for ahead in range(count + _ROW_LAG):
        if ahead < count:
            gid = frontier[ahead]
            owner = owner_of(node_offsets, gid)
            owners[ahead] = owner
            prefetch(indptr_bases[owner] + gid * 8)
            prefetch(stable_bases[owner] + gid * stable.itemsize)
        i = ahead - _ROW_LAG
        if i < 0:
            continue
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


@inlined
def _gather_later(at: Any, address: Any, ring: Any, neighbors: Any) -> None:
    """Ask for the neighbour of draw ``at``, and read the one asked for `_DRAW_LAG` draws ago."""
    ring[at & (_RING - 1)] = address
    prefetch_once(address)
    if at >= _DRAW_LAG:
        earlier = at - _DRAW_LAG
        neighbors[earlier] = load(neighbors, ring[earlier & (_RING - 1)])


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
        degrees: as `find_rows` fills it; nothing of use is written for rows `ELSEWHERE`.
        stable: as `find_rows` fills it.
        owners: as `find_rows` fills it.
        bounds: ``int64[n + 1]``, where each row's draws go.
        fanout: draws per row; rows that are not longer are taken whole, in order.
        key: the key of this hop's random streams.
        neighbor_bases: ``int64[parts]``, address of the neighbours by edge position.
        positions: filled with edge positions, ``int64[bounds[n]]``.
        neighbors: filled with global ids, ``uint32`` or ``int64`` as stored.
    """
    width = neighbors.itemsize
    nowhere = neighbors.ctypes.data
    ring = np.empty(_RING, np.int64)
    for i in range(len(first)):
        degree, start, at = degrees[i], first[i], bounds[i]
        base = neighbor_bases[owners[i]]
        if degree == ELSEWHERE:
            for j in range(at, bounds[i + 1]):
                _gather_later(j, nowhere, ring, neighbors)
        elif degree <= fanout:
            for j in range(degree):
                positions[at + j] = start + j
                _gather_later(at + j, base + (start + j) * width, ring, neighbors)
        else:
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
                _gather_later(at + j, base + position * width, ring, neighbors)
    total = bounds[len(first)]
    for at in range(max(0, total - _DRAW_LAG), total):
        neighbors[at] = load(neighbors, ring[at & (_RING - 1)])


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
