"""Every way to draw on a running graph: what is mapped, what is asked for, and what is shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.derived import names
from graphray.derived.names import entries_key
from graphray.errors import ArgumentError
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
