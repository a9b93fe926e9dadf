"""Batches around seed edges: which pairs, which negatives, and which edges they must not show."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray import Negatives
from graphray.errors import (
    ArgumentError,
    ColumnNotFound,
    EdgeNotFound,
    NodeNotFound,
    RelationNotFound,
)
from graphray.schema import Relation
from tests.partly import calls_of, without
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store, plain_graphs, user_id
from tests.sampling.twin import PlainGraph

RELATIONS = (LIKES, FOLLOWS, NEAR)


def end_ids(batch: gr.LinkBatch, which: int) -> list[Any]:
    """Users' ids of the sources (0) or destinations (1) of the labelled pairs."""
    name = batch.relation[0 if which == 0 else 2]
    nodes: Any = batch.nodes
    return nodes[name][batch.edge_label_index[which]].tolist()


def pairs_of(batch: gr.LinkBatch) -> list[tuple[Any, Any]]:
    return list(zip(end_ids(batch, 0), end_ids(batch, 1), strict=True))


def given_pairs(graph: PlainGraph, relation: Relation) -> list[tuple[Any, Any]]:
    """A relation's edges in users' ids; an undirected one leads from the node that came first."""
    pairs = graph.edges[relation]
    if relation in graph.undirected:
        pairs = [(min(pair), max(pair)) for pair in pairs]
    return [(user_id(relation.source, s), user_id(relation.destination, d)) for s, d in pairs]


def shown(batch: gr.LinkBatch, relation: Relation) -> list[tuple[Any, Any]]:
    """The batch's edges of a relation, in users' ids."""
    nodes: Any = batch.nodes
    edges: Any = batch.edge_index
    sources, destinations = edges[relation]
    return list(
        zip(
            nodes[relation.source][sources].tolist(),
            nodes[relation.destination][destinations].tolist(),
            strict=True,
        )
    )


def epoch_or_refusal(
    graph: gr.Graph, relation: Relation, wanted: Negatives, rng_seed: int
) -> tuple[list[gr.LinkBatch], str]:
    try:
        loader = graph.link_loader(
            relation, [2, 2], negatives=wanted, batch_size=8, rng_seed=rng_seed
        )
        return list(loader), ""
    except ArgumentError as error:
        return [], str(error)


@given(plain_graphs(), st.sampled_from(RELATIONS), st.integers(0, 99), st.data())
@settings(max_examples=20)
def test_seeds_negatives_and_what_is_shown(
    plain: PlainGraph, relation: Relation, rng_seed: int, data: st.DataObject
) -> None:
    wanted = Negatives(
        amount=data.draw(st.sampled_from([0.5, 1, 3])),
        draw=data.draw(st.sampled_from(["uniform", "degree", "in-batch"])),
        corrupt=data.draw(st.sampled_from(["destination", "source", "either", "both"])),
        among=data.draw(st.sampled_from(["type", "seen"])),
    )
    expected = given_pairs(plain, relation)
    existing = set(expected)
    if relation in plain.undirected:
        existing |= {(d, s) for s, d in expected}
    with tempfile.TemporaryDirectory() as folder:
        digests = []
        for parts in (1, 2):
            store = build_store(plain, Path(folder) / str(parts), parts, scatter=7)
            graph = gr.open(store)
            if parts == 2:
                graph = without(graph, {1})
            batches, refusal = epoch_or_refusal(graph, relation, wanted, rng_seed)
            if refusal:
                # Nothing to draw from, or a node that is connected to everything.
                assert "no negative is left" in refusal or not expected
                return
            digests.append([batch.digest() for batch in batches])
        positives, negatives = [], []
        for batch in batches:
            pairs = pairs_of(batch)
            assert batch.edge_label.tolist() == [1.0] * batch.num_seeds + [0.0] * (
                len(pairs) - batch.num_seeds
            )
            hidden = set(pairs[: batch.num_seeds])
            if relation in plain.undirected:
                hidden |= {(d, s) for s, d in hidden}
            assert not hidden & set(shown(batch, relation))
            positives += pairs[: batch.num_seeds]
            negatives += [
                (pairs[j % batch.num_seeds], pair)
                for j, pair in enumerate(pairs[batch.num_seeds :])
            ]
            assert len(pairs) - batch.num_seeds == int(np.ceil(wanted.amount * batch.num_seeds))
    assert positives == expected
    assert digests[0] == digests[1]
    for (source, destination), made in negatives:
        assert made not in existing
        if wanted.corrupt == "destination":
            assert made[0] == source
        if wanted.corrupt == "source":
            assert made[1] == destination
        if wanted.corrupt == "either":
            assert made[0] == source or made[1] == destination
        if wanted.among == "seen" or wanted.draw == "degree":
            assert made[0] in {pair[0] for pair in existing}
            assert made[1] in {pair[1] for pair in existing}


