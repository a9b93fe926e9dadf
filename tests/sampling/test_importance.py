"""Importance and metapath neighbourhoods: against counting by hand, wherever the rows are."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, NodeTypeNotFound
from graphray.kernels.visits import keep_largest, most_visited
from graphray.schema import Relation
from tests.partly import partly
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store, plain_graphs
from tests.sampling.twin import PlainGraph

SMALL = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])

PLANS = [
    gr.ImportanceNeighbors([3, 2], "user", walks_per_node=4, relation="follows"),
    gr.ImportanceNeighbors([2], "user", walks_per_node=5, length=4, metapath=["likes", "likes"]),
    gr.MetapathNeighbors(
        {"liked": ["likes"], "alike": ["likes", "likes"]}, 3, walks_per_node=6, node_type="user"
    ),
]


@given(
    walks=st.lists(st.lists(st.integers(0, 6), min_size=0, max_size=6), min_size=1, max_size=8),
    every=st.integers(1, 3),
    top=st.integers(1, 4),
    leave_out=st.booleans(),
)
def test_visits_are_counted(walks: list[list[int]], every: int, top: int, leave_out: bool) -> None:
    paths = np.full((2 * len(walks), 7), -1, np.int64)
    for row, walk in enumerate(walks * 2):
        paths[row, 0] = 3
        paths[row, 1 : 1 + len(walk)] = walk
    bounds, nodes, visits = most_visited(paths, len(walks), every, leave_out, top)
    counts = Counter(
        node for walk in walks for node in [3, *walk][every::every] if not (leave_out and node == 3)
    )
    # Python's sort is stable, and a Counter keeps the order in which it met its keys.
    expected = sorted(counts.items(), key=lambda item: -item[1])[:top]
    for seed in (0, 1):
        at = slice(bounds[seed], bounds[seed + 1])
        assert list(zip(nodes[at].tolist(), visits[at].tolist(), strict=True)) == expected


@given(values=st.lists(st.integers(0, 5), max_size=20), room=st.integers(0, 6))
def test_the_largest_are_kept(values: list[int], room: int) -> None:
    kept, largest = np.empty(room, np.int64), np.empty(room, np.int64)
    count = keep_largest(np.arange(len(values)), np.array(values, np.int64), kept, largest)
    assert kept[:count].tolist() == sorted(range(len(values)), key=lambda i: -values[i])[:room]


@SMALL
@given(graph=plain_graphs(), data=st.data(), plan=st.sampled_from(PLANS))
def test_neighbourhoods_do_not_depend_on_where_rows_are(
    graph: PlainGraph, data: st.DataObject, plan: Any
) -> None:
    parts = data.draw(st.integers(1, min(graph.counts.values())))
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    digests = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (pieces, mapped) in enumerate([(1, {0}), (parts, here)]):
            store = build_store(graph, Path(folder) / str(number), pieces, scatter=number)
            loader = partly(gr.open(store), mapped).loader("user", sampling=plan, rng_seed=3)
            digests.append(loader.batch(0, 0).digest())
    assert digests[0] == digests[1]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    """Two users share item 1; user 2 likes item 0 three times over; user 3 nothing."""
    plain = PlainGraph(
        {"user": 4, "item": 3},
        {LIKES: [(0, 1), (1, 1), (2, 0), (2, 0), (2, 0), (2, 2)], FOLLOWS: [], NEAR: []},
        {NEAR},
    )
    return gr.open(build_store(plain, tmp_path_factory.mktemp("likes"), 2, scatter=1))


def test_edges_lead_from_the_most_visited_with_shares_as_weights(graph: gr.Graph) -> None:
    plan = gr.MetapathNeighbors({"liked": ["likes"]}, 5, walks_per_node=4_000, node_type="user")
    batch = graph.loader("user", sampling=plan, batch_size=4).batch(0, 0)
    relation = Relation("item", "liked", "user")
    items, users = batch.edge_index[relation]
    found = {
        (batch.nodes["user"][user], batch.nodes["item"][item]): weight
        for user, item, weight in zip(users, items, batch.edge_weights[relation], strict=True)
    }
    assert found.keys() == {("u0", 4), ("u1", 4), ("u2", -3), ("u2", 11)}
    assert found["u0", 4] == 1.0
    assert found["u2", -3] == pytest.approx(0.75, abs=0.04)
    assert found["u2", -3] + found["u2", 11] == pytest.approx(1.0)
    assert batch.num_sampled_nodes == {"user": (4, 0), "item": (0, 3)}
    with pytest.raises(ArgumentError, match="stand in no store"):
        _ = batch.edge_ids


def test_a_node_is_not_its_own_neighbour(graph: gr.Graph) -> None:
    plan = gr.ImportanceNeighbors([5], "user", metapath=["likes", "likes"])
    batch = graph.loader("user", sampling=plan, batch_size=4).batch(0, 0)
    sources, destinations = batch.edge_index["user", "importance", "user"]
    ids = batch.nodes["user"]
    assert set(zip(ids[sources], ids[destinations], strict=True)) == {("u0", "u1"), ("u1", "u0")}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (gr.ImportanceNeighbors(3, "user", relation="follows"), "num_neighbors = 3"),
        (gr.ImportanceNeighbors([], "user", relation="follows"), r"num_neighbors = \[\]"),
        (gr.ImportanceNeighbors([0], "user", relation="follows"), r"num_neighbors\[0\] = 0"),
        (gr.ImportanceNeighbors([1], "user", walks_per_node=0), "walks_per_node = 0"),
        (gr.ImportanceNeighbors([1], "user", length=0), "length = 0"),
        (gr.ImportanceNeighbors([1], "user", restart=2, relation="follows"), "restart = 2"),
        (gr.ImportanceNeighbors([1], "user", metapath=["likes"], length=1), "lead back to 'user'"),
        (
            gr.ImportanceNeighbors([1], "user", metapath=["likes", "likes"], length=3),
            "without remainder",
        ),
        (gr.ImportanceNeighbors([1], "item", relation="near"), "seeds are of type 'user'"),
        (gr.MetapathNeighbors({}, node_type="user"), "metapaths = {}"),
        (gr.MetapathNeighbors({"a": []}, node_type="user"), "at least one"),
        (gr.MetapathNeighbors({"a": ["likes"]}, 0, node_type="user"), "num_neighbors = 0"),
        (gr.MetapathNeighbors({"a": ["near"]}, node_type="user"), "cannot be followed"),
    ],
)
def test_plans_are_checked(graph: gr.Graph, plan: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        graph.loader("user", sampling=plan).batch(0, 0)


def test_types_are_asked_for_where_there_are_several(graph: gr.Graph) -> None:
    with pytest.raises(NodeTypeNotFound, match="several"):
        graph.loader("user", sampling=gr.ImportanceNeighbors([2]))
    plan = gr.ImportanceNeighbors([2], "user", relation="follows")
    loader = graph.loader("user", sampling=plan, seed_times=np.zeros(4, np.int64))
    with pytest.raises(ArgumentError, match="do not heed time"):
        loader.batch(0, 0)
