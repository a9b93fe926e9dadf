"""Results made ahead of the loop that takes them: by a few threads, in order, within a bound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def made_ahead(
    task: Callable[[Item], Made], items: Iterable[Item], *, threads: int, ahead: int
) -> Iterator[Made]:
    """The results of ``task(item)``, in order of the items.

    When the loop over it ends, is left or is interrupted, what has not begun never begins, and the
    threads are gone when that returns.

    Args:
        task: called from several threads at once.
        items: taken one by one, no faster than there is room.
        threads: how many run tasks at once.
        ahead: results that may wait beyond those being made. With one thread and none ahead, a
            task runs when its result is asked for, in the caller's own thread.

    Example:
        >>> list(made_ahead(abs, [-1, 2, -3], threads=2, ahead=1))
        [1, 2, 3]
    """
    if threads == 1 and ahead == 0:
        yield from map(task, items)
        return
    under_way: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="graphray-loader")
    try:
        for item in items:
            under_way.append(pool.submit(task, item))
            if len(under_way) >= threads + ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
