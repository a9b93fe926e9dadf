"""Walks and made-up neighbourhoods, in one process, beside the gather bound.

A step of a walk reads a row's bounds, which lie in a table as long as the nodes are many, and one
neighbour: the two reads of the bound, of a sampled edge. Rates are those of `Graph.walk_loader` and
`Graph.loader`, and the median of rounds in which all candidates took turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import graphray as gr
from benchmarks import gather
from benchmarks.report import Row, compared
from graphray.schema import DEFAULT_RELATION

LENGTH = 40
BATCH_SIZE = 4096
WALKS: dict[str, tuple[gr.RandomWalks, float | None]] = {
    "random walks": (gr.RandomWalks(LENGTH), 0.3),
    "random walks with restart": (gr.RandomWalks(LENGTH, restart=0.2), None),
    "node2vec, p = 4, q = 0.25": (gr.RandomWalks(LENGTH, p=4.0, q=0.25), None),
    "node2vec, p = 0.25, q = 4": (gr.RandomWalks(LENGTH, p=0.25, q=4.0), None),
}
PLANS: dict[str, Any] = {
    "importance neighbourhoods": gr.ImportanceNeighbors([10], walks_per_node=50),
    "PageRank neighbourhoods": gr.PageRankNeighbors(32),
}
SEEDS_PER_PLAN = 256


def walk_rows(store: str, rounds: int, batches: int) -> Iterator[Row]:
    """A row for each kind of walk and neighbourhood.

    Args:
        store: the graph, of one node type and one relation.
        rounds: how often each candidate has its turn.
        batches: how many times 1,024 walks there are in a turn.
    """
    graph = gr.open(store)
    some = np.random.default_rng(1).permutation(graph.num_nodes())
    seeds = some[: 1024 * batches]
    loaders = [
        graph.walk_loader(seeds, walks, batch_size=BATCH_SIZE) for walks, _ in WALKS.values()
    ]
    plans = [
        graph.loader(some[:SEEDS_PER_PLAN], sampling=plan, batch_size=SEEDS_PER_PLAN)
        for plan in PLANS.values()
    ]
    turns: list[Callable[[int], float]] = [
        lambda _: (
            gather.measure(graph.num_nodes(), graph.num_edges(DEFAULT_RELATION), 1).edges_per_s
        ),
        *(lambda epoch, each=each: _steps_per_s(each, epoch) for each in loaders),
        *(lambda epoch, each=each: _seeds_per_s(each, epoch) for each in plans),
    ]
    # The first round compiles and maps.
    measured = [[turn(epoch) for turn in turns] for epoch in range(rounds + 1)][1:]
    bound, *rates = (statistics.median(each) for each in zip(*measured, strict=True))
    for (name, (_, target)), rate in zip(WALKS.items(), rates, strict=False):
        yield compared(
            f"{name}, length {LENGTH}",
            rate / 1e6,
            "M steps/s",
            "gather bound",
            bound / 1e6,
            at_least=target,
        )
    for name, rate in zip(PLANS, rates[len(WALKS) :], strict=True):
        yield Row(name, rate / 1e3, "k seeds/s")


def _steps_per_s(loader: gr.Loader[gr.WalkBatch], epoch: int) -> float:
    seconds, steps = 0.0, 0
    batches = loader.epoch(epoch)
    while True:
        started = time.perf_counter()
        batch = next(batches, None)
        seconds += time.perf_counter() - started
        if batch is None:
            return steps / seconds
        steps += batch.num_steps


def _seeds_per_s(loader: gr.Loader[gr.Batch], epoch: int) -> float:
    started = time.perf_counter()
    seeds = sum(batch.num_seeds for batch in loader.epoch(epoch))
    return seeds / (time.perf_counter() - started)
