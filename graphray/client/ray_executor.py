"""Pieces of work as tasks of a Ray cluster that is at hand; none is ever started.

What all pieces look at goes into the object store once, and is mapped by every task on a node. A
task whose process or node dies is run again by Ray, on another node where there is one; what
matters for that is that pieces may run twice (see `graphray.executor`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pickle import PicklingError
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from graphray.client.cluster import require_ray
from graphray.errors import ArgumentError, ClusterError, GraphRayError
from graphray.executor import Context, Item, Result, as_done, checked_workers

_RETRIES = 3
# Past this time without any result the cluster is taken to have no processors for the work.
_STALLED_AFTER_S = 3600.0


class RayExecutor:
    """Runs pieces as Ray tasks of one processor each.

    Args:
        workers: how many run at the same time; None for the processors of the cluster.

    Raises:
        ArgumentError: where that is below 1.
        GraphNotRunning: where there is no cluster.
    """

    in_process = False

    def __init__(self, workers: int | None = None) -> None:
        require_ray("running tasks")
        processors = int(ray.cluster_resources().get("CPU", 1))
        self.workers = checked_workers(workers) or max(1, processors)

    def run(
        self,
        task: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """See `graphray.executor.Executor`.

        Raises:
            ArgumentError: where a piece cannot be sent to another process.
            ClusterError: where a task's process dies again and again, or nothing gets done.
        """
        with _sending():
            shared = ray.put((task, context))
        references: dict[Future[Any], ray.ObjectRef] = {}

        def submit(item: Item) -> Future[Any]:
            with _sending():
                reference = _piece.remote(shared, item)
            future = reference.future()
            references[future] = reference
            future.add_done_callback(references.pop)  # the result may leave the object store
            return future

        def cancel(future: Future[Any]) -> None:
            reference = references.get(future)
            if reference is not None:  # it has not ended meanwhile
                ray.cancel(reference)

        results = as_done(
            submit,
            items,
            min(self.workers, at_once or self.workers),
            cancel=cancel,
            stalled=_stalled,
            timeout_s=_STALLED_AFTER_S,
        )
        try:
            yield from results
        except RayTaskError as error:
            if isinstance(error.cause, GraphRayError):
                raise error.cause from error
            raise
        except RayError as error:
            raise ClusterError(
                f"a task of the work died {_RETRIES + 1} times ({type(error).__name__}: {error}); "
                "look at its node's memory and logs, and run fewer at once with workers=..."
            ) from error


@ray.remote(num_cpus=1, max_retries=_RETRIES)
def _piece(shared: tuple[Callable[[Any, Any], Any], Any], item: Any) -> Any:
    task, context = shared
    return task(context, item)


@contextmanager
def _sending() -> Iterator[None]:
    """Say what to do where something cannot be pickled, such as a filesystem in memory."""
    try:
        yield
    except (TypeError, PicklingError) as error:
        # Ray's own message is a page about its search; what it could not pickle is the cause.
        raise ArgumentError(
            f"the work cannot be sent to tasks of the Ray cluster ({error.__cause__ or error}); "
            "pass executor='local' to have it done in this process, or name inputs and the store "
            "by paths or URIs"
        ) from error


def _stalled() -> ClusterError:
    return ClusterError(
        f"no task ended within {_STALLED_AFTER_S:g} s; see whether the cluster has free processors "
        "with 'ray status'"
    )
