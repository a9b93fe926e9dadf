"""Reading properties: from mapped partitions beside the bound, from another node with a cache.

A gather is held against NumPy's ``take`` out of one array: as a reader would call it, which makes
room for the answer as we do, and as a bound, into room that is there. Remote reads are those of
sampled batches: all properties of the nodes of each, about half of which lie on the other node.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import graphray as gr
from benchmarks.cluster import CPUS, cluster
from benchmarks.graphs import communities
from benchmarks.report import Row, compared
from graphray.reading.gather import node_columns
from graphray.reading.hot_rows import RowsOf

WIDTH = 100
READ_ROWS = 100_000
BATCH_SIZE, FANOUT = 512, [10, 5]
CACHE_SHARES = (0.05, 0.2)
TAKE_TARGET = 1.0
Array = npt.NDArray[Any]


def run(quick: bool) -> list[Row]:
    """Every row of the benchmark."""
    num_nodes, num_edges, rounds, batches = (
        (100_000, 800_000, 3, 10) if quick else (1_000_000, 8_000_000, 7, 40)
    )
    with tempfile.TemporaryDirectory() as folder:
        _, *pairs = communities(num_nodes, num_edges, rng_seed=1)
        rng = np.random.default_rng(1)
        values = pa.array(rng.random(num_nodes * WIDTH, np.float32))
        x = pa.FixedSizeListArray.from_arrays(values, WIDTH)
        nodes = pa.table({"id": np.arange(num_nodes), "x": x, "y": rng.random(num_nodes)})
        for parts, how in ((4, "hash"), (2, "multilevel")):
            gr.build(
                tuple(pairs),
                f"{folder}/{parts}",
                nodes=nodes,
                parts=parts,
                partitioner=how,
                directed=False,
            )
        rows = list(_mapped(gr.open(f"{folder}/4"), rounds))
        size_bytes = num_nodes * WIDTH * 4
        return rows + list(_two_nodes(f"{folder}/2", size_bytes, rounds, batches))


def _mapped(graph: gr.Graph, rounds: int) -> Iterator[Row]:
    """Rows from four mapped partitions, by one thread and by all."""
    whole = np.ascontiguousarray(graph.features(np.arange(graph.num_nodes()), "x"))
    gids = np.random.default_rng(2).integers(0, graph.num_nodes(), READ_ROWS)
    out = np.empty((READ_ROWS, WIDTH), np.float32)
    several = len(os.sched_getaffinity(0))

    def ours() -> None:
        node_columns(graph.access, "node", ["x"], gids)

    def take() -> None:
        np.take(whole, gids, axis=0)

    def take_into() -> None:
        np.take(whole, gids, axis=0, out=out, mode="clip")

    with _processors(1):
        seconds = _medians([ours, take, take_into], rounds)
    seconds += _medians([ours], rounds)
    one, taken, bound, many = (out.nbytes / each / 1e9 for each in seconds)
    label = f"4 mapped partitions, {WIDTH} floats"
    name = f"{label}, 1 thread"
    yield compared(name, one, "GB/s", "numpy.take", taken, at_least=TAKE_TARGET)
    yield compared(name, one, "GB/s", "bound", bound)
    yield compared(f"{label}, {several} threads", many, "GB/s", "1 thread", one)


def _two_nodes(store: str, size_bytes: int, rounds: int, batches: int) -> Iterator[Row]:
    """Properties of sampled batches whose nodes are on two nodes of the cluster."""
    # So many CPUs that a node has room for one partition only.
    options = gr.LaunchOptions(cpus_per_replica=0.75 * CPUS)
    with cluster(nodes=2), gr.launch(store, "benchmark", replicas=1, options=options) as graph:
        seeds = np.random.default_rng(3).permutation(graph.num_nodes())[: BATCH_SIZE * batches]
        loader = graph.loader(seeds, FANOUT, batch_size=BATCH_SIZE, rng_seed=1)
        epochs = [list(loader.epoch(epoch)) for epoch in (0, 1)]
        for share in CACHE_SHARES:
            for by in ("degree", "pagerank", "use"):
                name = f"two nodes, {share:.0%} of all rows cached by {by}"
                budget = int(share * size_bytes)
                yield from _with_cache(name, graph, epochs, seeds, budget, by, rounds)
        graph.shutdown()


def _with_cache(
    name: str,
    graph: gr.Graph,
    epochs: Sequence[Sequence[gr.Batch]],
    seeds: Array,
    budget: int,
    by: str,
    rounds: int,
) -> Iterator[Row]:
    """Rows a second with a cache, beside those without in the same rounds; and its hit rate.

    By use, a cache is chosen by the first epoch; all are measured with the second.
    """
    first, second = epochs
    num_rows = sum(batch.num_nodes for batch in second)

    def read(batches: Sequence[gr.Batch]) -> float:
        started = time.perf_counter()
        for batch in batches:
            batch.features(["x", "y"])
        return time.perf_counter() - started

    without, with_cache = [], []
    for _ in range(rounds):
        graph.cache_features(["x", "y"], 0)
        without.append(read(second))
        graph.access.cache.uses(RowsOf("node")).forget()
        read(first)
        graph.cache_features(["x", "y"], budget, by=by, seeds=seeds if by == "pagerank" else None)
        before = graph.cache_counts()
        with_cache.append(read(second))
        after = graph.cache_counts()
    hits, misses = after.hits - before.hits, after.misses - before.misses
    rates = [num_rows / statistics.median(each) / 1e6 for each in (with_cache, without)]
    yield compared(name, rates[0], "M rows/s", "no cache", rates[1])
    yield Row(f"{name}: hits among rows elsewhere", 100 * hits / (hits + misses), "%")


def _medians(candidates: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """The median seconds of each, taking turns."""
    seconds: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds + 1):
        for candidate, taken in zip(candidates, seconds, strict=True):
            started = time.perf_counter()
            candidate()
            taken.append(time.perf_counter() - started)
    # The first round maps and compiles.
    return [statistics.median(taken[1:]) for taken in seconds]


@contextmanager
def _processors(count: int) -> Iterator[None]:
    """Only so many processors for this process; gathers then take as many threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
