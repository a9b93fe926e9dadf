from __future__ import annotations

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from graphray.errors import DanglingEdge
from graphray.ingest import read_graph
from graphray.schema import DEFAULT_RELATION, Column, Relation


def test_types_stand_in_the_order_of_tables_then_relations() -> None:
    graph = read_graph(
        {("c", "to", "a"): ([1], [2]), ("a", "by", "d"): ([2], [3])},
        {"b": np.arange(2), "a": np.arange(3)},
        missing_nodes="add",
    )
    assert list(graph.nodes) == ["b", "a", "c", "d"]
    assert list(graph.edges) == [("c", "to", "a"), ("a", "by", "d")]


def test_a_type_is_numbered_over_all_relations() -> None:
    graph = read_graph({("a", "r", "b"): ([9, 1], ["x", "y"]), ("a", "s", "a"): ([5], [9])})
    assert graph.nodes["a"].ids.tolist() == [1, 5, 9]
    assert graph.edges[Relation("a", "r", "b")].sources.tolist() == [2, 0]
    assert graph.edges[Relation("a", "s", "a")].destinations.tolist() == [2]


def test_stable_ids_are_the_rows_of_the_table() -> None:
    graph = read_graph(([1, 9], [9, 5]), pa.table({"id": [9, 1, 5], "x": [0, 1, 2]}))
    edges = graph.edges[DEFAULT_RELATION]
    assert edges.sources.tolist() == [1, 0]
    assert edges.destinations.tolist() == [0, 2]
    assert graph.schema.node_type("node").columns == (Column("x", "int64"),)


def test_missing_nodes() -> None:
    nodes = pa.table({"id": ["b"], "x": [1]})
    with pytest.raises(DanglingEdge):
        read_graph((["b", "c"], ["a", "b"]), nodes)
    graph = read_graph((["b", "c"], ["a", "b"]), nodes, missing_nodes="add")
    assert graph.nodes["node"].ids.to_pylist() == ["b", "a", "c"]
    assert graph.nodes["node"].properties.to_pydict() == {"x": [1, None, None]}


def test_missing_nodes_of_an_empty_table() -> None:
    nodes = pa.table({"id": pa.array([], pa.null())})
    graph = read_graph((["b"], ["a"]), nodes, missing_nodes="add")
    assert graph.nodes["node"].ids.to_pylist() == ["a", "b"]


def test_a_matrix_brings_its_nodes() -> None:
    graph = read_graph(
        {
            ("a", "r", "b"): sp.coo_array(([1.0], ([0], [1])), shape=(2, 4)),
            ("b", "s", "b"): ([7], [0]),
        }
    )
    assert graph.nodes["a"].ids.tolist() == [0, 1]
    assert graph.nodes["b"].ids.tolist() == [0, 1, 2, 3, 7]


def test_a_table_outranks_the_nodes_of_a_networkx_graph() -> None:
    graph = read_graph(nx.path_graph(2), np.array([1, 0, 5]))
    assert graph.nodes["node"].ids.tolist() == [1, 0, 5]
    assert not graph.edges[DEFAULT_RELATION].directed


def test_properties_in_the_types_that_the_store_keeps() -> None:
    edges = pa.table(
        {
            "src": [1],
            "dst": [1],
            "text": pa.array(["x"], pa.string()),
            "word": pa.array(["y"]).dictionary_encode(),
            "raw": pa.array([b"z"]),
        }
    )
    properties = read_graph(edges).edges[DEFAULT_RELATION].properties
    assert [str(field.type) for field in properties.schema] == [
        "large_string",
        "large_string",
        "large_binary",
    ]
    assert properties.to_pylist() == [{"text": "x", "word": "y", "raw": b"z"}]
