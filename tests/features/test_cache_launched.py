"""Hot rows on a cluster of two nodes, each of which holds one of two partitions.

A process that is to read on its own is another connection, or a task; every test kills or replaces
only what the next one makes anew.
"""

from __future__ import annotations

import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest
import ray

import graphray as gr
from graphray.client.view import NAMESPACE, catalog_name
from graphray.errors import ClusterError
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import LOOK_EVERY_READS
from tests.polling import poll

pytestmark = pytest.mark.cluster

NODES, EDGES, WIDTH = 4_000, 40_000, 64
NAME = "cached"
COLUMNS = ["x", "half", "title", "tags"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(3)
    pairs = (NODES * rng.random((2, EDGES)) ** 2).astype(np.int64)
    matrix = pa.array(rng.random(NODES * WIDTH, np.float32))
    nodes = pa.table(
        {
            "id": np.arange(NODES),
            "x": pa.FixedSizeListArray.from_arrays(matrix, WIDTH),
            "half": rng.random(NODES).astype(np.float16),
            "title": [f"node {i}" if i % 5 else None for i in range(NODES)],
            "tags": [list(range(i % 4)) for i in range(NODES)],
        }
    )
    folder = tmp_path_factory.mktemp("cached") / "store"
    gr.build(pairs, folder, nodes=nodes, parts=2, partitioner="hash")
    return folder


@pytest.fixture(scope="module")
def running(start_cluster: Callable[..., Any], store: Path) -> Iterator[gr.Graph]:
    start_cluster(nodes=2, num_cpus=4)
    # So many CPUs that a node has room for one partition only.
    options = gr.LaunchOptions(cpus_per_replica=3.0)
    graph = gr.launch(store, NAME, replicas=1, options=options)
    yield graph
    graph.shutdown()


@pytest.fixture(scope="module")
def opened(store: Path) -> gr.Graph:
    return gr.open(store)


@pytest.fixture
def graph(running: gr.Graph) -> Iterator[gr.Graph]:
    """Connected anew: what a process sees that has read nothing yet."""
    with gr.connect(NAME) as connected:
        yield connected


@pytest.fixture(scope="module")
def far(running: gr.Graph) -> np.ndarray:
    """The users' ids of nodes whose partition is on the other node."""
    here = ray.get_runtime_context().get_node_id()
    (part,) = (r.part for r in running.replicas() if r.node_id != here)
    start, stop = running.access.book.node_range("node", part)
    return running.node_ids()[start:stop]


def assert_equal(graph: gr.Graph, opened: gr.Graph, ids: np.ndarray) -> None:
    found, expected = graph.features(ids, COLUMNS), opened.features(ids, COLUMNS)
    for column in COLUMNS:
        assert found[column].tolist() == expected[column].tolist(), column


def hits_of(graph: gr.Graph, ids: np.ndarray) -> int:
    """How many rows of a read come from the cache."""
    before = graph.cache_counts().hits
    graph.features(ids, "x")
    return graph.cache_counts().hits - before


def hot_ids(graph: gr.Graph) -> np.ndarray:
    hot = graph.access.cache.look(RowsOf("node"))
    assert hot is not None
    return graph.node_ids()[hot.gids]


def cache_of(graph: gr.Graph) -> gr.CacheStatus:
    """What the cache of properties came to, on the only node that has one."""
    (cache,) = (cache for cache in graph.status().caches if not cache.adjacency)
    return cache


def memory_of(array: np.ndarray) -> tuple[str, int]:
    """The file that an array's memory is mapped from (device and inode), and where in it."""
    address = array.ctypes.data
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, offset, device, inode = line.split()[:5]
        start, stop = (int(bound, 16) for bound in span.split("-"))
        if start <= address < stop:
            return f"{device} {inode}", int(offset, 16) + address - start
    raise AssertionError(f"no mapping at {address:#x}")


@pytest.mark.parametrize("by", ["degree", "pagerank", "use"])
def test_values_are_equal_with_and_without(
    graph: gr.Graph, opened: gr.Graph, far: np.ndarray, by: str
) -> None:
    ids = np.random.default_rng(1).permutation(NODES)[:800]
    assert_equal(graph, opened, ids)
    seeds = far[:50] if by == "pagerank" else None
    kept = graph.cache_features(COLUMNS, "128KiB", by=by, seeds=seeds)
    assert (kept.node_id, kept.by) == (ray.get_runtime_context().get_node_id(), by)
    assert 0 < kept.size_bytes <= 128 * 2**10
    assert 0 < kept.rows < len(far)
    assert_equal(graph, opened, ids)
    assert graph.cache_counts().hits > 0


def test_batches_are_equal_with_and_without(graph: gr.Graph, opened: gr.Graph) -> None:
    settings: dict[str, Any] = {"batch_size": 100, "rng_seed": 3}
    graph.cache_features("x", "256KiB")
    epochs = [
        [b.features("x").tobytes() for b in g.loader(np.arange(500), [5, 3], **settings)]
        for g in (graph, opened)
    ]
    assert epochs[0] == epochs[1]
    # The hottest tenth serves far more than a tenth of what is read.
    assert graph.cache_counts().hit_rate > 0.2


@ray.remote(num_cpus=0)
class Reader:
    """Another process of some node."""

    def read(self, ids: np.ndarray) -> tuple[int, int, tuple[str, int]]:
        """Hits, misses, and where the cached rows are."""
        graph = gr.connect(NAME)
        graph.features(ids, "x")
        counts = graph.cache_counts()
        graph.status()  # reports
        hot = graph.access.cache.hot_rows(RowsOf("node"))
        assert hot is not None
        rows = hot.columns["x"]
        assert isinstance(rows, np.ndarray)
        return counts.hits, counts.misses, memory_of(rows)


def test_two_processes_read_one_copy_and_status_adds_them_up(graph: gr.Graph) -> None:
    graph.cache_features("x", "256KiB")
    before = cache_of(graph)
    ids = hot_ids(graph)
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=False
    )
    readers = [Reader.options(scheduling_strategy=here).remote() for _ in range(2)]
    answers = ray.get([reader.read.remote(ids) for reader in readers])
    hits, misses, places = zip(*answers, strict=True)
    assert hits == (len(ids), len(ids))
    assert misses == (0, 0)
    hot = graph.access.cache.hot_rows(RowsOf("node"))
    assert hot is not None
    rows = hot.columns["x"]
    assert isinstance(rows, np.ndarray)
    assert set(places) == {memory_of(rows)}
    after = cache_of(graph)
    assert after.hits == before.hits + 2 * len(ids)
    assert (after.columns, after.rows) == (("x",), len(ids))


