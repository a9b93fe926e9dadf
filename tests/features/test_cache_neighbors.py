"""Neighbours kept on the node, in this process: the same batches, fewer calls, and never stale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, RelationNotFound
from graphray.features.hot_neighbors import SHARE_MAX, worth_keeping
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import LOOK_EVERY_READS, CacheCounts
from graphray.sampling.neighbors import Neighbors
from graphray.schema import DEFAULT_RELATION
from tests.partly import SharedBoard, calls_of, partly

NODES, EDGES, HERE = 300, 6_000, [1]
IN = RowsOf.neighbors(DEFAULT_RELATION, "in")
TIMES = np.full(NODES, 600)

WAYS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "replace": {"replace": True},
    "all": {"max_degree": 20},
    "disjoint": {"disjoint": True},
    "weight": {"weight": "w"},
    "weight, replace": {"weight": "w", "replace": True},
    "edge time": {"edge_time": "when"},
    "edge time, replace": {"edge_time": "when", "replace": True},
    "latest": {"edge_time": "when", "time_strategy": "latest", "max_age": 400},
    "node time": {"node_time": "born"},
    "edge time, weight": {"edge_time": "when", "weight": "w"},
    "node time, weight, replace": {"node_time": "born", "weight": "w", "replace": True},
    "labor": {"sampling": gr.Labor([4, 3])},
    "labor-1": {"sampling": gr.Labor([4, 3], iterations=1)},
    "labor, weight": {"sampling": gr.Labor([4, 3], weight="w")},
}


def build(folder: Path, rng_seed: int = 6) -> Path:
    rng = np.random.default_rng(rng_seed)
    edges = pa.table(
        {
            "src": (NODES * rng.random(EDGES) ** 3).astype(np.int64),
            "dst": (NODES * rng.random(EDGES) ** 2).astype(np.int64),
            "w": rng.exponential(size=EDGES),
            "when": rng.integers(0, 1000, EDGES),
        }
    )
    nodes = pa.table({"id": np.arange(NODES), "born": rng.integers(0, 1000, NODES)})
    gr.build(edges, folder, nodes=nodes, parts=3, partitioner="hash")
    return folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    return gr.open(build(tmp_path_factory.mktemp("neighbors") / "store"))


def access_of(graph: gr.Graph) -> Any:
    return graph.access


def loader(graph: gr.Graph, way: str) -> gr.Loader[gr.Batch]:
    arguments = {"batch_size": 100, "shuffle": True, "rng_seed": 4, "in_flight": 1, **WAYS[way]}
    if "sampling" not in arguments:
        arguments["fanout"] = [-1, 3] if way == "all" else [4, 3]
    if {"edge_time", "node_time"} & set(arguments):
        arguments["seed_times"] = TIMES
    return graph.loader(np.arange(NODES), **arguments)


def digests(graph: gr.Graph, way: str) -> list[str]:
    return [batch.digest() for batch in loader(graph, way)]


def sampling_calls(graph: gr.Graph, way: str) -> tuple[int, int]:
    """The calls of an epoch's draws, and the bytes that travel for them."""
    access, made = access_of(graph), loader(graph, way)
    calls_of(graph)
    before = access.moved_bytes
    for _ in made:
        pass
    return len(calls_of(graph)), access.moved_bytes - before


@pytest.mark.parametrize("way", WAYS)
def test_epochs_are_equal_with_and_without(opened: gr.Graph, way: str) -> None:
    graph = partly(opened, HERE)
    expected = digests(opened, way)
    assert digests(graph, way) == expected
    kept = graph.cache_neighbors("64KiB", **WAYS[way])
    assert 0 < kept.size_bytes <= 64 * 2**10
    before = graph.neighbor_cache_counts()
    assert digests(graph, way) == expected
    after = graph.neighbor_cache_counts()
    assert after.hits > before.hits
    assert after.hits + after.misses == 2 * (before.hits + before.misses)


