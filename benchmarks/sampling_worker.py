"""One sampling process, started by `benchmarks.sampling` for each figure.

Opens a store or connects to a running graph, then samples one round for every line on its standard
input, and answers each with a line of JSON. In a process of its own, a mapped graph is read as a
training worker would read it; and rounds of several workers can take turns, so that a drift in the
machine's speed touches all alike.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import graphray as gr


@dataclass(frozen=True)
class Work:
    """What a worker is to do.

    Attributes:
        store: a store to open, or None.
        name: a running graph to connect to, where ``store`` is None.
        fanout: draws per hop.
        batches: batches in a round.
        in_flight: batches sampled at once; None for the loader's default.
    """

    store: str | None
    name: str | None
    fanout: list[int]
    batches: int
    in_flight: int | None = None

    def to_json(self) -> str:
        """One line for the worker's command line."""
        return json.dumps(asdict(self))


BATCH_SIZE = 1024


def main() -> None:
    """Serve rounds until the standard input ends."""
    work = Work(**json.loads(sys.argv[1]))
    _sample_a_small_graph()
    if work.name:
        gr.running_graphs()  # Connects to Ray, which takes memory of its own.
    before_bytes = _own_bytes()
    graph = gr.open(work.store) if work.store else gr.connect(work.name or "")
    count = BATCH_SIZE * work.batches
    seeds = np.random.default_rng(1).permutation(graph.num_nodes())[:count].copy()
    loader = graph.loader(
        seeds, work.fanout, batch_size=BATCH_SIZE, rng_seed=1, in_flight=work.in_flight
    )
    for epoch, _ in enumerate(sys.stdin):
        edges = 0
        started = time.perf_counter()
        for batch in loader.epoch(epoch):
            edges += batch.num_edges
        seconds = time.perf_counter() - started
        extra_bytes = _own_bytes() - before_bytes
        print(json.dumps({"edges_per_s": edges / seconds, "extra_bytes": extra_bytes}), flush=True)


def _sample_a_small_graph() -> None:
    """Load what every sampling process loads, whatever its graph: libraries, compiled kernels."""
    with tempfile.TemporaryDirectory() as folder:
        gr.build((np.arange(99) % 7, np.arange(99) % 11), folder, parts=1, partitioner="hash")
        for _ in gr.open(folder).loader(fanout=[2, 2], batch_size=4):
            pass


def _own_bytes() -> int:
    """The memory that belongs to this process alone: neither files nor the object store."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
    return kib * 1024


if __name__ == "__main__":
    main()
