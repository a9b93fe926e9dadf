"""The loader: epochs, resumption, what it is asked for, and what its batches say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import graphray as gr
from graphray.errors import (
    ArgumentError,
    ColumnNotFound,
    NodeNotFound,
    NodeTypeNotFound,
    RelationNotFound,
)
from graphray.sampling.neighbors import Neighbors
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store
from tests.sampling.twin import PlainGraph

NODES = 500


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    rng = np.random.default_rng(3)
    store = tmp_path_factory.mktemp("loader") / "store"
    gr.build((rng.integers(0, NODES, 6_000), rng.integers(0, NODES, 6_000)), store, parts=3)
    return gr.open(store)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    rng = np.random.default_rng(4)
    counts = {"user": 40, "item": 20}
    edges = {
        relation: list(
            zip(
                rng.integers(0, counts[relation.source], 150).tolist(),
                rng.integers(0, counts[relation.destination], 150).tolist(),
                strict=True,
            )
        )
        for relation in (LIKES, FOLLOWS, NEAR)
    }
    plain = PlainGraph(counts, edges, {NEAR})
    return gr.open(build_store(plain, tmp_path_factory.mktemp("typed"), 2, scatter=1))


def digests(batches: Any) -> list[str]:
    return [batch.digest() for batch in batches]


def test_every_seed_comes_once_an_epoch(graph: gr.Graph) -> None:
    ids = graph.node_ids()[::2]
    loader = graph.loader(ids, [3], batch_size=64, shuffle=True, rng_seed=1)
    seen = [batch.nodes[: batch.num_seeds] for batch in loader]
    assert len(seen) == len(loader) == 4
    assert sorted(np.concatenate(seen)) == sorted(ids)
    assert np.concatenate(seen).tolist() != ids.tolist()


def test_epochs_advance_and_can_be_named(graph: gr.Graph) -> None:
    loader = graph.loader(None, [4, 2], batch_size=100, shuffle=True, rng_seed=9)
    first, second = digests(loader), digests(loader)
    assert first != second
    assert digests(loader.epoch(0)) == first
    assert digests(loader.epoch(1)) == second
    again = graph.loader(None, [4, 2], batch_size=100, shuffle=True, rng_seed=9)
    assert digests(again) == first
    other = graph.loader(None, [4, 2], batch_size=100, shuffle=True, rng_seed=10)
    assert digests(other) != first


@pytest.mark.parametrize("in_flight", [1, 3])
def test_an_epoch_can_be_entered_anywhere(graph: gr.Graph, in_flight: int) -> None:
    loader = graph.loader(None, [4, 2], batch_size=100, shuffle=True, in_flight=in_flight)
    whole = digests(loader.epoch(3))
    for batch in range(len(loader) + 1):
        assert digests(loader.resume(3, batch)) == whole[batch:]
    assert loader.batch(3, 2).digest() == whole[2]


def test_a_last_batch_can_be_dropped(graph: gr.Graph) -> None:
    assert len(graph.loader(None, [1], batch_size=300)) == 2
    assert len(graph.loader(None, [1], batch_size=300, drop_last=True)) == 1


def test_a_seed_named_twice_counts_once(graph: gr.Graph) -> None:
    batch = graph.loader([5, 9, 5], [2], batch_size=3).batch(0, 0)
    assert batch.num_seeds == 2
    assert batch.nodes[:2].tolist() == [5, 9]


def test_every_edge_of_a_batch_is_one_of_the_graph(graph: gr.Graph) -> None:
    batch = graph.loader([1, 2, 3], [-1, 2], batch_size=3).batch(0, 0)
    exported = batch.to_networkx()
    assert isinstance(exported, nx.MultiDiGraph)
    assert exported.number_of_nodes() == batch.num_nodes
    assert exported.number_of_edges() == batch.num_edges
    for source, destination in exported.edges():
        assert destination in graph.neighbors(source)
    for seed in (1, 2, 3):
        assert exported.nodes[seed]["is_seed"]
        assert exported.in_degree(seed) == len(graph.neighbors(seed, direction="in"))


def test_hops_are_counted(graph: gr.Graph) -> None:
    batch = graph.loader([1, 2, 3], [3, 2], batch_size=3).batch(0, 0)
    assert batch.num_sampled_nodes[0] == 3
    assert sum(batch.num_sampled_nodes) == len(batch.nodes)
    assert sum(batch.num_sampled_edges) == batch.edge_index.shape[1] == len(batch.edge_ids)


def test_typed_batches_hand_out_dictionaries(typed: gr.Graph) -> None:
    batch = typed.loader({"item": [-3, 4]}, {LIKES: [2, 2], "near": [0, 1]}, batch_size=2).batch(
        0, 0
    )
    assert set(batch.nodes) == {"user", "item"}
    assert set(batch.edge_index) == {LIKES, NEAR}
    assert batch.num_sampled_edges[NEAR][0] == 0
    assert batch.nodes["item"][:2].tolist() == [-3, 4]
    weights = batch.edge_features("weight", LIKES)
    assert weights.tolist() == batch.edge_ids[LIKES].tolist()
    exported = batch.to_networkx()
    assert ("item", -3) in exported


@pytest.mark.parametrize(
    ("fanout", "message"),
    [
        ([3, 0], r"fanout\[1\] = 0; expected >= 1, or -1"),
        ([-2], r"fanout\[0\] = -2"),
        ([], "empty"),
        (5, "expected a list"),
        ("15,10", "expected a list"),
        ([2.5], "expected an integer"),
        ([True], "expected an integer"),
        ({}, "names no relation"),
        ({"edge": [-3]}, r"fanout\['edge'\]\[0\] = -3"),
    ],
)
def test_fanouts_are_checked(graph: gr.Graph, fanout: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        graph.loader(None, fanout)


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_size": 0},
        {"batch_size": 1.5},
        {"rng_seed": -1},
        {"in_flight": 0},
        {"prefetch": -1},
        {"direction": "sideways"},
    ],
)
def test_settings_are_checked(graph: gr.Graph, setting: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(setting))):
        graph.loader(None, [2], **setting)


def test_seeds_are_checked(graph: gr.Graph, typed: gr.Graph) -> None:
    with pytest.raises(NodeNotFound, match=r"2 of 3 ids .* -7, 900"):
        graph.loader([3, -7, 900], [2])
    with pytest.raises(ArgumentError, match="integers"):
        graph.loader(["a"], [2])
    with pytest.raises(NodeTypeNotFound, match="user, item"):
        typed.loader([3], [2])
    with pytest.raises(NodeTypeNotFound, match="'nobody'"):
        typed.loader({"nobody": [3]}, [2])
    with pytest.raises(ArgumentError, match="strings"):
        typed.loader(("user", [3]), [2])
    with pytest.raises(ArgumentError, match="2 node types"):
        typed.loader({"user": ["u1"], "item": [4]}, [2])


def test_relations_and_columns_are_checked(graph: gr.Graph, typed: gr.Graph) -> None:
    with pytest.raises(RelationNotFound, match="hates"):
        typed.loader("user", {("user", "hates", "item"): [2]})
    with pytest.raises(ArgumentError, match="hops"):
        typed.loader("user", {LIKES: [2], FOLLOWS: [2, 2]})
    batch = typed.loader("user", [2]).batch(0, 0)
    with pytest.raises(ColumnNotFound, match=r"'y'.*it has: x"):
        batch.features("y", "user")
    with pytest.raises(NodeTypeNotFound, match="several"):
        batch.features("x")
    with pytest.raises(ColumnNotFound, match="none"):
        graph.loader([1], [2]).batch(0, 0).features("x")
    with pytest.raises(RelationNotFound, match="likes"):
        typed.neighbors("u1")


def test_epochs_and_batches_are_checked(graph: gr.Graph) -> None:
    loader = graph.loader(None, [2], batch_size=250)
    with pytest.raises(ArgumentError, match="an epoch has 2"):
        loader.resume(0, 3)
    with pytest.raises(ArgumentError, match="epoch = -1"):
        loader.epoch(-1)


def test_a_graph_of_one_node_can_be_sampled(tmp_path: Path) -> None:
    gr.build((np.zeros(0, np.int64), np.zeros(0, np.int64)), tmp_path / "one", nodes=[7])
    batch = gr.open(tmp_path / "one").loader(None, [5, 5]).batch(0, 0)
    assert batch.nodes.tolist() == [7]
    assert batch.edge_index.shape == (2, 0)
    assert batch.num_sampled_edges == (0, 0)


@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
def test_ranks_share_an_epoch_out(graph: gr.Graph, world_size: int) -> None:
    settings = {"batch_size": 100, "shuffle": True, "rng_seed": 2}
    whole = digests(graph.loader(None, [3], **settings).epoch(0))
    shares = [
        digests(graph.loader(None, [3], rank=rank, world_size=world_size, **settings).epoch(0))
        for rank in range(world_size)
    ]
    assert [len(share) for share in shares] == [
        len(whole[rank::world_size]) for rank in range(world_size)
    ]
    for rank, share in enumerate(shares):
        assert share == whole[rank::world_size]


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 2), (2, 3), (3, 1)])
def test_a_checkpoint_resumes_with_any_number_of_workers(
    graph: gr.Graph, before: int, after: int
) -> None:
    settings = {"batch_size": 50, "shuffle": True, "rng_seed": 2}

    def loaders(world_size: int) -> list[gr.Loader]:
        return [
            graph.loader(None, [3], rank=rank, world_size=world_size, **settings)
            for rank in range(world_size)
        ]

    undisturbed = graph.loader(None, [3], **settings)
    expected = sorted(digests(undisturbed.epoch(0)) + digests(undisturbed.epoch(1)))
    seen: list[str] = []
    stopped = loaders(before)
    for loader in stopped:
        for step, batch in enumerate(loader):
            seen.append(batch.digest())
            if step == 1:
                break
    (state,) = {tuple(loader.state_dict().items()) for loader in stopped}
    resumed = loaders(after)
    for loader in resumed:
        loader.load_state_dict(dict(state))
        seen += digests(loader)
        seen += digests(loader)
    assert sorted(seen) == expected


def test_the_state_after_an_epoch_is_the_next_ones_start(graph: gr.Graph) -> None:
    loader = graph.loader(None, [3], batch_size=100)
    digests(loader)
    state = loader.state_dict()
    assert (state["epoch"], state["batch"]) == (1, 0)


def test_all_nodes_come_in_the_order_of_the_input(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    ids, edges = rng.permutation(200), rng.integers(0, 200, (2, 900))
    epochs = []
    for parts in (1, 4):
        gr.build(edges, tmp_path / str(parts), nodes=ids, parts=parts, partitioner="hash")
        graph = gr.open(tmp_path / str(parts))
        epochs.append(digests(graph.loader(None, [3], batch_size=64, shuffle=True)))
        assert graph.node_ids(order="input").tolist() == ids.tolist()
        first = graph.loader(None, [3], batch_size=64).batch(0, 0)
        assert first.nodes[:64].tolist() == ids[:64].tolist()
        assert first.node_rows[:64].tolist() == first.seed_rows.tolist() == list(range(64))
    assert epochs[0] == epochs[1]


def test_a_plan_and_how_to_draw_exclude_each_other(graph: gr.Graph) -> None:
    plan = Neighbors([3], replace=True)
    by_plan = graph.loader(None, sampling=plan, batch_size=100)
    assert digests(by_plan) == digests(graph.loader(None, [3], replace=True, batch_size=100))
    with pytest.raises(ArgumentError, match="replace and sampling are both given"):
        graph.loader(None, sampling=plan, replace=True)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 2], "each of 500 seeds"),
        (np.zeros(500), "float64"),
        (np.zeros((500, 2), int), "500, 2"),
    ],
)
def test_times_are_checked(graph: gr.Graph, times: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        graph.loader(None, [3], seed_times=times)
    with pytest.raises(ColumnNotFound, match="born"):
        graph.loader(None, [3], seed_times="born")


def test_a_state_that_names_no_batch_is_refused(graph: gr.Graph) -> None:
    loader = graph.loader(None, [3], batch_size=100)
    state = loader.state_dict()
    for wrong, message in (
        ({"epoch": -1}, "epoch"),
        ({"batch": 6}, "has 5"),
        ({"batch": "2"}, "batch"),
    ):
        with pytest.raises(ArgumentError, match=message):
            loader.load_state_dict({**state, **wrong})
    with pytest.raises(ArgumentError, match="state_dict"):
        loader.load_state_dict(None)
    assert digests(loader) == digests(loader.epoch(0))


def test_a_state_of_something_else_is_refused(graph: gr.Graph, typed: gr.Graph) -> None:
    loader = graph.loader(None, [3], batch_size=100)
    with pytest.raises(ArgumentError, match="snapshot"):
        loader.load_state_dict(typed.loader("user", [3]).state_dict())
    with pytest.raises(ArgumentError, match="other seeds"):
        loader.load_state_dict(graph.loader([1, 2], [3], batch_size=100).state_dict())
    with pytest.raises(ArgumentError, match="lacks batch, seeds"):
        loader.load_state_dict({"epoch": 1, "snapshot_id": graph.snapshot_id})
    with pytest.raises(ArgumentError, match="rank = 2; expected 0 to world_size - 1 = 1"):
        graph.loader(None, [3], rank=2, world_size=2)
