"""Minibatches drawn from the running graph all the while, each compared with an opened store's.

A batch depends on the version, the random seed, the epoch and its number alone, and three replicas
stand on three hosts: whatever one host's network does, no batch may differ, and none may fail.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

import graphray as gr
from graphray.errors import GraphRayError

PAPER = "paper"
CITES = (PAPER, "cites", PAPER)
NUM_PAPERS = 400
BATCH_SIZE = 50
FANOUT = (4, 3)
RNG_SEED = 7
_PAUSE_S = 0.05


def papers() -> dict[tuple[str, str, str], pa.Table]:
    """A relation to sample from, beside the few nodes that everybody changes."""
    rng = np.random.default_rng(RNG_SEED)
    ends = rng.integers(0, NUM_PAPERS, (2, 10 * NUM_PAPERS))
    return {CITES: pa.table({"src": ends[0], "dst": ends[1]})}


@dataclass
class Sampled:
    """What came of it.

    Attributes:
        batches: how many were drawn.
        longest_s: how long the slowest took.
        problems: batches that differed or failed, in words.
    """

    batches: int = 0
    longest_s: float = 0.0
    problems: list[str] = field(default_factory=list)


class Sampling:
    """Draws epoch after epoch, in a thread of its own, until it is stopped.

    Args:
        name: of the running graph.
        store: what it was launched from.
    """

    def __init__(self, name: str, store: Path) -> None:
        with gr.open(store) as opened:
            self._expected = [batch.digest() for batch in batches(opened)]
        self._name = name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sampled = Sampled()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Sampled:
        """End with the batch that is being drawn."""
        self._stop.set()
        self._thread.join()
        return self.sampled

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with gr.connect(self._name) as graph:
                    self._draw_epoch(graph)
            except GraphRayError as error:
                self.sampled.problems.append(f"{type(error).__name__}: {error}")
                self._stop.wait(1.0)

    def _draw_epoch(self, graph: gr.Graph) -> None:
        began = time.monotonic()
        for number, batch in enumerate(batches(graph)):
            took_s = time.monotonic() - began
            self.sampled.batches += 1
            self.sampled.longest_s = max(self.sampled.longest_s, took_s)
            if batch.digest() != self._expected[number]:
                self.sampled.problems.append(f"batch {number} differs from an opened store's")
            if self._stop.wait(_PAUSE_S):
                return
            began = time.monotonic()


def batches(graph: gr.Graph) -> gr.Loader:
    """One epoch."""
    return graph.loader(
        seeds=PAPER, fanout=list(FANOUT), batch_size=BATCH_SIZE, shuffle=True, rng_seed=RNG_SEED
    )
