from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

from graphray.errors import InputError
from graphray.ingest.inputs import read_edges, read_nodes


def test_networkx_nodes_and_attributes() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("lone", size=3)
    graph.add_edge("a", "b", weight=0.5)
    graph.add_edge("a", "b", kind="twin")
    edges = read_edges(graph, "g")
    assert edges.directed
    assert edges.source.table.to_pydict() == {
        "src": ["a", "a"],
        "dst": ["b", "b"],
        "weight": [0.5, None],
        "kind": [None, "twin"],
    }
    nodes = {"id": ["lone", "a", "b"], "size": [3, None, None]}
    assert edges.source_nodes is not None
    assert edges.source_nodes.table.to_pydict() == nodes
    assert read_nodes(graph, "g").table.to_pydict() == nodes


def test_networkx_undirected_says_so() -> None:
    assert read_edges(nx.path_graph(3), "g").directed is False


def test_networkx_empty() -> None:
    assert read_edges(nx.Graph(), "g").source.table.shape == (0, 2)


@pytest.mark.parametrize("nodes", [[(0, 1)], [1, "a"], ["a", 1], [True], [1.5]])
def test_networkx_ids_of_no_kind(nodes: list[Any]) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    with pytest.raises(InputError, match=r"row \d: node"):
        read_edges(graph, "g")


def test_networkx_attributes_that_cannot_be_columns() -> None:
    mixed = nx.Graph([(0, 1, {"x": 1}), (1, 2, {"x": "one"})])
    with pytest.raises(InputError, match="'x'"):
        read_edges(mixed, "g")
    for name in ("src", 5):
        with pytest.raises(InputError, match="cannot be a column"):
            read_edges(nx.Graph([(0, 1, {name: 1})]), "g")


@pytest.mark.parametrize("form", [sp.coo_matrix, sp.csr_array, sp.csc_matrix])
def test_sparse(form: Any) -> None:
    dense = np.array([[0, 2.5, 0], [0, 0, 1.5]])
    edges = read_edges(form(dense), "m")
    entries = edges.source.table.sort_by("src").to_pydict()
    assert entries == {"src": [0, 1], "dst": [1, 2], "weight": [2.5, 1.5]}
    assert edges.source_nodes is not None
    assert edges.destination_nodes is not None
    assert edges.source_nodes.table["id"].to_pylist() == [0, 1]
    assert edges.destination_nodes.table["id"].to_pylist() == [0, 1, 2]


@pytest.mark.parametrize("directed", [True, False])
def test_igraph_by_number(directed: bool) -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph(4, [(0, 1), (1, 2), (0, 1)], directed=directed)
    graph.vs["size"] = [1, 2, None, 4]
    graph.es["weight"] = [0.5, 1.5, 2.5]
    edges = read_edges(graph, "g")
    assert edges.directed is directed
    assert edges.source.table.to_pydict() == {
        "src": [0, 1, 0],
        "dst": [1, 2, 1],
        "weight": [0.5, 1.5, 2.5],
    }
    assert edges.source_nodes is not None
    assert edges.source_nodes.table.to_pydict() == {"id": [0, 1, 2, 3], "size": [1, 2, None, 4]}


def test_igraph_by_name() -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph.TupleList([("ada", "bob"), ("bob", "cy")], directed=True)
    assert read_edges(graph, "g").source.table.to_pydict() == {
        "src": ["ada", "bob"],
        "dst": ["bob", "cy"],
    }
    assert read_nodes(graph, "g").table.to_pydict() == {"id": ["ada", "bob", "cy"]}
    graph.vs["name"] = ["ada", None, "cy"]
    with pytest.raises(InputError, match="row 1: node None is NoneType"):
        read_edges(graph, "g")


def test_igraph_empty() -> None:
    igraph = pytest.importorskip("igraph")
    assert read_edges(igraph.Graph(), "g").source.table.shape == (0, 2)
