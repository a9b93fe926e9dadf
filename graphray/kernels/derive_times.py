"""Rows in order of time, so that what was there at some moment is the beginning of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

Ints = npt.NDArray[np.int64]

_32 = np.uint64(32)


@kernel
def order_rows(indptr: Ints, times: npt.NDArray[Any], order: npt.NDArray[np.uint32]) -> None:
    """The entries of each row in rising time; entries of one time stay in canonical order.

    Args:
        indptr: ``int64[rows + 1]``, the rows; none longer than ``2**32``.
        times: integers ``[m]``.
        order: filled, ``uint32[m]``, entries counted from their row's start.
    """
    for row in range(len(indptr) - 1):
        start, stop = indptr[row], indptr[row + 1]
        in_order = True
        for at in range(start, stop):
            order[at] = at - start
            in_order &= at == start or times[at - 1] <= times[at]
        if not in_order:
            order[start:stop] = np.argsort(times[start:stop], kind="mergesort")


@kernel
def sink_weightless(indptr: Ints, weights: npt.NDArray[Any], order: npt.NDArray[np.uint32]) -> None:
    """Move what cannot be drawn to the end of each row; the others stay in their order.

    Args:
        indptr: ``int64[rows + 1]``, the rows.
        weights: numbers ``[m]``, by entry.
        order: ``uint32[m]``, as `order_rows` fills it; changed.
    """
    longest = 0
    for row in range(len(indptr) - 1):
        longest = max(longest, indptr[row + 1] - indptr[row])
    sunk = np.empty(longest, np.uint32)
    for row in range(len(indptr) - 1):
        start, count = indptr[row], 0
        to = start
        for at in range(start, indptr[row + 1]):
            entry = order[at]
            if weights[start + np.int64(entry)] > 0:
                order[to] = entry
                to += 1
            else:
                sunk[count] = entry
                count += 1
        order[to : to + count] = sunk[:count]


@kernel
def running_sums(indptr: Ints, weights: npt.NDArray[Any], sums: npt.NDArray[np.float64]) -> None:
    """The sum of each row's weights up to every entry, in units of the row's largest.

    Args:
        indptr: ``int64[rows + 1]``, the rows.
        weights: numbers ``[m]``, at least 0, finite.
        sums: filled, ``float64[m]``.
    """
    for row in range(len(indptr) - 1):
        largest = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            largest = max(largest, np.float64(weights[at]))
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            # Divided first, so that no sum overflows.
            total += weights[at] / largest if weights[at] > 0 else 0.0
            sums[at] = total


@kernel
def pack_cells(
    indptr: Ints,
    order: npt.NDArray[np.uint32],
    neighbors: npt.NDArray[np.uint32],
    cells: npt.NDArray[np.uint64],
) -> None:
    """Put each entry of an order and its neighbour into one word: a draw reads both at once.

    Args:
        indptr: ``int64[rows + 1]``, the rows.
        order: ``uint32[m]``, as `order_rows` fills it.
        neighbors: ``uint32[m]``, by entry.
        cells: filled, ``uint64[m]``: entry << 32 | neighbour.
    """
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            neighbor = neighbors[indptr[row] + np.int64(order[at])]
            cells[at] = np.uint64(order[at]) << _32 | np.uint64(neighbor)


@kernel
def take_by_row(
    indptr: Ints, order: npt.NDArray[np.uint32], values: npt.NDArray[Any], taken: npt.NDArray[Any]
) -> None:
    """Fill ``taken`` with values by entry, in the order of `order_rows`."""
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            taken[at] = values[indptr[row] + np.int64(order[at])]
