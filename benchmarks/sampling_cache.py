"""Sampling over two nodes with neighbours of the other node's hottest nodes kept on this one."""

from __future__ import annotations

import pickle
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

import graphray as gr
from benchmarks.report import Row, compared
from graphray.reading.hot_rows import RowsOf
from graphray.schema import DEFAULT_RELATION

BATCH_SIZE, IN_FLIGHT = 1024, 4
SHARES = (0.1, 0.5)
CHOSEN_BY = ("degree", "pagerank", "use")
UNIT = "M edges/s"


@dataclass
class _Traffic:
    """What was asked of owners, and the bytes of it and of the answers."""

    calls: int = 0
    moved_bytes: int = 0


def cached_rows(
    graph: gr.Graph, elsewhere_bytes: int, fanout: list[int], rounds: int, batches: int
) -> Iterator[Row]:
    """Figures with a cache beside those without, in the same rounds.

    Args:
        graph: runs on two nodes, each of which holds one of two partitions.
        elsewhere_bytes: the adjacency of the other node's partition.
        fanout: draws per hop.
        rounds: how often each is measured.
        batches: in a round.
    """
    seeds = np.random.default_rng(1).permutation(graph.num_nodes())[: BATCH_SIZE * batches]
    loader = graph.loader(seeds, fanout, batch_size=BATCH_SIZE, rng_seed=1, in_flight=IN_FLIGHT)
    for share in SHARES:
        for by in CHOSEN_BY:
            name = f"two nodes, METIS, {share:.0%} of the rows elsewhere cached by {by}"
            budget = int(share * elsewhere_bytes)
            yield from _with_cache(name, graph, loader, budget, by, seeds, rounds)


def _with_cache(
    name: str,
    graph: gr.Graph,
    loader: gr.Loader[gr.Batch],
    budget: int,
    by: str,
    seeds: np.ndarray,
    rounds: int,
) -> Iterator[Row]:
    """The second epoch's rate, hits and traffic; by use, rows are chosen by the first."""

    def prepare() -> None:
        graph.cache_neighbors(0)
        graph.access.cache.uses(RowsOf.neighbors(DEFAULT_RELATION, "in")).forget()
        _rate(loader, 0)
        graph.cache_neighbors(budget, by=by, seeds=seeds if by == "pagerank" else None)

    without, with_cache = [], []
    for _ in range(rounds):
        graph.cache_neighbors(0)
        without.append(_rate(loader, 1))
        prepare()
        before = graph.neighbor_cache_counts()
        with_cache.append(_rate(loader, 1))
        after = graph.neighbor_cache_counts()
    hits, misses = after.hits - before.hits, after.misses - before.misses
    rates = [statistics.median(each) / 1e6 for each in (with_cache, without)]
    yield compared(name, rates[0], UNIT, "no cache", rates[1])
    yield Row(f"{name}: hits among nodes elsewhere", 100 * hits / (hits + misses), "%")
    cached = _traffic(graph, loader)
    graph.cache_neighbors(0)
    plain = _traffic(graph, loader)
    yield compared(f"{name}: calls an epoch", cached.calls, "calls", "no cache", plain.calls)
    moved = [each.moved_bytes / 2**20 for each in (cached, plain)]
    yield compared(f"{name}: moved an epoch", moved[0], "MiB", "no cache", moved[1])


def _rate(loader: gr.Loader[gr.Batch], epoch: int) -> float:
    """Edges a second."""
    started = time.perf_counter()
    edges = sum(batch.num_edges for batch in loader.epoch(epoch))
    return edges / (time.perf_counter() - started)


def _traffic(graph: gr.Graph, loader: gr.Loader[gr.Batch]) -> _Traffic:
    """Of the second epoch's draws."""
    with _counted(graph) as traffic:
        for _ in loader.epoch(1):
            pass
    return traffic


@contextmanager
def _counted(graph: gr.Graph) -> Iterator[_Traffic]:
    access: Any = graph.access
    call_all, traffic, lock = access.call_all, _Traffic(), threading.Lock()

    def counted(requests: Mapping[int, Any]) -> dict[int, Any]:
        answers: dict[int, Any] = call_all(requests)
        moved_bytes = len(pickle.dumps((dict(requests), answers)))
        with lock:  # Several batches are in flight.
            traffic.calls += len(requests)
            traffic.moved_bytes += moved_bytes
        return answers

    access.call_all = counted
    try:
        yield traffic
    finally:
        del access.call_all