def test_it_outlives_the_process_that_made_it(graph: gr.Graph) -> None:
    @ray.remote(num_cpus=0, max_retries=0)
    def make() -> int:
        gr.connect(NAME).cache_features(["x", "half"], "200KiB")
        return os.getpid()

    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=False
    )
    maker = ray.get(make.options(scheduling_strategy=here).remote())
    os.kill(maker, signal.SIGKILL)
    poll(lambda: not psutil.pid_exists(maker), "the end of the maker")
    ids = hot_ids(graph)
    hot = graph.access.cache.hot_rows(RowsOf("node"))
    assert hot is not None
    assert set(hot.columns) == {"x", "half"}
    assert hits_of(graph, ids) == len(ids)


def test_nodes_keep_sets_of_their_own(graph: gr.Graph) -> None:
    graph.cache_features("x", "256KiB")
    mine = set(hot_ids(graph).tolist())

    @ray.remote(num_cpus=0)
    def cache_there() -> list[int]:
        there = gr.connect(NAME)
        there.cache_features("x", "256KiB")
        return hot_ids(there).tolist()

    here = ray.get_runtime_context().get_node_id()
    (other,) = (n["NodeID"] for n in ray.nodes() if n["Alive"] and n["NodeID"] != here)
    there = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(other, soft=False)
    theirs = set(ray.get(cache_there.options(scheduling_strategy=there).remote()))
    assert theirs
    assert not mine & theirs
    assert {cache.node_id for cache in graph.status().caches} == {here, other}


def test_hits_and_misses_are_metrics(graph: gr.Graph, far: np.ndarray) -> None:
    graph.cache_features("x", "64KiB")
    graph.features(far, "x")
    here = ray.get_runtime_context().get_node_id()
    (node,) = (n for n in ray.nodes() if n["NodeID"] == here)
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"

    def exported() -> bool:
        page = urllib.request.urlopen(url, timeout=10).read().decode()
        return all(
            any(name in line and NAME in line for line in page.splitlines())
            for name in ("graphray_feature_cache_hits", "graphray_feature_cache_misses")
        )

    poll(exported, "the export of the counters")


def test_a_full_object_store_is_said(
    graph: gr.Graph, opened: gr.Graph, far: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(value: object) -> None:
        raise ray.exceptions.ObjectStoreFullError

    monkeypatch.setattr("graphray.client.cache_board.ray.put", full)
    with pytest.raises(ClusterError, match="smaller budget"):
        graph.cache_features("half", "32KiB")
    monkeypatch.undo()
    assert_equal(graph, opened, far[:50])


def test_a_killed_catalog_costs_the_cache_and_nothing_else(
    graph: gr.Graph, opened: gr.Graph, far: np.ndarray
) -> None:
    graph.cache_features("x", "256KiB")
    ids = hot_ids(graph)
    catalog = ray.get_actor(catalog_name(NAME), namespace=NAMESPACE)
    os.kill(pid_of("ray::Catalog"), signal.SIGKILL)
    # Mapped rows stay valid until the next look, and reads go on after it.
    assert hits_of(graph, ids) == len(ids)
    for _ in range(LOOK_EVERY_READS):
        graph.features(far[:2], "x")
    assert_equal(graph, opened, far)
    with gr.connect(NAME) as newcomer:
        assert_equal(newcomer, opened, far)
        assert newcomer.cache_counts().hits == 0
    assert ray.get(catalog.status.remote()).caches[0].rows == 0
    assert graph.cache_features("x", "256KiB").rows == len(ids)
    assert hits_of(graph, ids) == len(ids)


def pid_of(title: str) -> int:
    """The process of the only actor of that title which this test's cluster runs."""
    ours = psutil.Process().children(recursive=True)
    return next(p.pid for p in ours if title in title_of(p))


def title_of(process: psutil.Process) -> str:
    """What a process calls itself; nothing where it has ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
