"""Every plan and every kind of walk on a cluster: the same as in this process, and resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.sampling.neighbors import Neighbors

pytestmark = pytest.mark.cluster

NODES = 400
PLANS: dict[str, Any] = {
    "importance": gr.ImportanceNeighbors([5, 3], walks_per_node=8),
    "metapath": gr.MetapathNeighbors({"two": ["edge", "^edge"]}, 4, walks_per_node=8),
    "pagerank": gr.PageRankNeighbors(8, epsilon=1e-3),
    "induced": gr.Induced(Neighbors([4, 2])),
    "clusters": gr.Clusters("community"),
    "ancestors": gr.WithAncestors(Neighbors([3]), ["^edge"]),
}
WALKS: dict[str, Any] = {
    "uniform": {"length": 10, "walks_per_seed": 2},
    "restart": {"length": 10, "restart": 0.3, "direction": "in"},
    "weighted": {"length": 8, "weight": "weight"},
    "node2vec": {"length": 8, "p": 0.25, "q": 4.0},
    "metapath": {"length": 6, "metapath": ["edge", "^edge"]},
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same skewed graph with parallel edges and loops, in 1, 4 and 8 partitions."""
    rng = np.random.default_rng(6)
    sources = (NODES * rng.random(3_000) ** 2).astype(int)
    nodes = pa.table({"id": np.arange(NODES), "community": np.arange(NODES) % 20})
    folder = tmp_path_factory.mktemp("stores")
    edges = pa.table(
        {
            "src": sources,
            "dst": rng.integers(0, NODES - 10, 3_000),
            "weight": rng.integers(1, 9, 3_000),
        }
    )
    for parts in (1, 4, 8):
        gr.build(edges, folder / str(parts), nodes=nodes, parts=parts, partitioner="hash")
    return {parts: folder / str(parts) for parts in (1, 4, 8)}


@pytest.fixture(scope="module", params=[4, 8])
def running(
    request: pytest.FixtureRequest, cluster: Any, stores: dict[int, Path]
) -> Iterator[gr.Graph]:
    graph = gr.launch(stores[request.param], f"plans-{request.param}", replicas=1)
    yield graph
    graph.shutdown()


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    return start_cluster(nodes=2, num_cpus=8)


@pytest.fixture(scope="module")
def whole(stores: dict[int, Path]) -> gr.Graph:
    return gr.open(stores[1])


@pytest.mark.parametrize("name", PLANS)
def test_batches_equal_those_of_this_process(running: gr.Graph, whole: gr.Graph, name: str) -> None:
    def digests(graph: gr.Graph) -> list[str]:
        seeds = np.arange(0, NODES, 5)
        loader = graph.loader(seeds, sampling=PLANS[name], batch_size=30, shuffle=True)
        return [batch.digest() for batch in loader]

    assert digests(running) == digests(whole)


@pytest.mark.parametrize("name", WALKS)
def test_walks_equal_those_of_this_process(running: gr.Graph, whole: gr.Graph, name: str) -> None:
    seeds = np.arange(0, NODES, 3)
    there = running.walks(seeds, rng_seed=4, **WALKS[name])
    assert there.tolist() == whole.walks(seeds, rng_seed=4, **WALKS[name]).tolist()


def test_a_loop_over_walks_goes_on_where_it_stood(running: gr.Graph, whole: gr.Graph) -> None:
    plan = gr.RandomWalks(length=5)
    expected = [batch.walks.tolist() for batch in whole.walk_loader(None, plan, batch_size=90)]
    loader = running.walk_loader(None, plan, batch_size=90)
    assert [batch.walks.tolist() for batch in loader.resume(0, 2)] == expected[2:]