NODES = 300


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> gr.Graph:
    """Skewed, with parallel edges, and columns on its edges."""
    rng = np.random.default_rng(3)
    edges = pa.table(
        {
            "src": (NODES * rng.random(4_000) ** 2).astype(np.int64),
            "dst": (NODES * rng.random(4_000) ** 3).astype(np.int64),
            "rating": rng.integers(0, 5, 4_000),
            "at": rng.integers(0, 1_000, 4_000),
        }
    )
    nodes = pa.table({"id": np.arange(NODES), "born": np.arange(NODES) % 1_000})
    store = tmp_path_factory.mktemp("links") / "store"
    gr.build(edges, store, nodes=nodes, parts=3)
    return gr.open(store)


def test_pairs_ids_and_relations_name_the_same_edges(graph: gr.Graph) -> None:
    every = graph.link_loader(None, [3], batch_size=4_000).batch(0, 0)
    chosen = [17, 3, 1_000]
    by_id = graph.link_loader(chosen, [3], batch_size=3).batch(0, 0)
    pairs = [pairs_of_homogeneous(every)[i] for i in chosen]
    assert pairs_of_homogeneous(by_id) == pairs
    by_pair = graph.link_loader(tuple(zip(*pairs, strict=True)), [3], batch_size=3).batch(0, 0)
    assert by_pair.digest() == by_id.digest()
    as_array = graph.link_loader(np.array(pairs).T, [3], batch_size=3).batch(0, 0)
    named = graph.link_loader(("edge", chosen), [3], batch_size=3).batch(0, 0)
    assert as_array.digest() == named.digest() == by_id.digest()
    assert by_id.seed_rows.tolist() == [0, 1, 2]


def pairs_of_homogeneous(batch: gr.LinkBatch) -> list[tuple[int, int]]:
    return list(map(tuple, batch.nodes[batch.edge_label_index].T.tolist()))


def test_labels_come_from_columns_or_arrays(graph: gr.Graph) -> None:
    batch = graph.link_loader([5, 9], [2], labels="rating").batch(0, 0)
    ratings = graph.link_loader(None, [2], labels="rating", batch_size=4_000).batch(0, 0)
    assert batch.edge_label.tolist() == ratings.edge_label[[5, 9]].tolist()
    own = graph.link_loader([5, 9], [2], labels=[0.25, 0.5], negatives=Negatives()).batch(0, 0)
    assert own.edge_label.tolist() == [0.25, 0.5, 0.0, 0.0]
    classes = graph.link_loader([5, 9], [2], labels=[0, 2], negatives=Negatives()).batch(0, 0)
    assert classes.edge_label.tolist() == [1, 3, 0, 0]  # 0 is the negatives' own
    assert graph.link_loader([5, 9], [2]).batch(0, 0).edge_label is None


def test_triplets_have_other_destinations_for_each_source(graph: gr.Graph) -> None:
    wanted = Negatives("triplet", amount=4)
    batch = graph.link_loader(None, [2], negatives=wanted, batch_size=50).batch(0, 2)
    assert batch.dst_neg_index.shape == (50, 4)
    assert batch.edge_label is None
    sources, found = batch.nodes[batch.src_index], batch.nodes[batch.dst_pos_index]
    for source, destination, others in zip(
        sources, found, batch.nodes[batch.dst_neg_index], strict=True
    ):
        neighbors = set(graph.neighbors(source).tolist())
        assert destination in neighbors
        assert not neighbors & set(others.tolist())


def test_the_reverse_relation_loses_the_same_edges(tmp_path: Path) -> None:
    gr.build(
        {
            ("user", "likes", "item"): ([0, 0, 1], [5, 5, 6]),
            ("item", "liked_by", "user"): ([5, 5, 6], [0, 0, 1]),
        },
        tmp_path / "store",
    )
    graph = gr.open(tmp_path / "store")
    likes, liked_by = ("user", "likes", "item"), ("item", "liked_by", "user")

    def left(**settings: Any) -> tuple[int, int]:
        batch = graph.link_loader({likes: ([0], [5])}, [-1, -1], **settings).batch(0, 0)
        return tuple(batch.edge_index[r].shape[1] for r in (likes, liked_by))

    assert left(exclude_seed_edges=False) == (2, 2)
    assert left() == (0, 2)  # both parallel edges tell that user 0 likes item 5
    assert left(reverse=liked_by) == (0, 0)
    with pytest.raises(ArgumentError, match="reverse of user-likes-item leads from item to user"):
        left(reverse=likes)


