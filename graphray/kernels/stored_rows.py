"""Looking rows of stored tables up: one call where NumPy would take ten, each a microsecond.

A point read looks up a single node, so what counts is the number of calls, not the loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

Ints = npt.NDArray[np.int64]

NOT_FOUND = -1


@kernel
def find_sorted(held: npt.NDArray[Any], wanted: Ints) -> Ints:
    """Where each number stands among rising ones, or `NOT_FOUND`.

    Args:
        held: ``[m]``, distinct and rising, of any integer dtype.
        wanted: ``int64[n]``.

    Returns:
        ``int64[n]``.
    """
    found = np.full(len(wanted), NOT_FOUND, np.int64)
    for i in range(len(wanted)):
        low, high = 0, len(held)
        while low < high:
            middle = (low + high) // 2
            if np.int64(held[middle]) < wanted[i]:
                low = middle + 1
            else:
                high = middle
        if low < len(held) and np.int64(held[low]) == wanted[i]:
            found[i] = low
    return found


@kernel
def list_entries(indptr: npt.NDArray[Any], rows: Ints) -> tuple[Ints, Ints]:
    """The entries of some rows of an adjacency, row after row.

    Args:
        indptr: ``[num_rows + 1]``, where the entries of each row start and end.
        rows: ``int64[n]``, rows; `NOT_FOUND` has no entries.

    Returns:
        ``int64[m]`` each: the position in ``rows`` that an entry belongs to, and the entry.
    """
    count = np.int64(0)
    for row in rows:
        if row != NOT_FOUND:
            count += np.int64(indptr[row + 1]) - np.int64(indptr[row])
    owner, entries = np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for i in range(len(rows)):
        if rows[i] == NOT_FOUND:
            continue
        for entry in range(np.int64(indptr[rows[i]]), np.int64(indptr[rows[i] + 1])):
            owner[at], entries[at] = i, entry
            at += 1
    return owner, entries
