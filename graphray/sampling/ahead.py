"""Results made ahead of the loop that takes them: by a few threads, in order, within a bound.

The threads are daemons and end with the loop: whatever ends it, an interrupt too, nothing new
begins, and what is being made is waited for briefly and thrown away. Only a call to another process
can outlast that wait; it has a deadline of its own, and holds up neither the caller nor the end of
the interpreter, as the threads of ``concurrent.futures`` would.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

THREAD_NAME = "graphray-loader"
LEAVING_S_MAX = 5.0
"""How long the end of a loop waits for what is being made: longer than any batch should take."""


def made_ahead(
    task: Callable[[Item], Made], items: Iterable[Item], *, threads: int, ahead: int
) -> Iterator[Made]:
    """The results of ``task(item)``, in order of the items.

    Args:
        task: called from several threads at once.
        items: taken one by one, no faster than there is room.
        threads: how many run tasks at once.
        ahead: results that may wait beyond those being made. With one thread and none ahead, a
            task runs when its result is asked for, in the caller's own thread.

    Raises:
        BaseException: what a task raised, in its place among the results.

    Example:
        >>> list(made_ahead(abs, [-1, 2, -3], threads=2, ahead=1))
        [1, 2, 3]
    """
    if threads == 1 and ahead == 0:
        yield from map(task, items)
        return
    workers = _Workers(task, threads)
    under_way: deque[Future[Made]] = deque()
    wait_s = LEAVING_S_MAX
    try:
        for item in items:
            under_way.append(workers.submit(item))
            if len(under_way) >= threads + ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except KeyboardInterrupt:
        wait_s = 0.0
        raise
    finally:
        for future in under_way:
            future.cancel()
        workers.end(wait_s)


class _Workers(Generic[Item, Made]):
    """Threads that run one task for many items."""

    def __init__(self, task: Callable[[Item], Made], count: int) -> None:
        self._todo: queue.SimpleQueue[tuple[Item, Future[Made]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=_work, args=(task, self._todo), name=THREAD_NAME, daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()
        # A daemon must not be at work in a kernel while the interpreter is taken down.
        atexit.register(self.end, LEAVING_S_MAX)

    def submit(self, item: Item) -> Future[Made]:
        """Have the task run for one more item."""
        future: Future[Made] = Future()
        self._todo.put((item, future))
        return future

    def end(self, wait_s: float) -> None:
        """Let the threads end when they have done what is submitted, and wait for that a while."""
        atexit.unregister(self.end)
        for _ in self._threads:
            self._todo.put(None)
        deadline = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _work(
    task: Callable[[Item], Made], todo: queue.SimpleQueue[tuple[Item, Future[Made]] | None]
) -> None:
    while (job := todo.get()) is not None:
        item, future = job
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(task(item))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is taken
                future.set_exception(error)
        del item, future, job  # the taker alone keeps the result
