"""Partitioners side by side: time, memory, edge cut and both balances, with METIS as the reference.

Hypergraphs are in `benchmarks.partitioning_hypergraph`.

Every run has a process of its own, which measures its peak memory beyond the edges it was given.
Time is that of the whole call, from edges to assignment, compilation left out; the median of three,
but METIS, which takes long, runs once. It is processor time, which others on the machine disturb
least; two threads are compared with one by the clock on the wall.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import graphs, partitioning_hypergraph
from benchmarks.report import Row, compared
from graphray.kernels.hashing import hash_words
from graphray.schema import DEFAULT_RELATION
from partitioners import EdgeSet, PartitionProblem, Quality, measure

PARTS = 8
IMBALANCE_MAX = 1.10
MEMORY_MAX = 0.25
THREADS_SPEEDUP_MIN = 1.5
CHEAP = ("hash", "random")


@dataclass(frozen=True)
class Run:
    """What one process measured."""

    wall_s: float
    processor_s: float
    memory_bytes: int
    quality: Quality


def run(quick: bool) -> list[Row]:
    """Measure partitioners on a graph with communities, one with hubs, and a hypergraph."""
    if quick:
        planted = graphs.communities(100_000, 800_000, rng_seed=1, num_communities=200)
        hubs = graphs.rmat(16, 16, rng_seed=1)
        names = "communities(1e5, 8e5)", "rmat(16, 16)"
    else:
        planted = graphs.communities(1_000_000, 8_000_000, rng_seed=1)
        hubs = graphs.rmat(20, 16, rng_seed=1)
        names = "communities(1e6, 8e6)", "rmat(20, 16)"
    return [
        # METIS's time grows faster than its input: small graphs have no target.
        *_compare(names[0], planted, None if quick else 8.0),
        *_compare(names[1], hubs, None if quick else 20.0),
        *partitioning_hypergraph.compare(quick, PARTS, IMBALANCE_MAX),
        Row("this machine, two threads that share nothing", _parallelism(), "x one"),
    ]


def _parallelism() -> float:
    """How much two threads get done in the time that one takes: the bound of any speedup."""
    words = np.arange(2**24, dtype=np.uint64)
    hash_words(words[:1])
    with ThreadPoolExecutor(2) as pool:
        started = time.perf_counter()
        for _ in range(4):
            hash_words(words)
        one = time.perf_counter() - started
        started = time.perf_counter()
        list(pool.map(hash_words, [words] * 8))
        return 2 * one / (time.perf_counter() - started)


def _compare(graph: str, pairs: graphs.Pairs, speedup_min: float | None) -> list[Row]:
    edges = EdgeSet(
        DEFAULT_RELATION, pairs.sources.astype(np.int64), pairs.destinations.astype(np.int64)
    )
    problem = PartitionProblem(("node",), np.array([0, pairs.num_nodes]), (edges,))
    million_edges = len(edges.sources) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        np.savez(
            f"{folder}/edges.npz",
            num_nodes=pairs.num_nodes,
            edges=np.stack([edges.sources, edges.destinations]),
        )
        rows = []
        for name in CHEAP:
            found = _run(problem, folder, name, threads=1)
            rows += _figures(f"{graph}: {name}", found, million_edges)
        streamed = _run(problem, folder, "streaming", threads=1)
        metis = _run(problem, folder, "metis", threads=1)
        one = _run(problem, folder, "multilevel", threads=1)
        two = _run(problem, folder, "multilevel", threads=2)
        loosest = max(IMBALANCE_MAX, metis.quality.edge_balance)
        loose = _run(problem, folder, "multilevel", threads=1, imbalance=loosest)
    rows += _figures(f"{graph}: metis", metis, million_edges)
    rows += _figures(f"{graph}: streaming", streamed, million_edges)

    name = f"{graph}: multilevel"
    cut, limit = one.quality.edge_cut, IMBALANCE_MAX
    return [
        *rows,
        compared(f"{name}, edge cut", cut, "", "metis", metis.quality.edge_cut, at_most=1.0),
        compared(
            f"{name}, edge cut with metis's balance", loose.quality.edge_cut, "",
            "metis", metis.quality.edge_cut, at_most=1.0,
        ),
        compared(f"{name}, nodes", one.quality.node_balance, "", "even", 1.0, at_most=limit),
        compared(f"{name}, edge ends", one.quality.edge_balance, "", "even", 1.0, at_most=limit),
        compared(
            f"{name}, speed", million_edges / one.processor_s, "M edges/s",
            "metis", million_edges / metis.processor_s, at_least=speedup_min,
        ),
        compared(
            f"{name}, peak memory", one.memory_bytes / 2**20, "MiB",
            "metis", metis.memory_bytes / 2**20, at_most=MEMORY_MAX,
        ),
        compared(
            f"{name}, two threads", million_edges / two.wall_s, "M edges/s",
            "one thread", million_edges / one.wall_s, at_least=THREADS_SPEEDUP_MIN,
        ),
    ]  # fmt: skip


def _figures(name: str, found: Run, million_edges: float) -> list[Row]:
    """A partitioner's figures without a reference."""
    quality = found.quality
    return [
        Row(f"{name}, edge cut", quality.edge_cut, ""),
        Row(f"{name}, nodes", quality.node_balance, "", "even", 1.0, quality.node_balance),
        Row(f"{name}, edge ends", quality.edge_balance, "", "even", 1.0, quality.edge_balance),
        Row(f"{name}, speed", million_edges / found.processor_s, "M edges/s"),
        Row(f"{name}, peak memory", found.memory_bytes / 2**20, "MiB"),
    ]


def _run(
    problem: PartitionProblem,
    folder: str,
    name: str,
    threads: int,
    imbalance: float = IMBALANCE_MAX,
) -> Run:
    worker = Path(__file__).with_name("partitioning_worker.py")
    command = [sys.executable, str(worker), folder, name, str(PARTS), str(threads), str(imbalance)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    assignment = np.load(f"{folder}/assignment.npy")
    quality = measure(problem, assignment, PARTS)
    return Run(**result, quality=quality)
