"""One client process that reads, samples and writes without a pause, started by `failover`.

Threads do nothing but one thing each, and note when every call began, what it took and whether it
succeeded. For each line on its standard input the process answers with a line of JSON: what was
noted since the last one.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import ray

import graphray as gr
from graphray.sampling.loader import Loader

READ, SAMPLE, WRITE = "read", "sample", "write"
READERS, SAMPLERS = 2, 2
FANOUT, BATCH_SIZE = [10, 5], 256
WRITTEN_EDGES, WRITE_EVERY_S = 8, 0.05
RELATION = ("node", "edge", "node")


class Notes:
    """(what, when it began by the machine's monotonic clock, seconds, error or empty)."""

    def __init__(self) -> None:
        self._notes: list[tuple[str, float, float, str]] = []
        self._lock = threading.Lock()

    def call(self, what: str, make: Callable[[], Any]) -> None:
        """Make a call and note how it went."""
        begun, problem = time.monotonic(), ""
        try:
            make()
        except gr.GraphRayError as error:
            problem = f"{type(error).__name__}: {error}"
        note = what, begun, time.monotonic() - begun, problem
        with self._lock:
            self._notes.append(note)

    def take(self) -> list[tuple[str, float, float, str]]:
        """All since the last time."""
        with self._lock:
            taken, self._notes = self._notes, []
        return taken


def main() -> None:
    """Put a running graph under load until the standard input ends."""
    ray.init(log_to_driver=False, logging_level=logging.WARNING)  # Processes are meant to die.
    graph, notes = gr.connect(sys.argv[1]), Notes()
    calls: list[tuple[str, Iterator[Callable[[], Any]], float]] = [
        *((READ, _reads(graph, number), 0.0) for number in range(READERS)),
        *((SAMPLE, _samples(graph, number), 0.0) for number in range(SAMPLERS)),
        (WRITE, _writes(graph), WRITE_EVERY_S),
    ]
    for what, made, pause_s in calls:
        threading.Thread(target=_run, args=(notes, what, made, pause_s), daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps(notes.take()), flush=True)
    os._exit(0)  # Some call may be waiting for what is no longer there.


def _run(notes: Notes, what: str, calls: Iterator[Callable[[], Any]], pause_s: float) -> None:
    pause = threading.Event()
    for call in calls:
        notes.call(what, call)
        pause.wait(pause_s)


def _reads(graph: gr.Graph, number: int) -> Iterator[Callable[[], Any]]:
    rng = np.random.default_rng([1, number])
    while True:
        node = int(rng.integers(graph.num_nodes()))
        yield lambda node=node: graph.node(node)  # type: ignore[misc]


def _samples(graph: gr.Graph, number: int) -> Iterator[Callable[[], Any]]:
    loader: Loader[gr.Batch] = graph.loader(
        None, FANOUT, batch_size=BATCH_SIZE, shuffle=True, rng_seed=number
    )
    blocks, epoch = list(loader.seed_blocks(0)), 0
    while True:
        for at, rows in blocks:
            yield lambda rows=rows, at=at, epoch=epoch: loader.make(rows, epoch, at)  # type: ignore[misc]
        epoch += 1


def _writes(graph: gr.Graph) -> Iterator[Callable[[], Any]]:
    rng = np.random.default_rng(3)

    def write() -> None:
        ends = rng.integers(0, graph.num_nodes(), (2, WRITTEN_EDGES))
        with graph.transaction() as changes:
            changes.add_edges(RELATION, pa.table({"src": ends[0], "dst": ends[1]}))

    while True:
        yield write


if __name__ == "__main__":
    main()
