"""Every way to draw on a running graph: what is mapped, asked for, kept here, and shared."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import ray

import graphray as gr
from graphray.derived import names
from graphray.derived.names import entries_key
from graphray.errors import ArgumentError
from graphray.reading.hot_rows import RowsOf
from graphray.schema import DEFAULT_RELATION

pytestmark = pytest.mark.cluster

NODES, EDGES = 600, 60_000
WAYS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "replace": {"replace": True},
    "disjoint": {"disjoint": True},
    "weight": {"weight": "w"},
    "weight, replace": {"weight": "w", "replace": True},
    "edge time": {"edge_time": "when", "seed_times": np.full(NODES, 500)},
    "latest": {
        "edge_time": "when",
        "time_strategy": "latest",
        "max_age": 300,
        "seed_times": np.full(NODES, 700),
    },
    "node time": {"node_time": "born"},
    "edge time, weight": {"edge_time": "when", "weight": "w", "seed_times": np.full(NODES, 500)},
    "node time, weight": {"node_time": "born", "weight": "w", "max_age": 200},
    "labor": {"sampling": gr.Labor([5, 3])},
    "labor-1": {"sampling": gr.Labor([5, 3], iterations=1)},
    "labor-*, weight": {"sampling": gr.Labor([5, 3], iterations="*", weight="w")},
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """One graph in 1, 4 and 8 partitions."""
    rng = np.random.default_rng(6)
    edges = pa.table(
        {
            "src": (NODES * rng.random(EDGES) ** 3).astype(np.int64),
            "dst": (NODES * rng.random(EDGES) ** 2).astype(np.int64),
            "w": rng.exponential(size=EDGES),
            "bad": np.arange(EDGES) - 5.0,
            "when": rng.integers(0, 1000, EDGES),
        }
    )
    nodes = pa.table({"id": np.arange(NODES), "born": rng.integers(0, 1000, NODES)})
    folder = tmp_path_factory.mktemp("stores")
    for parts in (1, 4, 8):
        gr.build(edges, folder / str(parts), nodes=nodes, parts=parts, partitioner="hash")
    return {parts: folder / str(parts) for parts in (1, 4, 8)}


@pytest.fixture(scope="module")
def running(start_cluster: Callable[..., Any], stores: dict[int, Path]) -> Iterator[gr.Graph]:
    """Four partitions, of which two nodes have two each."""
    start_cluster(nodes=2, num_cpus=4)
    options = gr.LaunchOptions(cpus_per_replica=1.5)
    with gr.launch(stores[4], "draws", replicas=1, options=options) as graph:
        yield graph
        graph.shutdown()


def digests(graph: gr.Graph, way: str) -> list[str]:
    settings = {"batch_size": 150, "shuffle": True, "rng_seed": 4, **WAYS[way]}
    fanout = {} if "sampling" in settings else {"fanout": [5, 3]}
    return [batch.digest() for batch in graph.loader(np.arange(NODES), **fanout, **settings)]


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_the_same_from_anywhere(
    running: gr.Graph, stores: dict[int, Path], way: str
) -> None:
    expected = digests(gr.open(stores[1]), way)
    assert len(set(expected)) == 4
    for parts in (4, 8):
        assert digests(gr.open(stores[parts]), way) == expected
    assert digests(running, way) == expected


def test_derived_arrays_are_published_once_for_the_node(running: gr.Graph) -> None:
    key = entries_key(DEFAULT_RELATION, "in", names.ALIAS, "w")
    mapped = [arrays for arrays in running.access.mapped([key]) if arrays is not None]
    assert 0 < len(mapped) < 4
    with gr.connect("draws") as other:
        for ours, theirs in zip(
            mapped,
            [arrays for arrays in other.access.mapped([key]) if arrays is not None],
            strict=True,
        ):
            # Views of one object of the store (smaller ones than these are sent by value).
            assert ours[key].ctypes.data == theirs[key].ctypes.data
            assert not ours[key].flags.writeable


def test_bad_weights_are_named_by_whoever_has_them(running: gr.Graph) -> None:
    with pytest.raises(ArgumentError, match=r"'bad' of relation .* has weight -\d"):
        running.loader(None, [2], weight="bad")


def options_of(way: str) -> dict[str, Any]:
    """A way to draw, as `cache_neighbors` takes it."""
    return {name: value for name, value in WAYS[way].items() if name != "seed_times"}


@pytest.fixture
def graph(running: gr.Graph) -> Iterator[gr.Graph]:
    """Connected anew: what a process sees that has read nothing yet, where nothing is kept."""
    with gr.connect("draws") as connected:
        connected.cache_neighbors(0)
        yield connected


class Calls:
    """Counts what a graph asks of owners, and the bytes of it and of what they answer."""

    def __init__(self, graph: gr.Graph, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = self.moved_bytes = 0
        self._call_all = graph.access.call_all
        monkeypatch.setattr(graph.access, "call_all", self)

    def __call__(self, requests: Any) -> Any:
        answers = self._call_all(requests)
        self.count += len(requests)
        self.moved_bytes += len(pickle.dumps((dict(requests), answers)))
        return answers

    def of_epoch(self, sampled: gr.Loader[gr.Batch]) -> tuple[int, int]:
        before = self.count, self.moved_bytes
        for _ in sampled.epoch(0):
            pass
        return self.count - before[0], self.moved_bytes - before[1]


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_the_same_with_neighbors_kept_here(
    graph: gr.Graph, stores: dict[int, Path], way: str
) -> None:
    kept = graph.cache_neighbors("384KiB", **options_of(way))
    assert kept.rows > 0
    assert 0 < kept.size_bytes <= 384 * 2**10
    assert digests(graph, way) == digests(gr.open(stores[1]), way)
    counts = graph.neighbor_cache_counts()
    assert counts.hits
    hot = graph.access.cache.look(RowsOf.neighbors(DEFAULT_RELATION, "in"))
    assert hot is not None
    assert hot.content.entries is not None
    # Views of the object store.
    assert not any(values.flags.writeable for values in hot.content.entries.values.values())
    status = next(c for c in graph.status().caches if c.of == kept.of and c.rows)
    assert (status.rows, status.size_bytes) == (kept.rows, kept.size_bytes)
    assert status.hits >= counts.hits


@pytest.mark.parametrize("way", ["uniform", "weight", "latest", "labor-1"])
def test_what_is_kept_here_is_not_asked_for(
    graph: gr.Graph, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings = {"batch_size": 50, "rng_seed": 4, "in_flight": 1, **WAYS[way]}
    fanout = {} if "sampling" in settings else {"fanout": [5, 3]}
    sampled, calls = graph.loader(np.arange(NODES), **fanout, **settings), Calls(graph, monkeypatch)
    asked, moved_bytes = calls.of_epoch(sampled)
    assert asked
    everything = graph.cache_neighbors("32MiB", by="use", **options_of(way))
    assert calls.of_epoch(sampled) == (0, 0)
    some = graph.cache_neighbors(everything.size_bytes // 2, by="use", **options_of(way))
    assert some.rows < everything.rows
    fewer, fewer_bytes = calls.of_epoch(sampled)
    assert 0 < fewer <= asked
    assert 0 < fewer_bytes < moved_bytes


def test_neighbors_kept_here_outlast_a_killed_replica(
    graph: gr.Graph, stores: dict[int, Path]
) -> None:
    graph.cache_neighbors("64KiB")
    expected = digests(gr.open(stores[1]), "uniform")
    assert digests(graph, "uniform") == expected
    here = ray.get_runtime_context().get_node_id()
    for replica in graph.replicas():
        if replica.node_id != here:
            assert replica.pid is not None
            os.kill(replica.pid, signal.SIGKILL)
    before = graph.neighbor_cache_counts()
    assert digests(graph, "uniform") == expected
    after = graph.neighbor_cache_counts()
    assert after.hits - before.hits == before.hits
    assert after.misses - before.misses == before.misses > 0


def test_a_snapshot_never_draws_from_rows_of_another_state(graph: gr.Graph) -> None:
    base = digests(graph, "uniform")
    rng = np.random.default_rng(2)
    with graph.transaction() as changes:
        ends = {name: rng.integers(0, NODES, 2_000) for name in ("src", "dst")}
        values = {"w": np.ones(2_000), "bad": np.ones(2_000), "when": np.arange(2_000)}
        changes.add_edges(DEFAULT_RELATION, {**ends, **values})
    with graph.snapshot() as state:
        expected = digests(state, "uniform")
        assert expected != base
        graph.cache_neighbors("1MiB")
        with graph.snapshot() as again:
            assert digests(again, "uniform") == expected
            assert again.neighbor_cache_counts().hits == 0
        kept = state.cache_neighbors("1MiB")
        assert kept.rows
        assert digests(state, "uniform") == expected
        assert state.neighbor_cache_counts().hits
        with gr.connect("draws") as reader:
            assert digests(reader, "uniform") == base
            assert reader.neighbor_cache_counts().hits == 0
