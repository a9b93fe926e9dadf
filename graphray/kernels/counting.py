"""Counting how often numbers occur, in a hash table of open addressing with linear probing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import mix64
from graphray.kernels.memory import prefetch

Ints = npt.NDArray[np.int64]

EMPTY = -1
"""What stands in a slot without a number."""

# As in `graphray.kernels.neighbors`: asked for one chunk ahead of being read.
_CHUNK = 16


@kernel
def add_counts(
    numbers: Ints, amounts: Ints, start: int, keys: Ints, counts: Ints, used: int
) -> tuple[int, int]:
    """Add amounts to the counts of numbers, until all are added or the table is half full.

    Args:
        numbers: ``int64[n]``, not negative.
        amounts: ``int64[n]``, or ``int64[1]`` for all of them.
        start: the first to add.
        keys: ``int64[slots]``, the numbers in the table, or `EMPTY`; a power of two.
        counts: ``int64[slots]``.
        used: how many slots are in use.

    Returns:
        How many numbers have been added, those before ``start`` included, and the slots in use.
    """
    count = len(numbers)
    base = keys.ctypes.data
    for begin in range(start, count + _CHUNK, _CHUNK):
        for i in range(begin, min(count, begin + _CHUNK)):
            prefetch(base + _slot(numbers[i], len(keys)) * 8)
        for i in range(max(start, begin - _CHUNK), min(count, begin)):
            if 2 * used >= len(keys):
                return i, used
            at = _slot(numbers[i], len(keys))
            while keys[at] != numbers[i] and keys[at] != EMPTY:
                at = (at + 1) & (len(keys) - 1)
            if keys[at] == EMPTY:
                keys[at] = numbers[i]
                used += 1
            counts[at] += amounts[i if len(amounts) > 1 else 0]
    return count, used


@inlined
def _slot(number: Any, slots: int) -> Any:
    return np.int64(mix64(np.uint64(number)) & np.uint64(slots - 1))
