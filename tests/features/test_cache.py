"""Hot rows in this process: what is served, to whom, for how long, and what it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, NodeNotFound
from graphray.reading.gather import node_columns, to_arrow
from graphray.reading.hot_rows import RowsOf
from graphray.reading.node_cache import LOOK_EVERY_READS, CacheCounts
from tests.features.stores import COLUMNS, NODES, PLAIN, build
from tests.partly import SharedBoard, calls_of, partly

HERE = [1]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    return build(tmp_path_factory.mktemp("cache") / "store")


def board_of(graph: gr.Graph) -> Any:
    access: Any = graph.access
    return access.board


def elsewhere(graph: gr.Graph) -> np.ndarray:
    owners = graph.access.book.owner("node", np.arange(NODES))
    return np.flatnonzero(~np.isin(owners, HERE))


def assert_equal(graph: gr.Graph, opened: gr.Graph, gids: np.ndarray) -> None:
    found = node_columns(graph.access, "node", COLUMNS, gids)
    expected = node_columns(opened.access, "node", COLUMNS, gids)
    for column in COLUMNS:
        assert to_arrow(found[column]).to_pylist() == to_arrow(expected[column]).to_pylist()


@pytest.mark.parametrize("by", ["degree", "pagerank", "use"])
@pytest.mark.parametrize("budget", [1, 3_000, 2**20])
def test_values_are_equal_with_and_without(opened: gr.Graph, by: str, budget: int) -> None:
    graph = partly(opened, HERE)
    gids = np.random.default_rng(budget).integers(0, NODES, 300)
    assert_equal(graph, opened, gids)
    seeds = [1, 2] if by == "pagerank" else None
    kept = graph.cache_features(COLUMNS, budget, by=by, seeds=seeds)
    assert kept.size_bytes <= budget or kept.rows == 0
    before = graph.cache_counts()
    assert_equal(graph, opened, gids)
    after = graph.cache_counts()
    far = np.count_nonzero(np.isin(gids, elsewhere(graph)))
    assert after.hits + after.misses - before.hits - before.misses == far
    assert (after.hits > before.hits) == (kept.rows > 0)


@given(st.data())
def test_any_rows_of_any_columns(opened: gr.Graph, data: st.DataObject) -> None:
    graph = partly(opened, data.draw(st.sampled_from([[], [0], [1, 2]])))
    cached = data.draw(st.lists(st.sampled_from(PLAIN), min_size=1, unique=True))
    graph.cache_features(cached, data.draw(st.integers(1, 20_000)))
    columns = data.draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    gids = np.array(data.draw(st.lists(st.integers(0, NODES - 1), max_size=50)), np.int64)
    found = node_columns(graph.access, "node", columns, gids)
    expected = node_columns(opened.access, "node", columns, gids)
    for column in columns:
        assert to_arrow(found[column]).to_pylist() == to_arrow(expected[column]).to_pylist()


def test_only_misses_are_fetched_and_every_owner_is_called_once(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    everything = graph.cache_features(["x", "title"], "1MiB")
    far = elsewhere(graph)
    assert everything.rows == np.count_nonzero(degrees_of(opened)[far])
    hot = board_of(graph).kept[RowsOf("node")]
    calls_of(graph)
    node_columns(graph.access, "node", ["title", "x"], hot.gids)
    assert calls_of(graph) == []
    assert graph.cache_counts() == CacheCounts(everything.rows, 0)
    # A column that is not cached, beside one that is: still one call per owner.
    node_columns(graph.access, "node", ["x", "label"], np.arange(NODES))
    assert calls_of(graph) == [0, 2]


def degrees_of(graph: gr.Graph) -> np.ndarray:
    return np.array([len(graph.neighbors(i, direction="out")) for i in graph.node_ids()])


def test_processes_of_a_node_share_one_set(opened: gr.Graph) -> None:
    board = SharedBoard()
    first, second = (partly(opened, HERE, board) for _ in range(2))
    kept = first.cache_features("x", "20KiB")
    assert second.cache_features("x", "20KiB").rows == kept.rows
    assert second.access.cache.hot_rows(RowsOf("node")) is board.kept[RowsOf("node")]
    # What is asked for is there: nothing was chosen or fetched again.
    assert calls_of(second) == []
    gids = board.kept[RowsOf("node")].gids
    node_columns(second.access, "node", ["x"], gids)
    assert second.cache_counts().hits == len(gids)


def test_a_process_finds_later_what_another_put_there(opened: gr.Graph) -> None:
    board = SharedBoard()
    early, maker = (partly(opened, HERE, board) for _ in range(2))
    far = elsewhere(early)[:3]
    node_columns(early.access, "node", ["x"], far)
    maker.cache_features("x", "1MiB")
    for _ in range(LOOK_EVERY_READS):
        assert early.cache_counts().hits == 0
        node_columns(early.access, "node", ["x"], far)
    assert early.cache_counts().hits == 3
    assert board.looks < 6


def test_reads_of_what_is_mapped_ask_nobody(opened: gr.Graph) -> None:
    graph = partly(opened, [0, 1, 2])
    node_columns(graph.access, "node", ["x"], np.arange(NODES))
    assert board_of(graph).looks == 0
    assert graph.cache_counts() == CacheCounts()
    assert graph.cache_features("x").rows == opened.cache_features("x").rows == 0


def test_rows_of_another_snapshot_are_never_served(opened: gr.Graph) -> None:
    board = SharedBoard()
    partly(opened, HERE, board).cache_features("x", "1MiB")
    board.kept[RowsOf("node")] = replace(board.kept[RowsOf("node")], snapshot_id="another")
    graph = partly(opened, HERE, board)
    assert_equal(graph, opened, np.arange(NODES))
    assert graph.cache_counts().hits == 0


def test_a_board_that_is_down_costs_only_calls(opened: gr.Graph) -> None:
    board = SharedBoard()
    board.is_down = True
    graph = partly(opened, HERE, board)
    assert graph.cache_features("x", "1MiB").rows == 0
    assert_equal(graph, opened, np.arange(NODES))


def test_a_budget_of_nothing_lets_go(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    assert graph.cache_features("x", "1MiB").rows > 0
    assert graph.cache_features("x", 0).rows == 0
    assert len(board_of(graph).kept[RowsOf("node")]) == 0
    assert_equal(graph, opened, np.arange(NODES))
    assert graph.cache_counts().hits == 0


def test_use_without_use_leaves_what_is_there(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    kept = graph.cache_features("x", "1MiB")
    assert graph.cache_features("x", "1MiB", by="use").rows == 0
    assert len(board_of(graph).kept[RowsOf("node")]) == kept.rows


def test_use_adds_up_over_processes_and_starts_anew(opened: gr.Graph) -> None:
    board = SharedBoard()
    first, second = (partly(opened, HERE, board) for _ in range(2))
    far = elsewhere(first)
    for graph, gids in ((first, far[:4]), (first, far[:2]), (second, far[1:3])):
        node_columns(graph.access, "node", ["x"], gids)
    first.cache_features("x", "1MiB", by="use")
    second.cache_features("x", "1MiB", by="use")
    hot = board.kept[RowsOf("node")]
    heat = dict(zip(hot.gids.tolist(), hot.heat.tolist(), strict=True))
    assert heat == {far[0]: 2, far[1]: 3, far[2]: 2, far[3]: 1}
    second.cache_features("x", "1MiB", by="use")
    assert board.kept[RowsOf("node")].heat.tolist() == hot.heat.tolist()


def test_counts_reach_the_board_and_the_metrics(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    graph.cache_features("x", "1MiB")
    node_columns(graph.access, "node", ["x"], elsewhere(graph))
    counts = graph.cache_counts()
    graph.access.cache.report()
    assert board_of(graph).reported == counts
    assert board_of(graph).metrics == [counts.hits, counts.misses]
    assert 0 < counts.hit_rate <= 1


def test_ids_are_no_features(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    graph.node_ids()
    assert graph.cache_counts() == CacheCounts()


def test_bad_requests_are_refused_before_anything_is_read(opened: gr.Graph) -> None:
    graph = partly(opened, HERE)
    for error, match, arguments in (
        (ArgumentError, "by = 'luck'; expected one of: degree, use, pagerank", {"by": "luck"}),
        (ArgumentError, "needs seeds", {"by": "pagerank"}),
        (ArgumentError, "seeds.*'degree'", {"seeds": [1]}),
        (ArgumentError, "budget = '3 bananas'", {"budget": "3 bananas"}),
        (ArgumentError, "budget = -1", {"budget": -1}),
        (ArgumentError, "columns is empty", {"columns": []}),
        (ArgumentError, "direction = 'up'", {"direction": "up"}),
        (ColumnNotFound, "'z'", {"columns": "z"}),
        (NodeNotFound, "-1", {"by": "pagerank", "seeds": [-1]}),
    ):
        with pytest.raises(error, match=match):
            graph.cache_features(**{"columns": "x", **arguments})
    assert board_of(graph).kept == {}
