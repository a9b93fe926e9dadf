"""Ways to draw neighbours beside the uniform one: by weight, by time, in agreement, by relation.

In one process, on one graph whose edges have a weight and a time. Every figure is the median of
rounds in which all candidates took turns.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

import graphray as gr
from benchmarks.graphs import Pairs, rmat
from benchmarks.report import Row, compared
from benchmarks.sampling_worker import BATCH_SIZE

UNIT = "M edges/s"
PARTS = 4
FANOUTS = ([15, 10, 5], [25, 10])
WAYS: dict[str, tuple[dict[str, Any], float | None]] = {
    "with replacement": ({"replace": True}, None),
    "a tree per seed": ({"disjoint": True}, None),
    "weighted": ({"weight": "weight"}, 0.5),
    "weighted, with replacement": ({"weight": "weight", "replace": True}, 0.5),
    "temporal": ({"edge_time": "time"}, 0.5),
    "temporal, weighted": ({"edge_time": "time", "weight": "weight"}, None),
    "temporal, the latest": ({"edge_time": "time", "time_strategy": "latest"}, 0.5),
}
TIMES = 10**6

LABOR_BATCHES = 2
LABORS: dict[str, dict[str, Any]] = {
    "LABOR-0": {},
    "LABOR-0, weighted": {"weight": "weight"},
    "LABOR-1": {"iterations": 1},
}

NODE_TYPES = ("even", "odd")
SPLIT_FANOUT = [8, 5, 3]
"""Per relation: a node draws along two, so about as much as by the first of `FANOUTS`."""
HETEROGENEOUS_TARGET = 0.8


def draw_rows(scale: int, rounds: int, batches: int) -> Iterator[Row]:
    """A row for each way to draw, beside uniform draws in the same run.

    Args:
        scale: the logarithm of the graph's number of nodes.
        rounds: how often each candidate has its turn.
        batches: batches in a turn.
    """
    with tempfile.TemporaryDirectory() as folder:
        pairs = rmat(scale, 30, rng_seed=1)
        whole, split = f"{folder}/whole", f"{folder}/split"
        _build_with_columns(pairs, whole)
        _build_in_relations(pairs, split)
        del pairs
        graph = gr.open(whole)
        for fanout in FANOUTS:
            yield from _ways(graph, fanout, rounds, batches)
        yield _heterogeneous(graph, gr.open(split), rounds, batches)


def _ways(graph: gr.Graph, fanout: list[int], rounds: int, batches: int) -> Iterator[Row]:
    seeds = _seeds(graph, batches)
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "rng_seed": 1}
    loaders = [graph.loader(seeds, fanout, **settings)]
    for options, _ in WAYS.values():
        times = np.full(len(seeds), TIMES // 2) if "edge_time" in options else None
        loaders.append(graph.loader(seeds, fanout, seed_times=times, **settings, **options))
    uniform, *rates = _rates(loaders, rounds)
    label = f"fanout {','.join(map(str, fanout))}"
    for (name, (_, target)), rate in zip(WAYS.items(), rates, strict=True):
        yield compared(f"{name}, {label}", rate, UNIT, "uniform", uniform, at_least=target)
    yield from _labor(graph, fanout, rounds)


def _labor(graph: gr.Graph, fanout: list[int], rounds: int) -> Iterator[Row]:
    """LABOR, on few batches: its time goes by the entries of the rows, not by what is drawn."""
    seeds = _seeds(graph, LABOR_BATCHES)
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "rng_seed": 1}
    loaders = [graph.loader(seeds, fanout, **settings)]
    for options in LABORS.values():
        loaders.append(graph.loader(seeds, sampling=gr.Labor(fanout, **options), **settings))
    nodes = [sum(batch.num_nodes for batch in loader.epoch(0)) for loader in loaders]
    rates = _rates(loaders, rounds)
    for name, rate, count in zip(LABORS, rates[1:], nodes[1:], strict=True):
        label = f"{name}, fanout {','.join(map(str, fanout))}"
        yield compared(label, rate, UNIT, "uniform", rates[0])
        kilo = LABOR_BATCHES * 1e3
        yield compared(f"{label}: nodes of a batch", count / kilo, "k", "uniform", nodes[0] / kilo)


def _heterogeneous(whole: gr.Graph, split: gr.Graph, rounds: int, batches: int) -> Row:
    seeds = _seeds(whole, batches)
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "rng_seed": 1}
    name = NODE_TYPES[0]
    loaders = [
        whole.loader(seeds, FANOUTS[0], **settings),
        split.loader((name, seeds[seeds % 2 == 0]), SPLIT_FANOUT, **settings),
    ]
    one, several = _rates(loaders, rounds)
    return compared(
        f"4 relations, 2 node types, fanout {','.join(map(str, SPLIT_FANOUT))} each",
        several,
        UNIT,
        "one relation",
        one,
        at_least=HETEROGENEOUS_TARGET,
    )


def _rates(loaders: Sequence[gr.Loader[gr.Batch]], rounds: int) -> list[float]:
    """Millions of edges a second of each, after a round that compiles and grows buffers."""
    turns = [[_turn(loader, epoch) for loader in loaders] for epoch in range(rounds + 1)]
    return [statistics.median(rates) for rates in zip(*turns[1:], strict=True)]


def _turn(loader: gr.Loader[gr.Batch], epoch: int) -> float:
    edges = 0
    started = time.perf_counter()
    for batch in loader.epoch(epoch):
        edges += batch.num_edges
    return edges / (time.perf_counter() - started) / 1e6


def _seeds(graph: gr.Graph, batches: int) -> np.ndarray:
    return np.random.default_rng(1).permutation(graph.num_nodes())[: BATCH_SIZE * batches]


def _build_with_columns(pairs: Pairs, store: str) -> None:
    rng = np.random.default_rng(1)
    count = len(pairs.sources)
    edges = pa.table(
        {
            "src": pairs.sources,
            "dst": pairs.destinations,
            "weight": rng.exponential(size=count).astype(np.float32),
            "time": rng.integers(0, TIMES, count, np.int32),
        }
    )
    ids = np.arange(pairs.num_nodes)
    gr.build(edges, store, nodes=ids, parts=PARTS, partitioner="hash", directed=False)


def _build_in_relations(pairs: Pairs, store: str) -> None:
    """The same edges in both directions, by whether the numbers of their ends are even."""
    sources = np.concatenate([pairs.sources, pairs.destinations])
    destinations = np.concatenate([pairs.destinations, pairs.sources])
    edges = {}
    for i, source in enumerate(NODE_TYPES):
        for j, destination in enumerate(NODE_TYPES):
            mine = (sources % 2 == i) & (destinations % 2 == j)
            edges[source, "edge", destination] = (sources[mine], destinations[mine])
    nodes = {
        name: pa.table({"id": np.arange(i, pairs.num_nodes, 2)})
        for i, name in enumerate(NODE_TYPES)
    }
    gr.build(edges, store, nodes=nodes, parts=PARTS, partitioner="hash")
