"""How often rows were read, in bounded memory.

Where more distinct rows have been counted than the bound, the less used half is forgotten: what is
hot stays, and a row that is met again starts anew (as in lossy counting: Manku and Motwani,
"Approximate Frequency Counts over Data Streams", VLDB 2002).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.counting import EMPTY, add_counts

Ints = npt.NDArray[np.int64]

_DISTINCT_MAX = 2**21
_SLOTS_MIN = 2**10


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
        self._lock = threading.Lock()
        self._used = 0
        self._reads = 0
        self._clear(_SLOTS_MIN)

    def note(self, numbers: Ints, count_max: int | None = None) -> None:
        """Note that each of these rows was read.

        Args:
            numbers: the rows.
            count_max: how many to count at most; of more only every k-th, others each time, as k
                reads. None for all.
        """
        with self._lock:
            step = max(1, -(-len(numbers) // (count_max or len(numbers) or 1)))
            self._reads += 1
            some = np.ascontiguousarray(numbers[self._reads % step :: step])
            self._add(some, np.full(1, step))

    def counted(self) -> tuple[Ints, Ints]:
        """The rows, rising, and how often each was read."""
        with self._lock:
            numbers, counts = self._content()
        order = np.argsort(numbers)
        return numbers[order], counts[order]

    def forget(self) -> None:
        """Begin again."""
        with self._lock:
            self._clear(_SLOTS_MIN)

    def _add(self, numbers: Ints, amounts: Ints) -> None:
        added = 0
        while True:
            added, self._used = add_counts(
                numbers, amounts, added, self._keys, self._counts, self._used
            )
            if added == len(numbers):
                return
            self._make_room()

    def _make_room(self) -> None:
        numbers, counts = self._content()
        slots = 2 * len(self._keys)
        if self._used >= self._distinct_max:
            most = np.argsort(-counts, kind="stable")[: self._distinct_max // 2]
            numbers, counts, slots = numbers[most], counts[most], len(self._keys)
        self._clear(slots)
        self._add(numbers, counts)

    def _content(self) -> tuple[Ints, Ints]:
        filled = self._keys != EMPTY
        return self._keys[filled], self._counts[filled]

    def _clear(self, slots: int) -> None:
        self._keys = np.full(slots, EMPTY, np.int64)
        self._counts = np.zeros(slots, np.int64)
        self._used = 0


def add_up(numbers: Ints, amounts: npt.NDArray[Any]) -> tuple[Ints, npt.NDArray[Any]]:
    """The distinct numbers, rising, and the sum of the amounts of each.

    >>> [a.tolist() for a in add_up(np.array([5, 2, 5]), np.array([1, 1, 4]))]
    [[2, 5], [1, 5]]
    """
    distinct, places = np.unique(numbers, return_inverse=True)
    return distinct, np.bincount(places, amounts, len(distinct)).astype(amounts.dtype)
