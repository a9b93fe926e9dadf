"""How often rows were read, in bounded memory.

Reads are noted as they come and counted when there are many. Where more distinct rows have been
counted than the bound, the less used half is forgotten: what is hot stays, and a row that is met
again starts anew (as in lossy counting: Manku and Motwani, "Approximate Frequency Counts over Data
Streams", VLDB 2002).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_UNCOUNTED_MAX = 2**18
_DISTINCT_MAX = 2**22


class UseCounts:
    """Counts per row; safe to use from several threads.

    Args:
        distinct_max: how many rows to count at most.

    Example:
        >>> uses = UseCounts()
        >>> uses.note(np.array([7, 3, 7]))
        >>> [counted.tolist() for counted in uses.counted()]
        [[3, 7], [1, 2]]
    """

    def __init__(self, distinct_max: int = _DISTINCT_MAX) -> None:
        self._distinct_max = distinct_max
        self._noted: list[Ints] = []
        self._num_noted = 0
        self._numbers, self._counts = np.empty(0, np.int64), np.empty(0, np.int64)
        self._lock = threading.Lock()

    def note(self, numbers: Ints) -> None:
        """Note that each of these rows was read; the array must not change afterwards."""
        with self._lock:
            self._noted.append(numbers)
            self._num_noted += len(numbers)
            if self._num_noted > _UNCOUNTED_MAX:
                self._count()

    def counted(self) -> tuple[Ints, Ints]:
        """The rows, rising, and how often each was read."""
        with self._lock:
            self._count()
            return self._numbers, self._counts

    def forget(self) -> None:
        """Begin again."""
        with self._lock:
            self._noted, self._num_noted = [], 0
            self._numbers, self._counts = np.empty(0, np.int64), np.empty(0, np.int64)

    def _count(self) -> None:
        numbers, counts = np.unique(
            np.concatenate([np.empty(0, np.int64), *self._noted]), return_counts=True
        )
        self._noted, self._num_noted = [], 0
        self._numbers, self._counts = add_up(
            np.concatenate([self._numbers, numbers]), np.concatenate([self._counts, counts])
        )
        if len(self._numbers) > self._distinct_max:
            half = self._distinct_max // 2
            kept = np.sort(np.argsort(-self._counts, kind="stable")[:half])
            self._numbers, self._counts = self._numbers[kept], self._counts[kept]


def add_up(numbers: Ints, amounts: npt.NDArray[Any]) -> tuple[Ints, npt.NDArray[Any]]:
    """The distinct numbers, rising, and the sum of the amounts of each.

    >>> [a.tolist() for a in add_up(np.array([5, 2, 5]), np.array([1, 1, 4]))]
    [[2, 5], [1, 5]]
    """
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    if len(starts) == 0:
        return numbers, amounts
    return ordered[starts], np.add.reduceat(amounts[order], starts)
