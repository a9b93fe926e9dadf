"""Neighbour sampling: beside the gather bound, other samplers, and itself in other places.

One thread, batches of 1,024 seeds, several hops, duplicates removed and edges relabelled. Every
figure is the median of rounds in which all candidates took turns.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence

import numpy as np

import graphray as gr
from benchmarks import gather
from benchmarks.cluster import CPUS, cluster
from benchmarks.graphs import communities, rmat
from benchmarks.peers import measure_peers
from benchmarks.report import Row, compared, skipped
from benchmarks.sampling_cache import cached_rows
from benchmarks.sampling_draws import draw_rows
from benchmarks.sampling_walks import walk_rows
from benchmarks.sampling_worker import BATCH_SIZE, Work
from benchmarks.turns import Turn, speed_up, turn, workers
from graphray.schema import DEFAULT_RELATION
from graphray.shard import INDPTR, NEIGHBOR, ArrayKey, edges_table, rows_table
from graphray.store import Store

FANOUTS = ([15, 10, 5], [25, 10])
PARTS = 4
UNIT = "M edges/s"
BOUND_TARGET, MAPPED_TARGET, TWO_NODES_TARGET, MEMORY_TARGET = 0.6, 0.95, 0.6, 0.05
TWO_PROCESSES_TARGET = 1.8
PEER_TARGETS = {"pyg-lib": 6.0, "GraphBolt": 3.0}


def run(quick: bool) -> list[Row]:
    """Every row of the benchmark."""
    scale, rounds, batches = (16, 3, 10) if quick else (21, 7, 60)
    with tempfile.TemporaryDirectory() as folder:
        skewed, clustered = f"{folder}/rmat", f"{folder}/communities"
        pairs = rmat(scale, 30, rng_seed=1)
        _build(pairs, skewed, "hash", PARTS)
        del pairs
        rows = _one_node(skewed, rounds, batches)
        rows.append(_from_the_object_store(skewed, rounds, batches))
        rows += walk_rows(skewed, rounds, batches)
        size = (100_000, 800_000) if quick else (1_000_000, 8_000_000)
        _build(communities(*size, rng_seed=1), clustered, "metis", 2)
        rows += _two_nodes(clustered, rounds, batches)
    return [*rows, *draw_rows(scale, rounds, batches)]


def _one_node(store: str, rounds: int, batches: int) -> list[Row]:
    rows: list[Row] = []
    with cluster(nodes=1), gr.launch(store, "benchmark", replicas=1):
        for fanout in FANOUTS:
            rows += _beside_the_bound(store, fanout, rounds, batches)
        rows += _several_processes(store, rounds, batches)
    return rows


def _beside_the_bound(store: str, fanout: list[int], rounds: int, batches: int) -> Iterator[Row]:
    label = f"fanout {','.join(map(str, fanout))}"
    candidates = [Work(store, None, fanout, batches), Work(None, "benchmark", fanout, batches)]
    figures = _take_turns(candidates, rounds, store)
    in_process, mapped = figures.rates
    yield compared(
        f"in process, {label}",
        in_process,
        UNIT,
        "gather bound",
        figures.bound,
        at_least=BOUND_TARGET,
    )
    yield compared(
        f"mapped from a running graph, {label}",
        mapped,
        UNIT,
        "in process",
        in_process,
        at_least=MAPPED_TARGET,
    )
    yield from _peer_rows(store, fanout, batches, in_process, label)


def _several_processes(store: str, rounds: int, batches: int) -> Iterator[Row]:
    work = Work(None, "benchmark", FANOUTS[0], batches)
    figures = speed_up(work, processes=2, rounds=rounds)
    yield compared(
        "two processes at once",
        figures.at_once / 1e6,
        UNIT,
        "one",
        figures.alone / 1e6,
        at_least=TWO_PROCESSES_TARGET,
    )
    yield compared(
        "memory of one more sampling process",
        figures.extra_bytes / 2**20,
        "MiB",
        "the graph's adjacency, MiB",
        _adjacency_bytes(store) / 2**20,
        at_most=MEMORY_TARGET,
    )


def _from_the_object_store(store: str, rounds: int, batches: int) -> Row:
    """As for a store that lies on no disk of the node, such as one on S3."""
    fanout = FANOUTS[0]
    options = gr.LaunchOptions(map_files=False)
    with cluster(nodes=1), gr.launch(store, "benchmark", replicas=1, options=options):
        candidates = [Work(store, None, fanout, batches), Work(None, "benchmark", fanout, batches)]
        in_process, mapped = _take_turns(candidates, rounds, store).rates
    label = f"fanout {','.join(map(str, fanout))}"
    return compared(
        f"mapped from the object store, {label}", mapped, UNIT, "in process", in_process
    )


def _two_nodes(store: str, rounds: int, batches: int) -> list[Row]:
    fanout = FANOUTS[0]
    label = f"fanout {','.join(map(str, fanout))}"
    # So many CPUs that a node has room for one partition only.
    options = gr.LaunchOptions(cpus_per_replica=0.75 * CPUS)
    with cluster(nodes=2), gr.launch(store, "benchmark", replicas=1, options=options) as graph:
        candidates = [Work(store, None, fanout, batches)] + [
            Work(None, "benchmark", fanout, batches, in_flight) for in_flight in (1, 4)
        ]
        figures = _take_turns(candidates, rounds, store)
        elsewhere_bytes = _adjacency_bytes(store) // 2
        cached = list(cached_rows(graph, elsewhere_bytes, fanout, rounds, batches))
    in_process, one, four = figures.rates
    return [
        compared(
            f"two nodes, METIS, {label}, 1 batch in flight", one, UNIT, "in process", in_process
        ),
        compared(
            f"two nodes, METIS, {label}, 4 in flight",
            four,
            UNIT,
            "in process",
            in_process,
            at_least=TWO_NODES_TARGET,
        ),
        *cached,
    ]


class _Figures:
    """Medians over rounds, in millions of edges a second."""

    def __init__(self, bounds: list[float], rounds: list[list[Turn]]) -> None:
        self.bound = statistics.median(bounds) / 1e6
        self.rates = [
            statistics.median(turn.edges_per_s for turn in worker) / 1e6
            for worker in zip(*rounds, strict=True)
        ]


def _take_turns(works: Sequence[Work], rounds: int, store: str) -> _Figures:
    """Let a process per candidate sample in turns, the gather bound measured between them."""
    book = Store.open(store).book
    bounds, results = [], []
    with workers(works) as started:
        for _ in range(rounds):
            bound = gather.measure(book.num_nodes("node"), book.num_edges(DEFAULT_RELATION), 1)
            bounds.append(bound.edges_per_s)
            results.append([turn(worker) for worker in started])
    return _Figures(bounds, results)


def _peer_rows(
    store: str, fanout: list[int], batches: int, ours: float, label: str
) -> Iterator[Row]:
    indptr, neighbors = _adjacency(store)
    seeds = np.random.default_rng(1).permutation(len(indptr) - 1)
    seeds = seeds[: BATCH_SIZE * batches].reshape(-1, BATCH_SIZE)
    for peer in measure_peers(indptr, neighbors, seeds, fanout):
        name = f"in process, {label}, beside {peer.name}"
        if peer.edges_per_s is None:
            yield skipped(name, UNIT, peer.skipped or "")
        else:
            theirs = peer.edges_per_s / 1e6
            yield compared(name, ours, UNIT, peer.name, theirs, at_least=PEER_TARGETS[peer.name])


def _adjacency(store: str) -> tuple[np.ndarray, np.ndarray]:
    """The whole graph's rows by destination, in global ids."""
    opened = Store.open(store, verify=False)
    indptr, neighbors = [np.zeros(1, np.int64)], []
    for part in range(opened.parts):
        shard = opened.shard(part)
        bounds = shard.array(ArrayKey(rows_table(DEFAULT_RELATION, "in"), INDPTR))
        indptr.append(np.asarray(bounds)[1:] + indptr[-1][-1])
        neighbors.append(shard.array(ArrayKey(edges_table(DEFAULT_RELATION, "in"), NEIGHBOR)))
    return np.concatenate(indptr), np.concatenate(neighbors)


def _adjacency_bytes(store: str) -> int:
    indptr, neighbors = _adjacency(store)
    return indptr.nbytes + neighbors.nbytes


def _build(pairs: tuple[int, np.ndarray, np.ndarray], store: str, how: str, parts: int) -> None:
    num_nodes, sources, destinations = pairs
    ids = np.arange(num_nodes)
    gr.build(
        (sources, destinations), store, nodes=ids, parts=parts, partitioner=how, directed=False
    )
