"""Threads over batches of nodes, with results that do not depend on how many threads there are.

Kernels release the GIL, so plain threads suffice. A batch is a fixed range of positions whose nodes
are decided together; within it, threads share the reading. Batches are cut by *work* (adjacency
entries), so that one of hubs holds few nodes and one of leaves many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Work = npt.NDArray[np.int64]
Item = TypeVar("Item")
Result = TypeVar("Result")

# Below this much work, handing it to another thread takes longer than doing it.
_SHARED_MIN = 50_000


class Threads:
    """A fixed number of threads that share ranges of work; one means the caller's own."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count) if count > 1 else None

    def map(self, task: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The results of ``task(item)``, in order of the items."""
        if self._pool is None:
            return [task(item) for item in items]
        return list(self._pool.map(task, items))

    def share(
        self, start: int, stop: int, work: Work, task: Callable[[int, int], Result]
    ) -> list[Result]:
        """Run ``task(start, stop)`` on ranges of about equal work, and return the results in order.

        Args:
            start: first position.
            stop: last position plus 1.
            work: ``int64[n]``, the work up to and including each position.
            task: called with consecutive ranges that together are ``start : stop``.
        """
        if stop <= start:
            return []
        before = int(work[start - 1]) if start else 0
        amount = int(work[stop - 1]) - before
        if self._pool is None or amount < _SHARED_MIN:
            return [task(start, stop)]
        marks = before + amount * np.arange(1, self.count) // self.count
        inner = start + np.searchsorted(work[start:stop], marks)
        bounds = [start, *inner.tolist(), stop]
        return list(self._pool.map(task, bounds[:-1], bounds[1:]))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


def batches(work: Work, count: int) -> Iterator[tuple[int, int]]:
    """Cut positions into about `count` ranges ``(start, stop)`` of equal work.

    Example:
        >>> list(batches(np.array([8, 9, 10, 11, 12]), 2))
        [(0, 1), (1, 5)]
    """
    if len(work) == 0:
        return
    marks = int(work[-1]) * np.arange(1, count) // count
    inner = np.searchsorted(work, marks, side="left") + 1
    bounds = np.unique(np.concatenate([[0], inner, [len(work)]])).tolist()
    yield from pairwise(bounds)
