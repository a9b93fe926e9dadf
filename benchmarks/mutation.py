"""Writing to a running graph: throughput and latency by strategy, point reads, recovery, snapshots.

Writes are held against SQLite in WAL mode with ``synchronous=FULL``, a batch a commit, in turns on
the same disk: that is what one process gets from one disk without replicas. Point reads are held
against a bare call of a Ray actor. Sampling a snapshot while others write is held against sampling
the same graph while nobody does.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import ray

import graphray as gr
from benchmarks.cluster import cluster
from benchmarks.graphs import communities
from benchmarks.report import Row, compared

BATCH = 1_000
REPLICAS = 3
WRITERS = 4
STRATEGIES = ("full", "quorum", "chain")
RELATION = ("node", "edge", "node")
PACED_EDGES_PER_S = 10_000
WRITE_TARGET, READ_TARGET, SNAPSHOT_TARGET = 0.5, 1.3, 0.9
_WAIT_S = 120.0

Ints = npt.NDArray[np.int64]


def run(quick: bool) -> list[Row]:
    """Every row of the benchmark."""
    nodes, edges, batches, rounds = (
        (20_000, 160_000, 10, 2) if quick else (200_000, 1_600_000, 40, 5)
    )
    with tempfile.TemporaryDirectory() as folder, cluster(REPLICAS):
        _, *pairs = communities(nodes, edges, rng_seed=1)
        rows: list[Row] = []
        for parts in (1, 4):
            store = f"{folder}/{parts}"
            everyone = pa.table({"id": np.arange(nodes)})
            gr.build(tuple(pairs), store, nodes=everyone, parts=parts, partitioner="hash")
        for strategy in STRATEGIES:
            for parts in (1, 4) if strategy == "full" else (1,):
                about = f"{strategy}, {parts} partition{'s' * (parts > 1)}"
                with _running(folder, strategy, parts) as graph:
                    rows += _writes(graph, about, folder, nodes, batches, rounds)
        with _running(folder, "full", 1) as graph:
            rows += _point_reads(graph, nodes, 200 if quick else 2_000)
            rows += _recovery(graph, nodes, (10, 40) if quick else (100, 1_000))
        with _running(folder, "full", 4) as graph:
            rows += _snapshots(graph, nodes, 5.0 if quick else 15.0)
    return rows


@contextmanager
def _running(folder: str, strategy: str, parts: int) -> Iterator[gr.Graph]:
    with tempfile.TemporaryDirectory(dir=folder) as data_dir:
        options = gr.LaunchOptions(replication=strategy, data_dir=data_dir)  # type: ignore[arg-type]
        name = f"{strategy}-{parts}-{os.urandom(3).hex()}"
        graph = gr.launch(f"{folder}/{parts}", name, replicas=REPLICAS, options=options)
        try:
            _write(graph, _batch(np.random.default_rng(0), 100, 1))  # Replication begins with it.
            yield graph
        finally:
            graph.shutdown()


def _batch(rng: np.random.Generator, nodes: int, size: int = BATCH) -> pa.Table:
    ends = rng.integers(0, nodes, (2, size))
    return pa.table({"src": ends[0], "dst": ends[1]})


def _write(graph: gr.Graph, table: pa.Table) -> None:
    with graph.transaction() as changes:
        changes.add_edges(RELATION, table)


# --- writes ---------------------------------------------------------------------------------------


def _writes(
    graph: gr.Graph, about: str, folder: str, nodes: int, batches: int, rounds: int
) -> Iterator[Row]:
    """Batches by one writer and by several, each in turns with SQLite."""
    rng = np.random.default_rng(1)
    tables = [_batch(rng, nodes) for _ in range(batches)]
    ours, several, sqlite = [], [], []
    with _sqlite(folder) as commit:
        _timed(lambda table: _write(graph, table), tables[:5])
        for _ in range(rounds):
            sqlite.append(_timed(commit, tables))
            ours.append(_timed(lambda table: _write(graph, table), tables))
            several.append(_at_once(lambda table: _write(graph, table), tables))
    reference = _rate(sqlite)
    latencies_ms = np.concatenate([latencies for latencies, _ in ours]) * 1e3
    p50, p95, p99 = np.percentile(latencies_ms, [50, 95, 99])
    named = "SQLite, WAL, synchronous=FULL"
    yield compared(
        f"{about}: batches of {BATCH:,} edges, 1 writer",
        _rate(ours), "k edges/s", named, reference, at_least=WRITE_TARGET,
    )  # fmt: skip
    yield compared(
        f"{about}: {WRITERS} writers at once",
        _rate(several), "k edges/s", named, reference, at_least=WRITE_TARGET,
    )  # fmt: skip
    for quantile, value in (("p50", p50), ("p95", p95), ("p99", p99)):
        yield Row(f"{about}: latency {quantile}", float(value), "ms")


Latencies = npt.NDArray[np.float64]


def _timed(write: Callable[[pa.Table], None], tables: list[pa.Table]) -> tuple[Latencies, float]:
    """The seconds of each batch, and of all together, one after the other."""
    latencies = []
    started = time.perf_counter()
    for table in tables:
        begun = time.perf_counter()
        write(table)
        latencies.append(time.perf_counter() - begun)
    return np.array(latencies), time.perf_counter() - started


def _at_once(write: Callable[[pa.Table], None], tables: list[pa.Table]) -> tuple[Latencies, float]:
    started = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, tables))
    return np.empty(len(tables)), time.perf_counter() - started


def _rate(rounds: list[tuple[Latencies, float]]) -> float:
    return statistics.median(len(each) * BATCH / seconds / 1e3 for each, seconds in rounds)


@contextmanager
def _sqlite(folder: str) -> Iterator[Callable[[pa.Table], None]]:
    path = Path(folder) / f"{os.urandom(3).hex()}.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table edge (src integer, dst integer)")

    def commit(table: pa.Table) -> None:
        rows = zip(table["src"].to_pylist(), table["dst"].to_pylist(), strict=True)
        database.execute("begin")
        database.executemany("insert into edge values (?, ?)", rows)
        database.execute("commit")

    try:
        yield commit
    finally:
        database.close()


# --- point reads ----------------------------------------------------------------------------------


class Bare:
    """An actor that does nothing."""

    def call(self, data: bytes) -> bytes:
        """What a strong read needs at the least."""
        return data


def _point_reads(graph: gr.Graph, nodes: int, reads: int) -> Iterator[Row]:
    """Strong reads of one node's row, in turns with a call that does nothing."""
    actor: Any = ray.remote(Bare)
    bare, data = actor.options(num_cpus=0.01).remote(), b"x" * 100
    reader, rng = graph.read(), np.random.default_rng(2)
    ray.get(bare.call.remote(data))
    ours_s, bare_s = [], []
    for node in rng.integers(0, nodes, reads).tolist():
        begun = time.perf_counter()
        ray.get(bare.call.remote(data))
        called = time.perf_counter()
        reader.neighbors(node)
        ours_s.append(time.perf_counter() - called)
        bare_s.append(called - begun)
    ray.kill(bare)
    yield compared(
        "strong read of a node's neighbours, p50",
        statistics.median(ours_s) * 1e3, "ms", "a bare Ray call", statistics.median(bare_s) * 1e3,
        at_most=READ_TARGET,
    )  # fmt: skip


