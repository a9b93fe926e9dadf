"""What draws by time read: each row in rising time, and values in that order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.derived.rows import AdjacencyRows
from graphray.kernels.derive_times import order_rows, take_by_row

Array = npt.NDArray[Any]


def time_order(rows: AdjacencyRows, times: Array) -> npt.NDArray[np.uint32]:
    """Entries by their times, counted from their row's start, ``uint32[entries]``."""
    # Allocated by NumPy, which asks for huge pages: both arrays are read at random places.
    order = np.empty(len(times), np.uint32)
    order_rows(rows.indptr, times, order)
    return order


def in_time_order(rows: AdjacencyRows, order: npt.NDArray[np.uint32], values: Array) -> Array:
    """Values by entry, put into the order of `time_order`."""
    taken = np.empty_like(values)
    take_by_row(rows.indptr, order, values, taken)
    return taken
