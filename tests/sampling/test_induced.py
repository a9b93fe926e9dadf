"""Induced subgraphs and cluster batches: against NetworkX, wherever the rows are."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, RelationNotFound
from graphray.sampling.neighbors import Neighbors
from tests.partly import partly
from tests.sampling.graphs import FOLLOWS, LIKES, NEAR, build_store, plain_graphs, user_id
from tests.sampling.twin import PlainGraph

SMALL = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])


def networkx_of(graph: PlainGraph) -> nx.MultiDiGraph:
    """The plain graph; undirected edges stand there both ways, loops once."""
    whole = nx.MultiDiGraph()
    for name, count in graph.counts.items():
        whole.add_nodes_from((name, user_id(name, node)) for node in range(count))
    for relation, pairs in graph.edges.items():
        for edge_id, (source, destination) in enumerate(pairs):
            ends = [
                (relation.source, user_id(relation.source, source)),
                (relation.destination, user_id(relation.destination, destination)),
            ]
            whole.add_edge(*ends, relation=relation, edge_id=edge_id)
            if relation in graph.undirected and source != destination:
                whole.add_edge(*reversed(ends), relation=relation, edge_id=edge_id)
    return whole


def edges_of(graph: nx.MultiDiGraph) -> Counter[Any]:
    return Counter(
        (source, destination, data["relation"], data["edge_id"])
        for source, destination, data in graph.edges(data=True)
    )


@SMALL
@given(
    graph=plain_graphs(),
    data=st.data(),
    direction=st.sampled_from(["in", "out"]),
    fanout=st.sampled_from([[2], [-1], [2, 1]]),
)
def test_all_edges_among_the_nodes_are_there(
    graph: PlainGraph, data: st.DataObject, direction: Any, fanout: list[int]
) -> None:
    plan = gr.Induced(Neighbors(fanout, direction))
    parts = data.draw(st.integers(1, min(graph.counts.values())))
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    batches = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (pieces, mapped) in enumerate([(1, {0}), (parts, here)]):
            store = build_store(graph, Path(folder) / str(number), pieces, scatter=number)
            seeds = ("user", [user_id("user", node) for node in range(graph.counts["user"])][:3])
            batch = partly(gr.open(store), mapped).loader(seeds, sampling=plan).batch(0, 0)
            batches.append((batch.digest(), batch.to_networkx()))
    assert batches[0][0] == batches[1][0]
    found = batches[1][1]
    assert edges_of(found) == edges_of(networkx_of(graph).subgraph(found.nodes))


def test_a_disjoint_batch_has_the_edges_within_its_trees(tmp_path: Path) -> None:
    pairs = [(0, 1), (1, 2), (2, 0), (0, 0), (0, 1), (3, 0)]
    gr.build(tuple(np.array(pairs).T), tmp_path / "store", parts=2, directed=False)
    graph = gr.open(tmp_path / "store")
    plan = gr.Induced(Neighbors([-1], disjoint=True))
    batch = graph.loader([1, 3], sampling=plan).batch(0, 0)
    trees, nodes = np.asarray(batch.trees), batch.nodes
    assert sorted(zip(trees.tolist(), nodes.tolist(), strict=True)) == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 3),
    ]  # fmt: skip
    sources, destinations = batch.edge_index
    assert (trees[sources] == trees[destinations]).all()
    found = Counter(
        (int(trees[s]), int(nodes[s]), int(nodes[d]))
        for s, d in zip(sources, destinations, strict=True)
    )
    both = Counter({(0, 0, 1): 2, (0, 1, 0): 2, (0, 0, 0): 1, (1, 0, 0): 1})
    both.update([(0, 1, 2), (0, 2, 1), (0, 2, 0), (0, 0, 2), (1, 3, 0), (1, 0, 3)])
    assert found == both


def test_relations_can_be_chosen(tmp_path: Path) -> None:
    plain = PlainGraph(
        {"user": 2, "item": 2},
        {LIKES: [(0, 1)], FOLLOWS: [(0, 1), (1, 1)], NEAR: [(0, 1)]},
        {NEAR},
    )
    graph = gr.open(build_store(plain, tmp_path, 2, scatter=1))
    batch = graph.loader("user", sampling=gr.Induced(Neighbors([-1]), ["follows"])).batch(0, 0)
    assert set(batch.edge_index) == {FOLLOWS}
    assert batch.edge_features("weight", FOLLOWS).tolist() == batch.edge_ids[FOLLOWS].tolist()
    with pytest.raises(RelationNotFound, match="hates"):
        graph.loader("user", sampling=gr.Induced(Neighbors([-1]), ["hates"]))
    with pytest.raises(ArgumentError, match="expected a list"):
        graph.loader("user", sampling=gr.Induced(Neighbors([-1]), "follows"))


NODES = 30


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    rng = np.random.default_rng(2)
    pairs = rng.integers(0, NODES, (2, 200))
    labels = pa.array([f"c{node % 4}" if node != 7 else None for node in range(NODES)])
    nodes = pa.table({"id": np.arange(NODES), "community": labels})
    folder = tmp_path_factory.mktemp("clusters")
    for parts in (1, 3):
        gr.build(tuple(pairs), folder / str(parts), nodes=nodes, parts=parts, partitioner="hash")
    return {parts: folder / str(parts) for parts in (1, 3)}


def test_every_partition_is_a_batch(stores: dict[int, Path]) -> None:
    graph = gr.open(stores[3])
    whole = graph.loader([0], sampling=gr.Induced(Neighbors([-1, -1, -1]))).batch(0, 0)
    exported = whole.to_networkx()
    seen: list[int] = []
    for batch in graph.cluster_loader(shuffle=True):
        nodes = batch.nodes.tolist()
        assert len({graph.node(node).partition for node in nodes}) == 1
        assert edges_of(batch.to_networkx()) == edges_of(exported.subgraph(nodes))
        seen += nodes
    assert sorted(seen) == list(range(NODES))
    (both,) = graph.cluster_loader(3)
    assert both.num_edges == whole.num_edges == 200


def test_communities_are_batches_whatever_the_partitioning(stores: dict[int, Path]) -> None:
    batches = {
        parts: list(gr.open(store).cluster_loader(2, column="community"))
        for parts, store in stores.items()
    }
    assert [b.digest() for b in batches[1]] == [b.digest() for b in batches[3]]
    first = sorted(batches[3][0].nodes.tolist())
    assert first == [node for node in range(NODES) if node % 4 in (0, 1)]
    assert sum(batch.num_nodes for batch in batches[3]) == NODES - 1
    assert [batch.num_seeds for batch in batches[3]] == [2, 2]
    part = partly(gr.open(stores[3]), [1]).cluster_loader(2, column="community").batch(0, 1)
    assert part.digest() == batches[1][1].digest()


def test_clusters_are_checked(stores: dict[int, Path]) -> None:
    graph = gr.open(stores[3])
    with pytest.raises(ColumnNotFound, match="it has: community"):
        graph.cluster_loader(column="colour")
    with pytest.raises(ArgumentError, match="clusters_per_batch = 0"):
        graph.cluster_loader(0)
    with pytest.raises(ArgumentError, match="1 of 2 seeds of type 'node' are in no cluster"):
        graph.loader([7, 8], sampling=gr.Clusters("community")).batch(0, 0)
