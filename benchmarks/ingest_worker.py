"""One build in a process of its own: prints seconds and peak memory as JSON.

Usage: ``python ingest_worker.py TASK FILES PARTS``, where ``FILES`` is a JSON list of Parquet files
and ``TASK`` is ``whole``, a budget such as ``256MiB``, or a peer: ``arrow-read`` reads the files,
``arrow-sort`` also sorts the edges, once in each direction.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))

import graphray as gr
from benchmarks.partitioning_worker import resident_bytes

ORDERS = (("dst", "src"), ("src", "dst"))


def build(task: str, files: list[str], parts: int, folder: str) -> None:
    """Build a store."""
    budget = None if task == "whole" else task
    gr.build(files, f"{folder}/store", parts=parts, partitioner="hash", memory_budget=budget)


def arrow_read(task: str, files: list[str], parts: int, folder: str) -> None:
    """Read the edges as Arrow does."""
    pq.read_table(files)


def arrow_sort(task: str, files: list[str], parts: int, folder: str) -> None:
    """Read the edges, and sort them by each end as Arrow does."""
    table = pq.read_table(files)
    for order in ORDERS:
        table.sort_by([(name, "ascending") for name in order])


PEERS: dict[str, Callable[..., None]] = {"arrow-read": arrow_read, "arrow-sort": arrow_sort}


def compile_kernels(work: Callable[..., None], task: str, folder: str) -> None:
    """The same work on few edges, so that nothing is left to compile; large enough to stream."""
    ends = np.arange(3_000_000) % 1000
    path = f"{folder}/small.parquet"
    pq.write_table(pa.table({"src": ends, "dst": ends}), path)
    with tempfile.TemporaryDirectory() as inner:
        work(task, [path], 2, inner)


def main(task: str, files: list[str], parts: int) -> None:
    """Do the work once, and print what it took."""
    work = PEERS.get(task, build)
    with tempfile.TemporaryDirectory() as folder:
        compile_kernels(work, task, folder)
        pa.default_memory_pool().release_unused()
        Path("/proc/self/clear_refs").write_text("5")  # the most so far is now
        before = resident_bytes("VmRSS")
        started: tuple[float, float] = time.perf_counter(), time.process_time()
        work(task, files, parts, folder)
        measured: dict[str, Any] = {
            "wall_s": time.perf_counter() - started[0],
            "processor_s": time.process_time() - started[1],
            "memory_bytes": resident_bytes("VmHWM") - before,
        }
    print(json.dumps(measured))


if __name__ == "__main__":
    os.environ["GRAPHRAY_PROGRESS"] = "0"
    main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]))
