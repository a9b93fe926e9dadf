"""One partitioner on one graph, in a process of its own: prints seconds and peak memory as JSON.

Usage: ``python partitioning_worker.py FOLDER NAME PARTS THREADS IMBALANCE``. Reads ``edges.npz``
of the folder, writes ``assignment.npy``.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from graphray.schema import DEFAULT_RELATION
from partitioners import EdgeSet, Partitioner, PartitionProblem, assign, get
from partitioners.multilevel import Multilevel

SLOW = ("metis",)
REPEATS = 3


def problem_of(num_nodes: int, edges: np.ndarray) -> PartitionProblem:
    """A graph of one node type and one relation."""
    edge_set = EdgeSet(DEFAULT_RELATION, edges[0], edges[1])
    return PartitionProblem(("node",), np.array([0, num_nodes]), (edge_set,))


def compile_kernels(partitioner: Partitioner) -> None:
    """Partition small graphs with and without structure, so that nothing is left to compile."""
    rng = np.random.default_rng(0)
    for groups in (1, 100):
        sources = rng.integers(0, 100 * groups, (1, 1000 * groups))
        for repeats in (1, 2):
            local = sources // 100 * 100 + rng.integers(0, 100, sources.shape)
            edges = np.concatenate([np.repeat(sources, repeats, 1), np.repeat(local, repeats, 1)])
            edges = np.concatenate([edges, edges[:, :1]], axis=1)
            assign(partitioner, problem_of(100 * groups, edges), 8, rng_seed=1)


def resident_bytes(field: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the most so far) of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) * 1024


def main(folder: str, name: str, parts: int, threads: int, imbalance: float) -> None:
    """Partition, and print what it took; threads and imbalance are for ``multilevel``."""
    partitioner = get(name)
    if name == "multilevel":
        partitioner = Multilevel(threads=threads, imbalance=imbalance)
    compile_kernels(partitioner)
    with np.load(f"{folder}/edges.npz") as stored:
        problem = problem_of(int(stored["num_nodes"]), stored["edges"])
    Path("/proc/self/clear_refs").write_text("5")  # the most so far is now
    before = resident_bytes("VmRSS")
    wall, processor = [], []
    for _ in range(1 if name in SLOW else REPEATS):
        started = time.perf_counter(), time.process_time()
        assignment = assign(partitioner, problem, parts, rng_seed=1)
        wall.append(time.perf_counter() - started[0])
        processor.append(time.process_time() - started[1])
    measured = {
        "wall_s": statistics.median(wall),
        "processor_s": statistics.median(processor),
        "memory_bytes": resident_bytes("VmHWM") - before,
    }
    np.save(f"{folder}/assignment.npy", assignment)
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
