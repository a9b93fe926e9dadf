"""Who does the pieces of a large piece of work: threads of this process, or tasks of a cluster.

A piece is ``task(context, item)``: a module's function, what all pieces look at, and what this one
is about. It depends on nothing else and leaves nothing behind but files of its own, so that it may
run anywhere, in any order, and twice. Whoever hands out the work takes the results as they come and
must not let their order matter.

`LocalExecutor` is the one for this process. Threads serve there: kernels, Arrow's readers, hashing
and files release the interpreter, and threads share what is kept per node. The one for a Ray
cluster is in `graphray.client.ray_executor`; the ground does not know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar

from graphray.errors import ArgumentError
from graphray.threads import available_threads

Context = TypeVar("Context")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs pieces of work."""

    @property
    def workers(self) -> int:
        """How many pieces run at the same time, at most."""
        ...

    @property
    def in_process(self) -> bool:
        """Whether pieces run in this process; others get copies of what is passed."""
        ...

    def run(
        self,
        task: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """Run ``task(context, item)`` for every item.

        Args:
            task: a function of a module; deterministic, and safe to run twice.
            context: what all of them look at; not to be changed.
            items: what each of them is about.
            at_once: a bound to how many run at the same time, for the memory they take.

        Yields:
            ``(number of the item, result)``, as they are done. When the iterator is closed, none
            is under way any more: iterate over it where it is made, so that an error closes it.

        Raises:
            BaseException: what a task raised: no further ones begin, and of those under way that
                fail, the first in order of the items is raised when all have ended.
        """
        ...


class LocalExecutor:
    """Runs pieces in threads of this process; one means the caller's own.

    Args:
        workers: number of threads; None for one per processor.

    Raises:
        ArgumentError: where that is below 1.

    Example:
        >>> sorted(LocalExecutor(2).run(pow, 2, [3, 4, 5]))
        [(0, 8), (1, 16), (2, 32)]
    """

    in_process = True

    def __init__(self, workers: int | None = None) -> None:
        self.workers = checked_workers(workers) or available_threads()

    def run(
        self,
        task: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """See `Executor`."""
        count = min(self.workers, at_once or self.workers)
        if count == 1:
            for number, item in enumerate(items):
                yield number, task(context, item)
            return
        with ThreadPoolExecutor(count) as pool:
            yield from as_done(lambda item: pool.submit(task, context, item), items, count)


def as_done(
    submit: Callable[[Item], Future[Any]],
    items: Iterable[Item],
    at_once: int,
    *,
    cancel: Callable[[Future[Any]], object] = Future.cancel,
    stalled: Callable[[], BaseException] = TimeoutError,
    timeout_s: float | None = None,
) -> Iterator[tuple[int, Any]]:
    """Results as they come, with a bounded number of pieces under way; raises as `Executor.run`.

    Args:
        submit: begins one piece.
        items: what to begin.
        at_once: how many may be under way.
        cancel: ends one that nobody waits for any more.
        stalled: the error for when nothing is done within ``timeout_s``.
        timeout_s: None to wait for as long as it takes.
    """
    under_way: dict[Future[Any], int] = {}
    failed: dict[int, BaseException] = {}
    rest = enumerate(items)
    try:
        while True:
            while not failed and len(under_way) < at_once:
                number, item = next(rest, (-1, None))
                if number < 0:
                    break
                under_way[submit(item)] = number  # type: ignore[arg-type]
            if not under_way:
                break
            done, _ = wait(under_way, timeout_s, FIRST_COMPLETED)
            if not done:
                raise stalled()
            for future in done:
                number = under_way.pop(future)
                error = future.exception()
                if error is not None:
                    failed[number] = error
                elif not failed:
                    yield number, future.result()
    finally:
        for future in under_way:
            cancel(future)
        wait(under_way, timeout_s)
    if failed:
        raise failed[min(failed)]


def checked_workers(workers: int | None) -> int | None:
    """The number of workers asked for; raises ArgumentError where it is none."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ArgumentError(f"workers = {workers!r}; expected 1 or more")
    return workers
