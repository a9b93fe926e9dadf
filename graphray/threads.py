"""Threads for work that releases the GIL: kernels, Arrow, hashing, files.

Whoever uses them hands out pieces of work whose results do not depend on how many threads there
are, or which of them does what.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_threads() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Threads:
    """A fixed number of threads; one means the caller's own.

    A task must not hand out further tasks to the same threads and wait for them.

    Example:
        >>> with Threads(2) as threads:
        ...     threads.map(abs, [-1, 2, -3])
        [1, 2, 3]
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count) if count > 1 else None

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @staticmethod
    @contextmanager
    def beside(task: Callable[..., Result], *arguments: Any) -> Iterator[Future[Result]]:
        """Run a task in a thread of its own while the block runs; it has ended when that ends.

        Example:
            >>> with Threads.beside(max, 1, 2) as largest:
            ...     largest.result()
            2
        """
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(task, *arguments)

    def map(self, task: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """The results of ``task(item)``, in order of the items.

        Where a task raises, those that have not begun do not begin, and the error of the first in
        order is raised when those under way have ended.
        """
        if self._pool is None:
            return [task(item) for item in items]
        futures = [self._pool.submit(task, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            for future in futures:
                if not future.cancelled():
                    future.exception()
            raise
