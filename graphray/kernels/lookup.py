"""Finding integer ids through a table over their span: one slot per possible id."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

Array = npt.NDArray[Any]


@kernel
def mark_present(values: Array, low: int, present: npt.NDArray[np.bool_]) -> None:
    """Set ``present[value - low]`` for every value."""
    for i in range(len(values)):
        present[np.int64(values[i]) - low] = True


def position_table(ids: Array, low: int, span: int, dtype: np.dtype[Any]) -> Array:
    """The position of each id in ``ids``, at ``id - low``; -1 where there is no such id.

    >>> position_table(np.array([5, 3]), 3, 3, np.dtype(np.int32)).tolist()
    [1, -1, 0]
    """
    table = np.full(span, -1, dtype)
    table[ids - low] = np.arange(len(ids), dtype=dtype)
    return table


@kernel
def positions_in_span(values: Array, low: int, table: Array, out: Array) -> None:
    """Look every value up in a `position_table`; -1 for those outside its span."""
    # In this order, because low + len(table) may be 2**63; and values are compared before low is
    # subtracted, because far outside the span that would overflow, too.
    high = low + (len(table) - 1)
    for i in range(len(values)):
        value = np.int64(values[i])
        if value < low or value > high:
            out[i] = -1
        else:
            out[i] = table[value - low]
