"""Choosing who does the work of a build."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Literal

from graphray.errors import ArgumentError
from graphray.executor import Executor, LocalExecutor

ExecutorName = Literal["local", "ray"]


def choose_executor(chosen: Executor | ExecutorName | None, workers: int | None) -> Executor:
    """The executor that a caller means.

    Args:
        chosen: an executor as it is; ``"local"`` for threads of this process; ``"ray"`` for tasks
            of the cluster at hand; None for tasks where this process is connected to a cluster
            already, else threads.
        workers: how many pieces may run at the same time; None for as many as there are
            processors.

    Raises:
        ArgumentError: where either is out of its range.
        GraphNotRunning: for ``"ray"`` where there is no cluster.
    """
    if chosen is None:
        chosen = "ray" if _connected_to_ray() else "local"
    if chosen == "local":
        return LocalExecutor(workers)
    if chosen == "ray":
        # Imported when it is chosen: builds in one process need no Ray.
        return import_module("graphray.client.ray_executor").RayExecutor(workers)
    if isinstance(chosen, str) or not hasattr(chosen, "run"):
        raise ArgumentError(f"executor = {chosen!r}; expected 'local', 'ray' or an executor")
    if workers is not None:
        raise ArgumentError("workers goes with a named executor; yours has its own number of them")
    return chosen


def _connected_to_ray() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()