@settings(max_examples=40)
@given(st.data())
def test_any_rows_for_any_draws(opened: gr.Graph, data: st.DataObject) -> None:
    """Whatever was kept for whichever draws, all draws are as they were."""
    graph = partly(opened, data.draw(st.sampled_from([[], [0], [1, 2]])))
    kept_for, way = (data.draw(st.sampled_from(sorted(WAYS))) for _ in range(2))
    by = data.draw(st.sampled_from(["degree", "use"]))
    if by == "use":
        digests(graph, way)
    graph.cache_neighbors(data.draw(st.integers(0, 300_000)), by=by, **WAYS[kept_for])
    assert digests(graph, way) == digests(opened, way)


@pytest.mark.parametrize("way", ["uniform", "weight", "latest", "labor-1"])
def test_what_is_kept_is_not_asked_for(opened: gr.Graph, way: str) -> None:
    graph = partly(opened, HERE)
    calls, moved_bytes = sampling_calls(graph, way)
    misses = graph.neighbor_cache_counts().misses
    assert calls
    assert misses
    # Everything that the epoch reads: then no owner is asked at all.
    everything = graph.cache_neighbors("8MiB", by="use", **WAYS[way])
    assert sampling_calls(graph, way) == (0, 0)
    assert graph.neighbor_cache_counts() == CacheCounts(misses, misses)
    some = graph.cache_neighbors(everything.size_bytes // 3, by="use", **WAYS[way])
    assert some.rows < everything.rows
    some_calls, fewer_bytes = sampling_calls(graph, way)
    assert some_calls <= calls
    assert 0 < fewer_bytes < moved_bytes
    assert misses < graph.neighbor_cache_counts().misses < 2 * misses


def test_uniform_draws_read_any_set_and_others_only_their_own(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    for kept_for, way, is_served in (
        ("weight", "uniform", True),
        ("uniform", "weight", False),
        ("weight", "latest", False),
        ("weight", "weight, replace", True),
    ):
        graph.cache_neighbors("1MiB", **WAYS[kept_for])
        before = graph.neighbor_cache_counts().hits
        assert digests(graph, way) == digests(opened, way)
        assert (graph.neighbor_cache_counts().hits > before) == is_served, (kept_for, way)


def test_rows_of_another_snapshot_are_never_drawn_from(opened: gr.Graph, tmp_path: Path) -> None:
    board = SharedBoard()
    changed = partly(gr.open(build(tmp_path / "changed", rng_seed=7)), HERE, board)
    assert changed.cache_neighbors("1MiB").rows
    graph = partly(opened, HERE, board)
    assert digests(graph, "uniform") == digests(opened, "uniform")
    assert graph.neighbor_cache_counts().hits == 0
    # The same rows under this snapshot's name would be believed: so it is the name that protects.
    board.kept[IN] = replace(board.kept[IN], snapshot_id=graph.access.snapshot_id)
    graph = partly(opened, HERE, board)
    assert digests(graph, "uniform") != digests(opened, "uniform")


def test_neighbors_and_properties_are_kept_side_by_side(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    graph.cache_features("born", "16KiB")
    graph.cache_neighbors("16KiB")
    assert set(access_of(graph).board.kept) == {RowsOf("node"), IN}
    graph.cache_neighbors(0)
    assert len(access_of(graph).board.kept[IN]) == 0
    assert len(access_of(graph).board.kept[RowsOf("node")])
    assert digests(graph, "uniform") == digests(opened, "uniform")


def test_processes_of_a_node_share_one_set(opened: gr.Graph) -> None:
    board = SharedBoard()
    early, maker, late = (partly(opened, HERE, board) for _ in range(3))
    sampled = loader(early, "uniform")
    for _ in sampled:
        pass
    made = maker.cache_neighbors("64KiB")
    found = late.cache_neighbors("64KiB")
    assert (found.rows, found.size_bytes) == (made.rows, made.size_bytes)
    assert calls_of(late) == []  # what is asked for is there
    for epoch in range(LOOK_EVERY_READS // 3):
        for _ in sampled.epoch(epoch):
            pass
    assert early.neighbor_cache_counts().hits


def test_counts_reach_the_board_and_the_metrics(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    kept = graph.cache_neighbors("64KiB", weight="w")
    assert kept.of == "node-edge-node in"
    assert set(kept.columns) == {"neighbor", "alias:w", "w"}
    sampling_calls(graph, "uniform")
    counts = graph.neighbor_cache_counts()
    graph.access.cache.report()
    assert access_of(graph).board.reported == counts
    assert access_of(graph).board.metrics == [counts.hits, counts.misses]
    assert 0 < counts.hit_rate < 1


def test_nothing_is_kept_of_what_is_mapped(opened: gr.Graph) -> None:
    assert opened.cache_neighbors().rows == partly(opened, [0, 1, 2]).cache_neighbors().rows == 0
    digests(opened, "uniform")
    assert opened.neighbor_cache_counts() == CacheCounts()


def test_a_board_that_is_down_costs_only_calls(opened: gr.Graph) -> None:
    board = SharedBoard()
    board.is_down = True
    graph = partly(opened, HERE, board)
    assert graph.cache_neighbors("1MiB").rows == 0
    assert digests(graph, "uniform") == digests(opened, "uniform")


@given(st.integers(0, 200_000), st.sampled_from(["uniform", "weight", "latest"]))
def test_a_budget_is_never_exceeded(opened: gr.Graph, budget: int, way: str) -> None:
    graph = partly(opened, HERE)
    kept = graph.cache_neighbors(budget, **WAYS[way])
    assert kept.size_bytes <= budget or kept.rows == 0
    entries = access_of(graph).board.kept[IN].content.entries
    assert (np.diff(entries.starts) * 4 <= budget / SHARE_MAX).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), max_size=12), st.integers(0, 99))
def test_what_is_worth_keeping(rows: list[tuple[int, int]], budget: int) -> None:
    """Beside taking one after another by hand, the best per byte first."""
    heat, sizes = np.array(rows, np.int64).reshape(-1, 2).T
    order = sorted(range(len(rows)), key=lambda i: (-heat[i] / sizes[i], i))
    expected, left = [], budget
    for row in (i for i in order if sizes[i] <= 20):
        left -= sizes[row]
        if left < 0:
            break
        expected.append(row)
    assert worth_keeping(heat, sizes, budget, 20).tolist() == sorted(expected)


def test_bad_requests_are_refused_before_anything_is_read(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    walks = gr.RandomWalks(3)
    for error, match, arguments in (
        (ArgumentError, "by = 'luck'", {"by": "luck"}),
        (ArgumentError, "needs seeds", {"by": "pagerank"}),
        (ArgumentError, "budget = -1", {"budget": -1}),
        (ArgumentError, "direction = 'up'", {"direction": "up"}),
        (ArgumentError, "hop by hop", {"sampling": walks}),
        (ArgumentError, "both given", {"sampling": gr.Labor([1]), "weight": "w"}),
        (ColumnNotFound, "'z'", {"weight": "z"}),
        (RelationNotFound, "likes", {"relation": "likes"}),
    ):
        with pytest.raises(error, match=match):
            graph.cache_neighbors(**arguments)
    with pytest.raises(ArgumentError, match="direction = 'up'"):
        graph.neighbor_cache_counts(direction="up")  # type: ignore[arg-type]
    assert access_of(graph).board.kept == {}
    assert calls_of(graph) == []


def test_several_relations_are_kept_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    follows, near = ("user", "follows", "user"), ("user", "near", "user")
    edges = {
        name: tuple((60 * rng.random((2, 900)) ** 2).astype(np.int64)) for name in (follows, near)
    }
    gr.build(edges, tmp_path / "two", parts=2, partitioner="hash")
    opened = gr.open(tmp_path / "two")
    graph = partly(opened, [0])
    with pytest.raises(ArgumentError, match=r"not clear, of: user-follows-user, .* pass relation"):
        graph.cache_neighbors()
    plan = Neighbors({follows: [3, 3], near: [2, 2]}, "out", replace=True)
    graph.cache_neighbors("1MiB", relation="follows", direction="out")
    graph.cache_neighbors("1MiB", relation="near", sampling=plan)
    for direction in ("in", "out"):
        batches = [
            g.loader(fanout=[3, 3], direction=direction, rng_seed=2) for g in (graph, opened)
        ]
        assert [b.digest() for b in batches[0]] == [b.digest() for b in batches[1]]
    assert graph.neighbor_cache_counts("follows", "out").hits
    assert graph.neighbor_cache_counts("near", "out").hits
    assert not graph.neighbor_cache_counts("near", "in").hits
