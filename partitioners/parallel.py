"""Batches of nodes shared among threads, with results that do not depend on how many there are.

A batch is a fixed range of positions whose nodes
are decided together; within it, threads share the reading. Batches are cut by *work* (adjacency
entries), so that one of hubs holds few nodes and one of leaves many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from graphray.threads import Threads

Work = npt.NDArray[np.int64]
Result = TypeVar("Result")

# Below this much work, handing it to another thread takes longer than doing it.
_SHARED_MIN = 50_000


def share(
    threads: Threads, start: int, stop: int, work: Work, task: Callable[[int, int], Result]
) -> list[Result]:
    """Run ``task(start, stop)`` on ranges of about equal work, and return the results in order.

    Args:
        threads: share the work.
        start: first position.
        stop: last position plus 1.
        work: ``int64[n]``, the work up to and including each position.
        task: called with consecutive ranges that together are ``start : stop``.
    """
    if stop <= start:
        return []
    before = int(work[start - 1]) if start else 0
    amount = int(work[stop - 1]) - before
    if threads.count == 1 or amount < _SHARED_MIN:
        return [task(start, stop)]
    marks = before + amount * np.arange(1, threads.count) // threads.count
    inner = start + np.searchsorted(work[start:stop], marks)
    bounds = [start, *inner.tolist(), stop]
    return threads.map(lambda span: task(*span), pairwise(bounds))


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
