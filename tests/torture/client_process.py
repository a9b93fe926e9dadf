"""Processes of clients: actors on the head node, each with a few clients in threads."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tests.torture.client import Client
from tests.torture.journal import count_ended
from tests.torture.workloads import workloads_named

CLIENTS_PER_PROCESS = 3
_STOP_S = 60.0


class ClientProcess:
    """The actor class."""

    def __init__(
        self, graph: str, folder: Path, number: int, rng_seed: int, workloads: tuple[str, ...]
    ) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(graph, folder, name, seed, workloads))
            for name, seed in (
                (f"client-{number}-{n}", rng_seed * 1_000 + number * CLIENTS_PER_PROCESS + n + 1)
                for n in range(CLIENTS_PER_PROCESS)
            )
        ]

    def start(self) -> int:
        """Begin; returns the process's id."""
        for thread in self._threads:
            thread.start()
        return os.getpid()

    def stop(self) -> None:
        """End all clients, once each has ended its operation."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, *client: Any) -> None:
        *who, workloads = client
        Client(*who).run(workloads_named(workloads), self._stop)


class ClientPool:
    """The client processes of a round; one that is killed is replaced.

    Args:
        graph: the name of the running graph.
        folder: of the round's journals.
        processes: how many.
        rng_seed: for what they do.
        workloads: their names.
    """

    def __init__(
        self, graph: str, folder: Path, processes: int, rng_seed: int, workloads: tuple[str, ...]
    ) -> None:
        (folder / "tokens").mkdir(parents=True)
        self._begun = 0
        self._folder = folder
        self._new = (graph, folder, rng_seed, workloads)
        self._actors = [self._begin() for _ in range(processes)]

    def replace(self, number: int) -> None:
        """Begin another process in place of one that was killed."""
        self._actors[number] = self._begin()

    def pids(self) -> list[int]:
        """The processes' ids."""
        return [pid for _, pid in self._actors]

    def operations(self) -> int:
        """How many operations have ended so far."""
        return count_ended(self._folder)

    def stop(self) -> None:
        """End all clients."""
        ray.get([actor.stop.remote() for actor, _ in self._actors], timeout=_STOP_S)
        for actor, _ in self._actors:
            ray.kill(actor)

    def _begin(self) -> tuple[Any, int]:
        graph, folder, rng_seed, workloads = self._new
        here = ray.get_runtime_context().get_node_id()
        make: Any = ray.remote(ClientProcess)
        actor = make.options(
            num_cpus=0.001,
            max_concurrency=2,
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
        ).remote(graph, folder, self._begun, rng_seed, workloads)
        self._begun += 1
        return actor, ray.get(actor.start.remote())
