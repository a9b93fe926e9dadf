"""One engine on one hypergraph, in a process of its own: prints seconds and peak memory as JSON.

Usage: ``python partitioning_hypergraph_worker.py ENGINE FOLDER PARTS IMBALANCE``. Reads
``pins.npz`` of the folder, writes ``ENGINE.npy``, the partition of every vertex. ``mtkahypar``
needs nothing else but NumPy.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

Split = Callable[[Any, int, float], np.ndarray]


def own() -> Split:
    """GraphRay's own engine, compiled."""
    from graphray.schema import Relation
    from partitioners import EdgeSet, PartitionProblem, assign
    from partitioners.hypergraph import Hypergraph

    def split(hypergraph: Any, parts: int, imbalance: float) -> np.ndarray:
        n, ptr = int(hypergraph["num_vertices"]), hypergraph["edge_ptr"]
        ends = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr)) + n
        edges = EdgeSet(Relation("vertex", "incidence", "hyperedge"), hypergraph["pins"], ends)
        offsets = np.array([0, n, n + len(ptr) - 1])
        problem = PartitionProblem(("vertex", "hyperedge"), offsets, (edges,))
        partitioner = Hypergraph(imbalance=imbalance, engine="own")
        return assign(partitioner, problem, parts, rng_seed=1)[:n]

    rng = np.random.default_rng(0)
    small = {
        "num_vertices": 3000,
        "edge_ptr": np.arange(0, 3 * 3000 + 1, 3),
        "pins": rng.integers(0, 3000, 3 * 3000),
    }
    split(small, 8, 1.1)
    return split


def mtkahypar() -> Split:
    """Mt-KaHyPar's default, on all processors; vertices weigh one and their mean of pins, each."""
    import mtkahypar

    library = mtkahypar.initialize(os.cpu_count() or 1)

    def split(hypergraph: Any, parts: int, imbalance: float) -> np.ndarray:
        n, ptr, pins = (hypergraph[key] for key in ("num_vertices", "edge_ptr", "pins"))
        context = library.context_from_preset(mtkahypar.PresetType.DEFAULT)
        context.set_partitioning_parameters(parts, imbalance - 1.0, mtkahypar.Objective.KM1)
        context.logging = False
        mtkahypar.set_seed(1)
        loads = np.bincount(pins, minlength=int(n))
        weights = (loads + max(1, int(loads.mean()))).tolist()
        rows = [row.tolist() for row in np.split(pins, ptr[1:-1])]
        graph = library.create_hypergraph(
            context, int(n), len(rows), rows, weights, [1] * len(rows)
        )
        return np.asarray(graph.partition(context).get_partition(), np.int32)

    return split


def resident_bytes(field: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the most so far) of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) * 1024


def main(engine: str, folder: str, parts: int, imbalance: float) -> None:
    """Split, and print what it took, or why it could not."""
    try:
        split = {"own": own, "mtkahypar": mtkahypar}[engine]()
    except ImportError as error:
        print(json.dumps({"skipped": f"not installed ({error})"}))
        return
    with np.load(f"{folder}/pins.npz") as stored:
        hypergraph = dict(stored)
    Path("/proc/self/clear_refs").write_text("5")  # the most so far is now
    before = resident_bytes("VmRSS")
    started = time.perf_counter(), time.process_time()
    part = split(hypergraph, parts, imbalance)
    measured = {
        "wall_s": time.perf_counter() - started[0],
        "processor_s": time.process_time() - started[1],
        "memory_bytes": resident_bytes("VmHWM") - before,
    }
    np.save(f"{folder}/{engine}.npy", part)
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