def test_excluded_edges_leave_the_counts_of_hops_right(graph: gr.Graph) -> None:
    settings = {"batch_size": 100, "rng_seed": 3}
    bare = graph.link_loader(None, [5, 5], **settings).batch(0, 1)
    full = graph.link_loader(None, [5, 5], exclude_seed_edges=False, **settings).batch(0, 1)
    pairs = set(pairs_of_homogeneous(bare))
    per_hop, start = [], 0
    for count in full.num_sampled_edges:
        hop = full.nodes[full.edge_index[:, start : start + count]].T.tolist()
        per_hop.append(sum(tuple(edge) not in pairs for edge in hop))
        start += count
    assert tuple(per_hop) == bare.num_sampled_edges
    assert bare.num_edges < full.num_edges
    assert bare.num_sampled_nodes == full.num_sampled_nodes


@pytest.mark.parametrize(("draw", "power"), [("uniform", 0.0), ("degree", 0.75), ("degree", 1.0)])
def test_how_often_each_node_is_drawn(graph: gr.Graph, draw: Any, power: float) -> None:
    from scipy.stats import chisquare

    wanted = Negatives(amount=10, draw=draw, alpha=power, avoid_edges=False)
    loader = graph.link_loader(None, [1], negatives=wanted, batch_size=500, rng_seed=5)
    drawn: Counter[int] = Counter()
    degrees: Counter[int] = Counter()
    for batch in loader:
        ends = batch.nodes[batch.edge_label_index[1]].tolist()
        degrees.update(ends[: batch.num_seeds])
        drawn.update(ends[batch.num_seeds :])
    chances = np.array([degrees[i] ** power if power else 1.0 for i in range(NODES)], float)
    counts = np.array([drawn[i] for i in range(NODES)])
    assert not counts[chances == 0].any()
    likely = chances > 0
    expected = chances[likely] / chances.sum() * counts.sum()
    often = expected >= 5
    kept = np.append(counts[likely][often], counts[likely][~often].sum())
    wished = np.append(expected[often], expected[~often].sum())
    if wished[-1] == 0:
        kept, wished = kept[:-1], wished[:-1]
    assert chisquare(kept, wished).pvalue > 1e-4


def test_in_batch_negatives_need_no_further_nodes(graph: gr.Graph) -> None:
    wanted = Negatives(draw="in-batch", avoid_edges=False)
    batch = graph.link_loader(None, [2], negatives=wanted, batch_size=200).batch(0, 0)
    alone = graph.link_loader(None, [2], batch_size=200).batch(0, 0)
    assert set(batch.edge_label_index[1]) == set(alone.edge_label_index[1])
    assert batch.nodes.tolist() == alone.nodes.tolist()


def test_pairs_held_out_of_the_graph_are_no_negatives_either(tmp_path: Path) -> None:
    """Each source is asked about with three of four destinations; none of these is an edge."""
    gr.build(([0, 1], [9, 9]), tmp_path / "store", nodes=range(10))
    graph = gr.open(tmp_path / "store")
    asked = [(source, destination) for source in (0, 1) for destination in (4, 5, 6)]
    wanted = Negatives(amount=5, draw="in-batch")
    seeds = tuple(zip(*asked, strict=True))
    batch = graph.link_loader(seeds, [1], negatives=wanted).batch(0, 0)
    pairs = pairs_of_homogeneous(batch)
    assert pairs[:6] == asked
    assert not set(pairs[6:]) & {*asked, (0, 9), (1, 9)}


def test_negatives_are_not_of_the_future(graph: gr.Graph) -> None:
    wanted = Negatives(amount=3, node_time="born", avoid_edges=False)
    loader = graph.link_loader(None, [2], negatives=wanted, seed_times="at", batch_size=500)
    for batch in loader:
        born = batch.nodes[batch.edge_label_index[1, batch.num_seeds :]]
        assert np.all(born <= np.tile(batch.seed_times, 3))


def test_a_node_with_every_edge_has_no_negative(tmp_path: Path) -> None:
    gr.build(([0, 0, 0, 1], [0, 1, 2, 2]), tmp_path / "star")
    graph = gr.open(tmp_path / "star")
    with pytest.raises(ArgumentError, match="node 0 has an edge of node-edge-node to every node"):
        graph.link_loader([0], [1], negatives=Negatives()).batch(0, 0)
    batch = graph.link_loader([0], [1], negatives=Negatives(avoid_edges=False)).batch(0, 0)
    assert batch.edge_label.tolist() == [1.0, 0.0]
    # Of all pairs only those of nodes 0, 1 at the end of node 1 are no edges.
    ends = set()
    for epoch in range(20):
        (batch,) = graph.link_loader([3], [1], negatives=Negatives()).epoch(epoch)
        ends |= set(batch.nodes[batch.edge_label_index[:, 1]].tolist())
    assert ends == {0, 1}


