"""Whole numbers on their way between processes: the least, and how far the others are above it.

Ids and positions of one partition lie within one range, so that 64-bit numbers travel in half their
size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_LIMIT = 2**32


class Compact(NamedTuple):
    """An ``int64[n]``: ``least + offsets``, the offsets ``uint32`` where they fit."""

    least: int
    offsets: npt.NDArray[Any]


def compact(numbers: npt.NDArray[np.int64]) -> Compact:
    """Numbers made small.

    >>> compact(np.array([10**12, 10**12 + 5])).offsets
    array([0, 5], dtype=uint32)
    """
    if len(numbers) == 0:
        return Compact(0, numbers.astype(np.uint32))
    least = int(numbers.min())
    fits = int(numbers.max()) - least < _LIMIT
    return Compact(least, (numbers - least).astype(np.uint32) if fits else numbers - least)


def restored(numbers: Compact) -> npt.NDArray[np.int64]:
    """The numbers that `compact` was given, as ``int64[n]``."""
    return numbers.offsets + np.int64(numbers.least)
