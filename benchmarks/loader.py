"""Training end to end: GraphSAGE with the sampler hidden behind it, beside the model alone.

The model alone trains on batches that lie in memory, sampled and with their features. End to end,
the same batches are sampled and their features read in the epoch, ahead of the model, in a thread
that runs while PyTorch computes. PyTorch leaves one core to it, in both: what is compared is the
sampler's share of the time, not the model's of the cores. All cores for PyTorch is a row as well,
and there the sampler has to take its time from the model.

An epoch is of few batches, and what is not hidden of it (the first batch) counts in full.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

import graphray as gr
from benchmarks.cluster import cluster
from benchmarks.graphs import rmat
from benchmarks.report import Row, compared, skipped

WIDTH, CLASSES = 100, 47
BATCH_SIZE, FANOUT = 512, [15, 10, 5]
END_TO_END_TARGET = 1.1
MODEL_ALONE = "model alone"


@dataclass(frozen=True)
class Way:
    """When batches are sampled: so many ahead of the model, or each when its turn comes."""

    name: str
    prefetch: int


AHEAD = Way("sampled ahead", 4)
WAYS = (AHEAD, Way("sampled in between", 0))


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    scale: int
    edge_factor: int
    hidden: int
    batches: int
    rounds: int


def run(quick: bool) -> list[Row]:
    """Every row of the benchmark; one that says so where PyTorch is missing."""
    if importlib.util.find_spec("torch") is None:
        return [skipped("GraphSAGE, an epoch", "s", "torch is not installed")]
    size = Size(15, 15, 128, 8, 3) if quick else Size(19, 15, 256, 8, 3)
    cores = len(os.sched_getaffinity(0))
    fewer = max(1, cores - 1)
    with tempfile.TemporaryDirectory() as folder:
        store = _build(f"{folder}/store", size)
        rows = [*_rows(gr.open(store), "opened", size, {fewer, cores}, WAYS)]
        with cluster(nodes=1), gr.launch(store, "benchmark", replicas=1) as graph:
            rows += _rows(graph, "running, mapped", size, {fewer}, [AHEAD])
            graph.shutdown()
    return rows


def _build(uri: str, size: Size) -> str:
    num_nodes, *pairs = rmat(size.scale, size.edge_factor, rng_seed=1)
    rng = np.random.default_rng(1)
    values = pa.array(rng.standard_normal(num_nodes * WIDTH, np.float32))
    nodes = pa.table(
        {
            "id": np.arange(num_nodes),
            "x": pa.FixedSizeListArray.from_arrays(values, WIDTH),
            "y": rng.integers(0, CLASSES, num_nodes),
        }
    )
    gr.build(tuple(pairs), uri, nodes=nodes, parts=4, partitioner="hash", directed=False)
    return uri


def _rows(
    graph: gr.Graph, label: str, size: Size, threads: Collection[int], ways: Sequence[Way]
) -> Iterator[Row]:
    """Epochs beside those of the model alone, with PyTorch on so many threads."""
    from benchmarks.loader_model import Trainer, set_threads

    seeds = np.random.default_rng(2).permutation(graph.num_nodes())
    seeds = seeds[: BATCH_SIZE * size.batches]
    trainer = Trainer(WIDTH, size.hidden, CLASSES, len(FANOUT))

    def epoch(prefetch: int) -> Any:
        loader = graph.loader(seeds, FANOUT, batch_size=BATCH_SIZE, rng_seed=1, prefetch=prefetch)
        return loader.to_torch({"node": ["x", "y"]})

    def train_sampled(prefetch: int) -> None:
        trainer.train(epoch(prefetch))

    ready = list(epoch(0))
    cores = len(os.sched_getaffinity(0))
    for count in sorted(threads):
        set_threads(count)
        candidates = [partial(trainer.train, ready)]
        candidates += [partial(train_sampled, way.prefetch) for way in ways]
        alone, *seconds = _medians(candidates, size.rounds)
        for way, taken in zip(ways, seconds, strict=True):
            is_bound = way is AHEAD and (count < cores or cores == 1)
            yield compared(
                f"{label}, PyTorch on {count} of {cores} cores, {way.name}",
                taken,
                "s",
                MODEL_ALONE,
                alone,
                at_most=END_TO_END_TARGET if is_bound else None,
            )


def _medians(candidates: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """The median seconds of each, taking turns."""
    seconds: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds + 1):
        for candidate, taken in zip(candidates, seconds, strict=True):
            started = time.perf_counter()
            candidate()
            taken.append(time.perf_counter() - started)
    # The first round compiles, and makes PyTorch's buffers.
    return [statistics.median(taken[1:]) for taken in seconds]
