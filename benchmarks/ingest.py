"""Ingest: edge lists in Parquet to a published store, in memory and within a budget.

Every build has a process of its own, which measures its peak memory beyond what it held before the
build. The same files are built in memory and streamed, and four times as many are streamed: the
memory must not follow. Arrow's own reader and sort of the same edges are measured beside them.

The clock on the wall counts what others do on the machine, too; so each figure also comes as edges
per second of processor time, times the number of cores: what they would do undisturbed, if they
shared the work evenly.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet as pq

from benchmarks import graphs
from benchmarks.report import Row, compared
from graphray.ingest.budget import memory_bytes

PARTS = 32
TARGET_M_EDGES_PER_S = 5.0
BUDGET = "256MiB"
MORE_FILES = 4
ROWS_PER_GROUP = 2**20


@dataclass(frozen=True)
class Run:
    """What one process measured."""

    wall_s: float
    processor_s: float
    memory_bytes: int


def run(quick: bool) -> list[Row]:
    """Measure builds of an R-MAT graph's edges."""
    scale, factor = (18, 16) if quick else (20, 16)
    with tempfile.TemporaryDirectory() as folder:
        files = [_write(folder, scale, factor, number) for number in range(MORE_FILES)]
        once, more = files[:1], files
        million = 2**scale * factor / 1e6
        read = _run("arrow-read", once)
        sort = _run("arrow-sort", once)
        whole = _run("whole", once)
        streamed = _run(BUDGET, once)
        large = _run(BUDGET, more)
    name = f"rmat({scale}, {factor})"
    budget_mib = memory_bytes(BUDGET) / 2**20
    rows = [
        Row(f"{name}: Arrow reads it", million / read.wall_s, "M edges/s"),
        Row(f"{name}: Arrow sorts it by each end", million / sort.wall_s, "M edges/s"),
    ]
    for what, found, size in (
        (f"{name}: in memory", whole, million),
        (f"{name}: within {BUDGET}", streamed, million),
        (f"{MORE_FILES} times {name}: within {BUDGET}", large, million * MORE_FILES),
    ):
        rows += _speed(what, found, size, sort.wall_s / million)
    rows.append(Row(f"{name}: in memory, peak memory", whole.memory_bytes / 2**20, "MiB"))
    for what, found in (
        (f"{name}: within {BUDGET}", streamed),
        (f"{MORE_FILES} times {name}: within {BUDGET}", large),
    ):
        peak = found.memory_bytes / 2**20
        rows.append(
            compared(f"{what}, peak memory", peak, "MiB", "budget", budget_mib, at_most=1.0)
        )
    return rows


def _speed(what: str, found: Run, million: float, sort_s_per_million: float) -> list[Row]:
    wall = million / found.wall_s
    cores = len(os.sched_getaffinity(0))
    undisturbed = million / found.processor_s * cores
    target = TARGET_M_EDGES_PER_S
    return [
        compared(what, wall, "M edges/s", "Arrow's sort", 1 / sort_s_per_million),
        compared(f"{what}, wall", wall, "M edges/s", "target", target, at_least=1.0),
        compared(
            f"{what}, by processor time on {cores} cores",
            undisturbed,
            "M edges/s",
            "target",
            target,
            at_least=1.0,
        ),
    ]


def _write(folder: str, scale: int, factor: int, number: int) -> str:
    """One file of edges; all are of the same nodes."""
    pairs = graphs.rmat(scale, factor, rng_seed=number)
    path = f"{folder}/edges-{number}.parquet"
    table = pa.table({"src": pairs.sources, "dst": pairs.destinations})
    pq.write_table(table, path, row_group_size=ROWS_PER_GROUP)
    return path


def _run(task: str, files: Sequence[str]) -> Run:
    worker = Path(__file__).with_name("ingest_worker.py")
    command = [sys.executable, str(worker), task, json.dumps(list(files)), str(PARTS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Run(**json.loads(done.stdout.splitlines()[-1]))
