"""Which rows are chosen: against plain counts, and NetworkX's PageRank."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pytest

import graphray as gr
from graphray.features.hot_sets import HotQuery, by_degree, by_pagerank, by_use
from graphray.features.pagerank import END, personalized_pagerank
from graphray.reading.hot_rows import RowsOf
from graphray.schema import Direction
from tests.partly import calls_of, partly

NODES = 300


@pytest.fixture(scope="module")
def pairs() -> np.ndarray:
    return (NODES * np.random.default_rng(5).random((2, 2_000)) ** 2).astype(np.int64)


@pytest.fixture(scope="module", params=[True, False], ids=["directed", "undirected"])
def opened(
    request: pytest.FixtureRequest, pairs: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> gr.Graph:
    folder = tmp_path_factory.mktemp("hot") / "store"
    ids = np.arange(NODES)
    gr.build(pairs, folder, nodes=ids, parts=3, partitioner="hash", directed=request.param)
    return gr.open(folder)


def query(count: int, direction: Direction = "in", **seeds: np.ndarray) -> HotQuery:
    return HotQuery(RowsOf("node"), (0, 2), count, direction, seeds)


def is_directed(graph: gr.Graph) -> bool:
    return graph.schema.relations[0].directed


@pytest.mark.parametrize("direction", ["in", "out"])
def test_by_degree_counts_the_rows_in_which_a_node_stands(
    opened: gr.Graph, pairs: np.ndarray, direction: Direction
) -> None:
    graph = partly(opened, [1])
    gids, heat = by_degree(graph.access, query(40, direction))
    ids = graph.node_ids()
    counted = Counter(pairs[0 if direction == "in" else 1].tolist())
    if not is_directed(graph):
        loops = pairs[0] == pairs[1]
        counted = Counter(pairs[:, ~loops].reshape(-1).tolist() + pairs[0, loops].tolist())
    owners = graph.access.book.owner("node", np.arange(NODES))
    expected = sorted((counted[ids[g]] for g in np.flatnonzero(owners != 1)), reverse=True)
    assert heat.tolist() == expected[:40]
    assert [counted[i] for i in ids[gids]] == expected[:40]
    assert not np.any(owners[gids] == 1)


def test_equal_heat_is_broken_the_same_way_everywhere(opened: gr.Graph) -> None:
    chosen = [by_degree(partly(opened, [1]).access, query(count))[0] for count in (NODES, 50, 9)]
    for fewer in chosen[1:]:
        assert fewer.tolist() == chosen[0][: len(fewer)].tolist()


@pytest.mark.parametrize("direction", ["in", "out"])
def test_pagerank_is_that_of_networkx(
    opened: gr.Graph, pairs: np.ndarray, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With enough steps, where no walk ends early; PageRank walks along the edges it is given."""
    monkeypatch.setattr("graphray.features.pagerank.STEPS", 120)
    graph = partly(opened, [1])
    walked = nx.MultiDiGraph()
    walked.add_nodes_from(range(NODES))
    sampler = {node: graph.neighbors(node, direction=direction).tolist() for node in range(NODES)}
    walked.add_edges_from((node, far) for node, fars in sampler.items() for far in fars)
    seeds = [3, 4, 9]
    ids = graph.node_ids()
    gids = np.flatnonzero(np.isin(ids, seeds))
    ranks = personalized_pagerank(graph.access, {"node": gids}, direction)["node"]
    stuck = [node for node in walked if walked.out_degree(node) == 0]
    walked.add_edges_from((node, "ended") for node in stuck)
    walked.add_edge("ended", "ended")
    expected = nx.pagerank(
        walked,
        alpha=1 - END,
        personalization=dict.fromkeys(seeds, 1),
        dangling={"ended": 1},
        tol=1e-12,
        max_iter=500,
    )
    found = dict(zip(ids.tolist(), ranks.tolist(), strict=True))
    assert found == pytest.approx({node: expected[node] for node in found}, abs=1e-6)


def test_by_pagerank_takes_what_walks_reach(opened: gr.Graph) -> None:
    graph = partly(opened, [1])
    seeds = np.array([7])
    ranks = personalized_pagerank(graph.access, {"node": seeds}, "in")["node"]
    gids, heat = by_pagerank(graph.access, query(NODES, node=seeds))
    owners = graph.access.book.owner("node", np.arange(NODES))
    assert set(gids.tolist()) == set(np.flatnonzero((ranks > 0) & (owners != 1)).tolist())
    assert np.all(np.diff(heat) <= 0)


def test_by_use_counts_what_was_read_elsewhere(opened: gr.Graph) -> None:
    graph = partly(opened, [1])
    owners = graph.access.book.owner("node", np.arange(NODES))
    far, near = np.flatnonzero(owners == 2), np.flatnonzero(owners == 1)
    for gids in (far[:5], far[:3], far[1:2], near):
        graph.access.cache.note(RowsOf("node"), gids[owners[gids] != 1], 0, len(gids))
    gids, heat = by_use(graph.access, query(4))
    assert gids.tolist() == [far[1], far[0], far[2], far[3]]
    assert heat.tolist() == [3, 2, 2, 1]


def test_types_and_relations_are_kept_apart(tmp_path: object) -> None:
    """Walks cross relations; degrees count those along which the type is drawn."""
    gr.build(
        {
            ("author", "writes", "paper"): ([0, 1, 1, 2], [5, 5, 6, 7]),
            ("paper", "cites", "paper"): ([6, 7], [5, 5]),
        },
        f"{tmp_path}/library",
        parts=2,
        partitioner="hash",
    )
    graph = partly(gr.open(f"{tmp_path}/library"), [])
    papers = graph.node_ids("paper")
    ranks = personalized_pagerank(graph.access, {"paper": np.flatnonzero(papers == 5)}, "in")
    # From paper 5 a walk goes to its two authors and its two citing papers alike.
    of_papers = dict(zip(papers.tolist(), ranks["paper"].tolist(), strict=True))
    assert of_papers == pytest.approx({5: END, 6: END * (1 - END) / 4, 7: END * (1 - END) / 4})
    authors = dict(zip(graph.node_ids("author").tolist(), ranks["author"].tolist(), strict=True))
    second = END * (1 - END) ** 2 / 4
    first = END * (1 - END) / 4
    assert authors == pytest.approx({0: first, 1: first + second, 2: second})
    gids, heat = by_degree(graph.access, HotQuery(RowsOf("author"), (0, 1), 9, "in", {}))
    assert graph.node_ids("author")[gids].tolist()[0] == 1
    assert heat.tolist() == [2, 1, 1]
    calls_of(graph)
    assert len(by_degree(graph.access, HotQuery(RowsOf("author"), (0, 1), 9, "out", {}))[0]) == 0
    assert calls_of(graph) == []