def test_epochs_are_shared_out_and_resumed(graph: gr.Graph) -> None:
    settings = {
        "batch_size": 100,
        "shuffle": True,
        "rng_seed": 2,
        "negatives": Negatives(draw="degree"),
    }
    whole = [b.digest() for b in graph.link_loader(None, [3], **settings).epoch(0)]
    for rank in range(3):
        loader = graph.link_loader(None, [3], rank=rank, world_size=3, in_flight=2, **settings)
        assert [b.digest() for b in loader.epoch(0)] == whole[rank::3]
    loader = graph.link_loader(None, [3], prefetch=2, **settings)
    seen = [batch.digest() for _, batch in zip(range(7), loader, strict=False)]
    state = loader.state_dict()
    again = graph.link_loader(None, [3], **settings)
    again.load_state_dict(state)
    assert seen + [b.digest() for b in again] == whole
    other = graph.link_loader(None, [3], **{**settings, "negatives": Negatives()})
    with pytest.raises(ArgumentError, match="other seeds"):
        other.load_state_dict(state)


def test_trees_are_numbered_by_seed_edge(graph: gr.Graph) -> None:
    wanted = Negatives(amount=2)
    loader = graph.link_loader(None, [2, 1], negatives=wanted, batch_size=20, disjoint=True)
    batch = loader.batch(0, 0)
    for pair in batch.edge_label_index[:, :20].T, batch.edge_label_index[:, 20:40].T:
        assert batch.trees[pair].tolist() == [[i, i] for i in range(20)]
    sources, destinations = batch.edge_index
    assert np.array_equal(batch.trees[sources], batch.trees[destinations])
    assert not set(pairs_of_homogeneous(batch)[:20]) & set(
        map(tuple, batch.nodes[batch.edge_index].T.tolist())
    )


def test_rows_elsewhere_cost_calls_and_change_nothing(graph: gr.Graph) -> None:
    settings = {"batch_size": 100, "rng_seed": 8, "negatives": Negatives(corrupt="either")}
    here = graph.link_loader(range(0, 4_000, 3), [3, 2], **settings)
    elsewhere = without(graph, {1})
    there = elsewhere.link_loader(range(0, 4_000, 3), [3, 2], **settings)
    assert (here.in_flight, there.in_flight) == (1, 4)
    calls_of(elsewhere)
    assert [b.digest() for b in there] == [b.digest() for b in here]
    assert calls_of(elsewhere)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"seed_edges": [4_000]}, EdgeNotFound, "1 of 1 ids are no edges of node-edge-node: 4000"),
        ({"seed_edges": ([1, 2], [3])}, ArgumentError, "2 sources and 1 destinations"),
        ({"seed_edges": ([1], [900])}, NodeNotFound, "900"),
        ({"seed_edges": [0.5]}, ArgumentError, "float64"),
        ({"seed_edges": np.zeros((3, 3), int)}, ArgumentError, r"shape \(3, 3\)"),
        ({"seed_edges": ("hates", [1])}, RelationNotFound, "hates"),
        ({"seed_edges": {"edge": [1], "other": [2]}}, ArgumentError, "2 relations"),
        ({"labels": [1, 2]}, ArgumentError, "each of 4000 seed edges"),
        ({"labels": "colour"}, ColumnNotFound, "colour"),
        ({"seed_edges": ([1], [2]), "labels": "rating"}, ArgumentError, "pairs of nodes do not"),
        ({"seed_times": np.zeros(4_000)}, ArgumentError, "float64"),
        ({"negatives": "uniform"}, ArgumentError, "expected graphray.Negatives"),
        ({"negatives": Negatives("triplet"), "labels": "rating"}, ArgumentError, "triplets"),
        ({"negatives": Negatives(node_time="born")}, ArgumentError, "need seed_times"),
        (
            {"negatives": Negatives(node_time="x"), "seed_times": "at"},
            ColumnNotFound,
            "'x' is no column of node",
        ),
        ({"reverse": "hates"}, RelationNotFound, "hates"),
    ],
)
def test_what_does_not_fit_is_refused(
    graph: gr.Graph, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        graph.link_loader(**{"fanout": [2], **settings})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mode": "pairs"}, "mode = 'pairs'"),
        ({"amount": 0}, "amount = 0"),
        ({"amount": "many"}, "expected a number"),
        ({"alpha": -1}, "alpha = -1"),
        ({"mode": "triplet", "amount": 1.5}, "whole number"),
        ({"mode": "triplet", "corrupt": "source"}, "other destinations"),
        ({"draw": "degrees"}, "'uniform', 'degree', 'in-batch'"),
    ],
)
def test_negatives_are_checked(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Negatives(**fields)
