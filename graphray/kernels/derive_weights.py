"""Alias tables: a weighted draw for one random word and one read, however long the row.

Walker's alias method in Vose's linear-time form (Vose, "A Linear Algorithm for Generating Random
Numbers with a Given Distribution", IEEE Trans. Software Engineering, 1991). A row of n entries
becomes n columns of equal height; a column belongs to its own entry up to a threshold and to
another entry, its alias, above that.

A *cell* holds all that a draw needs to know of a column, so that a draw misses the cache once, in
64-bit words:

0. the threshold in units of 2**-32 in the upper half; the alias, counted from the row's start, in
   the lower;
1. the neighbour of the own entry; where neighbours take 32 bits, in the lower half, and the
   neighbour of the alias in the upper;
2. only where neighbours take 64 bits: the neighbour of the alias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel

Ints = npt.NDArray[np.int64]

FULL = np.uint64(0xFFFFFFFF)
"""The threshold of a column that is its own alias: either half of it is the same entry."""

_32, _LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)
_SCALE = 2.0**32
_SMALLEST_SHARE = 2.0**-64


def cell_words(neighbor_dtype: np.dtype[Any]) -> int:
    """How many words a cell takes."""
    return 2 if neighbor_dtype.itemsize == 4 else 3


@kernel
def find_bad_weight(weights: npt.NDArray[Any]) -> int:
    """The first weight that is negative, infinite or no number; -1 where there is none."""
    for i in range(len(weights)):
        if not 0 <= weights[i] < np.inf:
            return i
    return -1


@kernel
def count_positive(indptr: Ints, weights: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """How many entries of each row have a weight above 0, as ``uint32[rows]``."""
    counts = np.zeros(len(indptr) - 1, np.uint32)
    for row in range(len(counts)):
        for at in range(indptr[row], indptr[row + 1]):
            counts[row] += np.uint32(weights[at] > 0)
    return counts


@kernel
def weight_shares(indptr: Ints, weights: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Weights in units of the largest of their row.

    Args:
        indptr: ``int64[rows + 1]``, the rows.
        weights: numbers ``[m]``, at least 0, finite.

    Returns:
        ``float32[m]``, from 0 to 1; 0 below 2**-64, for no random word is small enough to draw it.
    """
    shares = np.zeros(len(weights), np.float32)
    for row in range(len(indptr) - 1):
        largest = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            largest = max(largest, np.float64(weights[at]))
        for at in range(indptr[row], indptr[row + 1]):
            if weights[at] > 0:
                share = weights[at] / largest
                shares[at] = share if share >= _SMALLEST_SHARE else 0.0
    return shares


@kernel
def build_alias(
    indptr: Ints,
    weights: npt.NDArray[Any],
    neighbors: npt.NDArray[Any],
    cells: npt.NDArray[np.uint64],
) -> None:
    """The alias table of every row.

    Args:
        indptr: ``int64[rows + 1]``, the rows; none longer than ``2**32``.
        weights: numbers ``[m]``, at least 0, finite; a row without any above 0 is left alone.
        neighbors: ``uint32[m]`` or ``int64[m]``.
        cells: filled, ``uint64[m, cell_words(neighbors.dtype)]``. Entries of weight 0 have
            threshold 0 and are nobody's alias, so they are never drawn.
    """
    longest = 0
    for row in range(len(indptr) - 1):
        longest = max(longest, indptr[row + 1] - indptr[row])
    heights = np.empty(longest, np.float64)
    # Columns below 1 are listed from the left, those of 1 and more from the right.
    columns = np.empty(longest, np.int64)
    for row in range(len(indptr) - 1):
        start, degree = indptr[row], indptr[row + 1] - indptr[row]
        heaviest = 0
        for i in range(degree):
            if weights[start + i] > weights[start + heaviest]:
                heaviest = i
        if degree == 0 or weights[start + heaviest] == 0:
            continue
        _fill_row(cells, start, degree, weights, heaviest, heights, columns)
        for at in range(start, start + degree):
            own = np.uint64(neighbors[at])
            other = np.uint64(neighbors[start + np.int64(cells[at, 0] & _LOW_32)])
            if neighbors.itemsize == 4:
                cells[at, 1] = other << _32 | own
            else:
                cells[at, 1], cells[at, 2] = own, other


@kernel
def _fill_row(
    cells: npt.NDArray[np.uint64],
    start: int,
    degree: int,
    weights: npt.NDArray[Any],
    heaviest: int,
    heights: npt.NDArray[np.float64],
    columns: Ints,
) -> None:
    # Divided by the largest first, so that no sum overflows.
    largest = np.float64(weights[start + heaviest])
    total = 0.0
    for i in range(degree):
        heights[i] = weights[start + i] / largest
        total += heights[i]
    small, large = 0, degree
    for i in range(degree):
        heights[i] *= degree / total
        if heights[i] < 1:
            columns[small] = i
            small += 1
        else:
            large -= 1
            columns[large] = i
    while small > 0 and large < degree:
        low, high = columns[small - 1], columns[large]
        cells[start + low, 0] = _word(np.uint64(heights[low] * _SCALE), high)
        heights[high] -= 1 - heights[low]
        if heights[high] < 1:
            columns[small - 1] = high
            large += 1
        else:
            small -= 1
    # What is left differs from 1 by rounding only, but for entries that must not be drawn.
    for k in range(large, degree):
        cells[start + columns[k], 0] = _word(FULL, columns[k])
    for k in range(small):
        i = columns[k]
        if weights[start + i] > 0:
            cells[start + i, 0] = _word(FULL, i)
        else:
            cells[start + i, 0] = _word(np.uint64(0), heaviest)


@inlined
def _word(threshold: Any, alias: Any) -> Any:
    return (threshold << _32) | np.uint64(alias)
