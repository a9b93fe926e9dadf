"""Draws by time: rows in rising time are cut where a seed's present ends.

What a row may draw at a time is a range of its entries in order of time, found by binary search.
The searches of a chunk of rows go in step, one read each, so that their cache misses overlap. Draws
in that range are then uniform ones (`graphray.kernels.neighbors`) or its end, and the order leads
back to edge positions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.memory import load, prefetch_once

Ints = npt.NDArray[np.int64]

_CHUNK_ROWS = 32
_32, _LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)


@kernel
def count_until(
    first: Ints,
    degrees: Ints,
    owners: npt.NDArray[np.int32],
    limits: Ints,
    time_bases: Ints,
    time_like: npt.NDArray[Any],
) -> Ints:
    """How many entries of every row are not later than a limit.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``, the row's length; below 1, the row is passed over.
        owners: ``int32[n]``, the row's partition.
        limits: ``int64[n]``.
        time_bases: ``int64[parts]``, addresses of the times of entries, rising in each row.
        time_like: an array of the times' dtype.

    Returns:
        ``int64[n]``, 0 for rows passed over.
    """
    count, width = len(first), time_like.itemsize
    found = np.zeros(count, np.int64)
    left = np.empty(_CHUNK_ROWS, np.int64)
    probes = np.empty(_CHUNK_ROWS, np.int64)
    for begin in range(0, count, _CHUNK_ROWS):
        rows = min(_CHUNK_ROWS, count - begin)
        longest = 0
        for i in range(rows):
            row = begin + i
            left[i] = max(0, degrees[row])
            longest = max(longest, left[i])
            probes[i] = time_bases[owners[row]] + (first[row] + (left[i] >> 1)) * width
            prefetch_once(probes[i])
        while longest > 0:
            longest = 0
            for i in range(rows):
                if left[i] > 0:
                    # Which half it is, is a coin toss that a branch predictor loses: no branch.
                    half = left[i] >> 1
                    early: Any = np.int64(load(time_like, probes[i]) <= limits[begin + i])
                    found[begin + i] += early * (half + 1)
                    left[i] = early * (left[i] - half - 1) + (1 - early) * half
                    # From the middle of what was searched to the middle of what is left.
                    step = early * (1 + (left[i] >> 1)) - (1 - early) * (half - (left[i] >> 1))
                    probes[i] += step * width
                    prefetch_once(probes[i])
                    longest = max(longest, left[i])
    return found


@kernel
def take_last(starts: Ints, counts: Ints, bounds: Ints, slots: Ints) -> None:
    """The last of the entries of every row that are in its range, the latest first.

    Args:
        starts: ``int64[n]``, where the range begins.
        counts: ``int64[n]``, how long it is, at least as long as the row has draws; a row whose
            range is empty, or that is elsewhere (below 0), is passed over.
        bounds: ``int64[n + 1]``, where each row's draws go.
        slots: filled, ``int64[bounds[n]]``.
    """
    for row in range(len(starts)):
        if counts[row] <= 0:
            continue
        last = starts[row] + counts[row] - 1
        for at in range(bounds[row], bounds[row + 1]):
            slots[at] = last - (at - bounds[row])


@kernel
def resolve_cells(
    first: Ints,
    degrees: Ints,
    bounds: Ints,
    cells: npt.NDArray[np.uint64],
    positions: Ints,
    neighbors: npt.NDArray[np.uint32],
) -> None:
    """From cells of entry and neighbour to edge positions and neighbours.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``; below 1, the row is passed over.
        bounds: ``int64[n + 1]``, the draws of each row.
        cells: ``uint64[bounds[n]]``, see `graphray.kernels.derive_times.pack_cells`.
        positions: filled, ``int64[bounds[n]]``.
        neighbors: filled, ``uint32[bounds[n]]``.
    """
    for row in range(len(first)):
        if degrees[row] <= 0:
            continue
        for at in range(bounds[row], bounds[row + 1]):
            positions[at] = first[row] + np.int64(cells[at] >> _32)
            neighbors[at] = np.uint32(cells[at] & _LOW_32)


@kernel
def resolve_slots(
    first: Ints, degrees: Ints, bounds: Ints, order: npt.NDArray[np.uint32], positions: Ints
) -> None:
    """From entries counted in their row to edge positions.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``; below 1, the row is passed over.
        bounds: ``int64[n + 1]``, the draws of each row.
        order: ``uint32[bounds[n]]``, entries, counted from their row's start.
        positions: filled, ``int64[bounds[n]]``.
    """
    for row in range(len(first)):
        if degrees[row] <= 0:
            continue
        for at in range(bounds[row], bounds[row + 1]):
            positions[at] = first[row] + np.int64(order[at])
