"""Sampling with ancestors: every path up is whole, wherever the rows are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, RelationNotFound
from graphray.sampling.neighbors import Neighbors
from graphray.schema import Relation
from tests.partly import partly
from tests.sampling.graphs import RandomAssignment

SMALL = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
NODES = 12
KNOWS, PARENT = Relation("node", "knows", "node"), Relation("node", "parent", "node")
PAIRS = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=20)


def build(folder: Path, knows: Any, parent: Any, parts: int) -> Path:
    edges = {
        relation: pa.table(
            {"src": pa.array([s for s, _ in pairs], pa.int64()),
             "dst": pa.array([d for _, d in pairs], pa.int64())}
        )
        for relation, pairs in ((KNOWS, knows), (PARENT, parent))
    }  # fmt: skip
    nodes = {"node": pa.table({"id": np.arange(NODES)})}
    gr.build(edges, folder, nodes=nodes, parts=parts, partitioner=RandomAssignment(parts))
    return folder


def closure(nodes: set[int], parent: list[tuple[int, int]]) -> set[int]:
    above = {up for low, up in parent if low in nodes}
    return nodes if above <= nodes else closure(nodes | above, parent)


@SMALL
@given(
    knows=PAIRS,
    parent=PAIRS,
    parts=st.integers(1, 4),
    disjoint=st.booleans(),
    fanout=st.sampled_from([{"knows": [2]}, {"knows": [-1], "parent": [2]}]),
    data=st.data(),
)
def test_ancestors_come_along(
    knows: Any, parent: Any, parts: int, disjoint: bool, fanout: Any, data: st.DataObject
) -> None:
    """Parents may form a DAG or, as here, even cycles, with parallel edges and loops."""
    below = Neighbors(fanout, disjoint=disjoint)
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    with tempfile.TemporaryDirectory() as folder:
        whole = gr.open(build(Path(folder) / "whole", knows, parent, 1))
        part = partly(gr.open(build(Path(folder) / "part", knows, parent, parts)), here)
        plain = whole.loader([1, 4], sampling=below).batch(0, 0)
        expected = whole.loader([1, 4], sampling=gr.WithAncestors(below)).batch(0, 0)
        batch = part.loader([1, 4], sampling=gr.WithAncestors(below)).batch(0, 0)
        assert batch.digest() == expected.digest()
        nodes, plain_nodes = batch.nodes["node"], plain.nodes["node"].tolist()
        edge_index, edge_ids = batch.edge_index[PARENT], batch.edge_ids[PARENT]
    count = len(plain_nodes)
    assert nodes[:count].tolist() == plain_nodes
    trees = batch.trees["node"] if disjoint else np.zeros(len(nodes), int)
    for tree in set(trees.tolist()):
        own = nodes[trees == tree].tolist()
        assert len(set(own)) == len(own)
        assert set(own) == closure(set(nodes[:count][trees[:count] == tree].tolist()), parent)
        edges = [e for e, (low, _) in enumerate(edge_index.T) if trees[low] == tree]
        assert sorted(edge_ids[edges].tolist()) == [
            e for e, (low, _) in enumerate(parent) if low in own
        ]
    for edge_id, (low, up) in zip(edge_ids.tolist(), edge_index.T.tolist(), strict=True):
        assert (nodes[low], nodes[up]) == parent[edge_id]
        assert trees[low] == trees[up]
    hops = plain.num_sampled_nodes["node"]
    assert batch.num_sampled_nodes["node"] == (*hops, len(nodes) - count)


def test_containers_in_a_metagraph_are_ancestors(tmp_path: Path) -> None:
    tables = gr.Metagraph.from_sets(
        {"team": ["ada", "bob"], "firm": ["team", "cy"], "club": ["zoe"]},
        edges=[("ada", "cy"), ("zoe", "ada")],
    )
    tables.build(tmp_path / "store", parts=2)
    graph = gr.open(tmp_path / "store")
    plan = gr.WithAncestors(Neighbors([1], "out"), ["^contains"])
    batch = graph.loader(("node", ["ada"]), sampling=plan).batch(0, 0)
    assert set(batch.nodes["metanode"]) == {"team", "firm"}
    contains = batch.edge_index["metanode", "contains", "metanode"]
    assert batch.nodes["metanode"][contains[:, 0]].tolist() == ["firm", "team"]


def test_the_parents_of_a_hierarchy_come_along_by_themselves(tmp_path: Path) -> None:
    tables = gr.HierarchicalKnowledgeGraph.from_triples(
        [("berlin", "in", "germany"), ("paris", "in", "france"), ("germany", "in", "europe"),
         ("france", "in", "europe"), ("berlin", "twin", "paris")],
        parent="in",
    )  # fmt: skip
    tables.build(tmp_path / "store", parts=2)
    graph = gr.open(tmp_path / "store")
    names = [r.relation for r in graph.schema.relations if r.relation.name == "twin"]
    plan = gr.WithAncestors(Neighbors({names[0]: [-1]}, "out"))
    batch = graph.loader((names[0].source, ["berlin"]), sampling=plan).batch(0, 0)
    found = {node for nodes in batch.nodes.values() for node in nodes.tolist()}
    assert found == {"berlin", "paris", "germany", "france", "europe"}


def test_parents_are_checked(tmp_path: Path) -> None:
    graph = gr.open(build(tmp_path / "store", [(0, 1)], [(0, 1)], 1))
    with pytest.raises(ArgumentError, match="expected a list"):
        graph.loader(sampling=gr.WithAncestors(Neighbors([1]), "parent"))
    with pytest.raises(ArgumentError, match="names no relation"):
        graph.loader(sampling=gr.WithAncestors(Neighbors([1]), []))
    with pytest.raises(RelationNotFound, match="hates"):
        graph.loader(sampling=gr.WithAncestors(Neighbors([1]), ["hates"]))