# --- recovery -------------------------------------------------------------------------------------


def _recovery(graph: gr.Graph, nodes: int, lengths: tuple[int, ...]) -> Iterator[Row]:
    """From the kill of the primary: to the next acknowledged write, and to full redundancy."""
    rng = np.random.default_rng(3)
    written = 0
    for length in lengths:
        for _ in range(length - written):
            _write(graph, _batch(rng, nodes))
        written = length
        victim = next(r for r in graph.replicas() if r.replica == 0)
        assert victim.pid is not None
        begun = time.perf_counter()
        os.kill(victim.pid, signal.SIGKILL)
        _write(graph, _batch(rng, nodes, 1))
        yield Row(
            f"a replica killed, log of {length:,} batches: next write acknowledged",
            time.perf_counter() - begun, "s",
        )  # fmt: skip
        _await_well(graph, victim.pid)
        yield Row(
            f"a replica killed, log of {length:,} batches: full redundancy",
            time.perf_counter() - begun, "s",
        )  # fmt: skip


def _await_well(graph: gr.Graph, killed: int) -> None:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        status = graph.status()
        if status.is_well and killed not in {replica.pid for replica in status.replicas}:
            return
        threading.Event().wait(0.05)
    raise TimeoutError(f"no full redundancy within {_WAIT_S} s")


# --- snapshots ------------------------------------------------------------------------------------


def _snapshots(graph: gr.Graph, nodes: int, seconds: float) -> Iterator[Row]:
    """Sampling a snapshot while a writer adds edges at a steady pace, beside nobody writing."""
    begun = time.perf_counter()
    with graph.snapshot() as state:
        yield Row("a snapshot taken", (time.perf_counter() - begun) * 1e3, "ms")
        begun = time.perf_counter()
        _sampled_per_s(state, nodes, 0.1)
        yield Row("its first batch, folding included", time.perf_counter() - begun, "s")
        quiet, busy = [], []
        for _ in range(3):
            quiet.append(_sampled_per_s(graph, nodes, seconds / 3))
            with _paced_writer(graph, nodes) as pace:
                busy.append(_sampled_per_s(state, nodes, seconds / 3))
            if pace.behind:
                yield Row("writer's pace", None, "", reference="too slow a machine to keep it")
        yield compared(
            f"sampling a snapshot while {PACED_EDGES_PER_S:,} edges/s are written",
            statistics.median(busy), "M edges/s",
            "the graph while nobody writes", statistics.median(quiet), at_least=SNAPSHOT_TARGET,
        )  # fmt: skip


def _sampled_per_s(graph: gr.Graph, nodes: int, seconds: float) -> float:
    """Millions of edges per second, by one thread, for about that long."""
    loader = graph.loader(np.arange(nodes), [15, 10, 5], batch_size=1024, shuffle=True, rng_seed=1)
    edges, begun = 0, 0.0
    for number, batch in enumerate(loader.epoch(0)):
        if number == 1:  # The first one maps.
            begun, edges = time.perf_counter(), 0
        edges += batch.num_edges
        if begun and time.perf_counter() - begun > seconds:
            break
    return edges / (time.perf_counter() - begun) / 1e6


class _Pace:
    behind = False


@contextmanager
def _paced_writer(graph: gr.Graph, nodes: int) -> Iterator[_Pace]:
    """Another process that writes at a steady pace while the block runs."""
    stop, pace = threading.Event(), _Pace()
    rng = np.random.default_rng(4)

    def write() -> None:
        due = time.perf_counter()
        while not stop.wait(max(0.0, due - time.perf_counter())):
            _write(graph, _batch(rng, nodes))
            due += BATCH / PACED_EDGES_PER_S
            pace.behind = time.perf_counter() > due + 1.0

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield pace
    finally:
        stop.set()
        writer.join()
