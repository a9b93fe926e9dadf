"""What draws by time read: each row in rising time, and the times in that order.

Where draws also go by weight, entries of weight 0 stand at the end of their row, out of the order,
and running sums of the weights go along.

The order comes in *cells*, one per entry: where neighbours take 32 bits, ``uint64`` words of the
entry, counted from its row's start, in the upper half and its neighbour in the lower; else the
entry alone, as ``uint32``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.derived.rows import AdjacencyRows
from graphray.kernels.derive_times import (
    order_rows,
    pack_cells,
    running_sums,
    sink_weightless,
    take_by_row,
)

Array = npt.NDArray[Any]

_32 = np.uint64(32)


def time_cells(rows: AdjacencyRows, times: Array, weights: Array | None = None) -> Array:
    """The cells of all entries, by rising time in each row.

    Args:
        rows: the rows.
        times: integers ``[m]``, by entry.
        weights: numbers ``[m]``; entries that weigh 0 come last.
    """
    # Allocated by NumPy, which asks for huge pages: they are read at random places.
    order = np.empty(len(times), np.uint32)
    order_rows(rows.indptr, times, order)
    if weights is not None:
        sink_weightless(rows.indptr, weights, order)
    if rows.neighbors.dtype != np.uint32:
        return order
    cells = np.empty(len(times), np.uint64)
    pack_cells(rows.indptr, order, rows.neighbors, cells)
    return cells


def weight_sums(rows: AdjacencyRows, weights: Array) -> npt.NDArray[np.float64]:
    """Running sums in each row of weights that are already in the order of time."""
    sums = np.empty(len(weights), np.float64)
    running_sums(rows.indptr, weights, sums)
    return sums


def in_time_order(rows: AdjacencyRows, cells: Array, values: Array) -> Array:
    """Values by entry, put into the order of `time_cells`."""
    order = cells if cells.dtype == np.uint32 else (cells >> _32).astype(np.uint32)
    taken = np.empty_like(values)
    take_by_row(rows.indptr, order, values, taken)
    return taken
