from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, DanglingEdge, NodeTypeNotFound, RelationNotFound
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.property import PropertyGraph
from graphray.schema import DEFAULT_RELATION, Relation

TABLE = pa.table({"src": [3, 1, 3], "dst": [1, 2, 1], "w": [0.5, 1.5, 2.5]})
LIBRARY: dict[tuple[str, str, str], Any] = {
    ("author", "writes", "paper"): pa.table({"src": ["a", "b", "b"], "dst": [1, 1, 2]}),
    ("paper", "cites", "paper"): pa.table({"src": [2], "dst": [1], "page": [7]}),
}


def forms(folder: Path) -> dict[str, Any]:
    polars = pytest.importorskip("polars")
    pa.csv.write_csv(TABLE, folder / "t.csv")
    pa.parquet.write_table(TABLE, folder / "t.parquet")
    graph = nx.MultiDiGraph()
    graph.add_nodes_from([1, 2, 3])
    for row in TABLE.to_pylist():
        graph.add_edge(row["src"], row["dst"], w=row["w"])
    return {
        "arrow": TABLE,
        "csv": folder / "t.csv",
        "parquet": str(folder / "t.parquet"),
        "pandas": pd.DataFrame(TABLE.to_pydict()),
        "polars": polars.DataFrame(TABLE.to_pydict()),
        "networkx": graph,
    }


def test_every_form_becomes_the_same_tables(tmp_path: Path) -> None:
    found = {name: PropertyGraph.from_tables(form) for name, form in forms(tmp_path).items()}
    for name, tables in found.items():
        edges = tables.edges[DEFAULT_RELATION].to_pylist()
        assert sorted(edges, key=str) == sorted(TABLE.to_pylist(), key=str), name
        assert tables.nodes["node"].column("id").to_pylist() == [1, 2, 3], name


def test_a_matrix_and_pairs() -> None:
    matrix = sp.csr_array(np.array([[0, 2.5], [0, 0]]))
    tables = PropertyGraph.from_tables(matrix)
    assert tables.edges[DEFAULT_RELATION].to_pydict() == {"src": [0], "dst": [1], "weight": [2.5]}
    pairs = PropertyGraph.from_tables([("a", "b")], directed=False)
    assert pairs.undirected == {DEFAULT_RELATION}


@st.composite
def edge_lists(draw: Any) -> tuple[list[tuple[int, int]], bool]:
    ends = st.integers(0, 5)
    return draw(st.lists(st.tuples(ends, ends), min_size=1, max_size=12)), draw(st.booleans())


@given(edge_lists(), st.integers(1, 3))
@settings(max_examples=40)
def test_calls_against_plain_lists(graph: tuple[list[tuple[int, int]], bool], parts: int) -> None:
    pairs, directed = graph
    tables = PropertyGraph.from_tables(pairs, list(range(6)), directed=directed)
    g = PropertyGraph(tables.in_memory(parts=parts, partitioner="random"))
    assert g.num_edges() == len(pairs)
    assert g.is_directed() is directed
    out, into = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    if not directed:
        both = Counter(end for pair in pairs for end in set(pair))
        out = into = both
    ids = g.graph.node_ids().tolist()
    assert g.degree().tolist() == [out[i] for i in ids]
    assert g.degree([5, 0, 5], direction="in").tolist() == [into[5], into[0], into[5]]
    assert g.nodes().column("id").to_pylist() == list(range(6))
    back = g.edges().to_pydict()
    found = list(zip(back["src"], back["dst"], strict=True))
    assert found == pairs if directed else list(map(sorted, found)) == list(map(sorted, pairs))
    network = g.to_networkx()
    assert network.is_directed() is directed
    assert Counter(d for _, d in network.degree()) == Counter(
        sum((a == i) + (b == i) for a, b in pairs) for i in range(6)
    )


def test_tables_survive_a_store(tmp_path: Path) -> None:
    nodes = {
        "author": pa.table({"id": ["b", "a"], "h": pa.array([None, 3], pa.int64())}),
        "paper": pa.table({"id": [1, 2], "title": pa.array(["x", "y"], pa.large_string())}),
    }
    tables = PropertyGraph.from_tables(LIBRARY, nodes)
    tables.build(tmp_path / "s", parts=3, partitioner="random")
    with PropertyGraph.open(tmp_path / "s") as g:
        assert g.tables() == tables
        assert g.node_types == ("author", "paper")
        assert g.relations == tuple(Relation(*triple) for triple in LIBRARY)


def test_several_types() -> None:
    g = PropertyGraph.of(PropertyGraph.from_tables(LIBRARY))
    assert g.degree(["b"], "writes").tolist() == [2]
    assert g.degree(relation="writes", direction="in").tolist() == [2, 1]
    network = g.to_networkx()
    assert network.edges[("paper", 2), ("paper", 1), ("cites", 0)] == {"page": 7}
    with pytest.raises(NodeTypeNotFound):
        g.nodes()
    for call in (g.edges, g.num_edges, g.degree):
        with pytest.raises(RelationNotFound):
            call()


def test_networkx_has_no_mixture() -> None:
    mixed = PropertyGraph.from_tables(LIBRARY, directed={("paper", "cites", "paper"): False})
    with pytest.raises(ArgumentError, match="directed and undirected"):
        PropertyGraph.of(mixed).to_networkx()


def test_bad_input_is_named() -> None:
    with pytest.raises(DanglingEdge, match="row 1"):
        PropertyGraph.from_tables(TABLE, nodes=[1, 3])


def test_every_kind_is_a_property_graph(tmp_path: Path) -> None:
    Hypergraph.from_sets({"x": ["a", "b"]}).build(tmp_path / "h")
    with PropertyGraph.open(tmp_path / "h") as g:
        assert g.degree(["x"], direction="in").tolist() == [2]
        assert g.graph.kind == "hypergraph"
    with pytest.raises(ArgumentError, match="kind = 'hyper'"):
        gr.build([(0, 1)], tmp_path / "p", kind="hyper")  # type: ignore[arg-type]
    assert not (tmp_path / "p").exists()
