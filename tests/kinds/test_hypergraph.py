from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound, InputError, NodeNotFound
from graphray.kinds.hypergraph import Hypergraph
from tests.kinds.hypergraphs import Sets, s_component, s_neighbors, set_systems, vertices_of

TEAMS = pa.table(
    {
        "vertex": ["ada", "bob", "bob", "cy", "ada", "ada"],
        "hyperedge": ["p", "p", "q", "q", "q", "q"],
        "role": ["lead", "member", "lead", "member", "lead", "member"],
        "weight": [0.5, 1.0, 2.0, 3.0, 4.0, 5.0],
    }
)


@given(sets=set_systems(), s=st.integers(1, 3), parts=st.integers(1, 3))
@settings(max_examples=40)
def test_calls_against_plain_sets(sets: Sets, s: int, parts: int) -> None:
    tables = Hypergraph.from_sets(sets)
    parts = min(parts, len(vertices_of(sets)) + len(sets))
    h = Hypergraph(tables.in_memory(parts=parts, partitioner="random"))
    assert set(h.vertices()) == vertices_of(sets)
    assert set(h.hyperedges()) == set(sets)
    assert (h.num_vertices, h.num_hyperedges) == (len(vertices_of(sets)), len(sets))
    for hyperedge, members in sets.items():
        found = h.members(hyperedge).tolist()
        assert set(found) == members
        assert len(found) == len(members)
        assert set(h.s_neighbors(hyperedge, s)) == s_neighbors(sets, hyperedge, s)
    for vertex in vertices_of(sets):
        assert set(h.edges_of(vertex)) == {e for e, members in sets.items() if vertex in members}
    assert h.size().tolist() == [len(sets[e]) for e in h.hyperedges()]
    assert h.degree().tolist() == [len(h.edges_of(v)) for v in h.vertices()]
    incidence = h.incidence().to_pydict()
    assert set(zip(incidence["vertex"], incidence["hyperedge"], strict=True)) == {
        (vertex, hyperedge) for hyperedge, members in sets.items() for vertex in members
    }


@given(sets=set_systems(), s=st.integers(1, 3))
@settings(max_examples=30)
def test_s_walks_against_plain_sets(sets: Sets, s: int) -> None:
    h = Hypergraph.of(Hypergraph.from_sets(sets))
    order = h.hyperedges().tolist()
    adjacency = h.s_adjacency(s).toarray()
    for i, one in enumerate(order):
        steps = s_component(sets, one, s)
        for j, other in enumerate(order):
            shared = len(sets[one] & sets[other])
            assert adjacency[i, j] == (shared if i != j and shared >= s else 0)
            assert h.s_distance(one, other, s) == steps.get(other)
    components = h.s_components(s)
    assert sorted(map(len, components), reverse=True) == list(map(len, components))
    assert {frozenset(c.tolist()) for c in components} == {
        frozenset(s_component(sets, one, s)) for one in sets
    }


@given(sets=set_systems())
@settings(max_examples=30)
def test_a_dual_of_a_dual_is_the_hypergraph(sets: Sets) -> None:
    tables = Hypergraph.from_sets(sets)
    once = Hypergraph.of(tables).dual()
    twice = Hypergraph.of(once).dual()
    assert twice.nodes == tables.nodes
    assert twice.edges == tables.edges
    dual = Hypergraph.of(once)
    for vertex in vertices_of(sets):
        assert set(dual.members(vertex)) == {e for e, m in sets.items() if vertex in m}


def test_the_dual_keeps_isolated_vertices_and_properties() -> None:
    tables = Hypergraph.from_incidence(
        TEAMS, vertices=pa.table({"id": ["zoe", "ada", "bob", "cy"], "age": [1, 2, 3, 4]})
    )
    dual = Hypergraph.of(Hypergraph.of(tables).dual())
    assert dual.size(["zoe", "ada"]).tolist() == [0, 2]
    assert dual.graph.node("cy", "hyperedge").properties == {"age": 4}
    assert dual.members("ada", role="member").tolist() == ["q"]


def test_roles_and_weights() -> None:
    h = Hypergraph.of(Hypergraph.from_incidence(TEAMS))
    assert h.members("q").tolist() == ["ada", "bob", "cy"]
    assert h.members("q", role="lead").tolist() == ["ada", "bob"]
    assert h.edges_of("ada", role="member").tolist() == ["q"]
    assert h.members("q", role="none such").tolist() == []
    assert h.size(["q", "p", "q"]).tolist() == [3, 2, 3]
    of_p = h.incidence("p").to_pydict()
    assert of_p == {
        "vertex": ["ada", "bob"],
        "hyperedge": ["p", "p"],
        "role": ["lead", "member"],
        "weight": [0.5, 1.0],
    }
    # Both share ada and bob, however many roles ada has.
    assert h.s_neighbors("p", 2).tolist() == ["q"]
    assert h.s_neighbors("p", 3).tolist() == []


def test_columns_by_name_by_place_and_by_request() -> None:
    expected = Hypergraph.from_incidence([("a", "x"), ("b", "x")])
    forms: list[tuple[Any, dict[str, str]]] = [
        (pa.table({"hyperedge": ["x", "x"], "vertex": ["a", "b"]}), {}),
        (pa.table({"who": ["a", "b"], "what": ["x", "x"]}), {}),
        (
            pa.table({"what": ["x", "x"], "who": ["a", "b"]}),
            {"vertex": "who", "hyperedge": "what"},
        ),
    ]
    for form, named in forms:
        found = Hypergraph.from_incidence(form, **named)
        assert found.edges == expected.edges
        assert found.nodes == expected.nodes


def test_an_incidence_matrix() -> None:
    matrix = sp.csr_array(np.array([[1.0, 0], [0, 0], [2.0, 1.0]]))
    h = Hypergraph.of(Hypergraph.from_incidence(matrix))
    assert h.vertices().tolist() == [0, 1, 2]
    assert h.members(0).tolist() == [0, 2]
    assert h.degree(1) == [0]
    assert (h.incidence_matrix().toarray() == (matrix.toarray() > 0)).all()


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["incidence", "hyperedges", "vertices"])
def test_weights_that_are_none(weight: float, where: str) -> None:
    tables: dict[str, Any] = {"incidence": pa.table({"v": [1, 2], "e": [1, 1]})}
    good = pa.table({"id": [1, 2], "w": [0.0, 1.0]})
    bad = pa.table({"id": [1, 2], "weight": [1.0, weight]})
    if where == "incidence":
        tables = {"incidence": pa.table({"v": [1, 2], "e": [1, 1], "weight": [1.0, weight]})}
    else:
        tables |= {"vertices": good, "hyperedges": good, where: bad}
    with pytest.raises(InputError, match=rf"{where}, row 1, column 'weight': the weight is"):
        Hypergraph.from_incidence(**tables, allow_empty=True)


def test_empty_hyperedges() -> None:
    edges = pa.table({"id": ["x", "y"]})
    with pytest.raises(InputError, match="hyperedges, row 1: hyperedge 'y' is empty"):
        Hypergraph.from_incidence([("a", "x")], hyperedges=edges)
    h = Hypergraph.of(Hypergraph.from_incidence([("a", "x")], hyperedges=edges, allow_empty=True))
    assert h.members("y").tolist() == []
    assert h.size().tolist() == [1, 0]
    with pytest.raises(InputError, match="hyperedge 1 is empty"):
        Hypergraph.from_sets([{1}, set()])


@pytest.mark.parametrize(
    ("incidence", "problem"),
    [
        ([("a", "x"), ("b", "x"), ("a", "x")], "row 2: vertex 'a' is already in hyperedge 'x'"),
        (pa.table({"v": [1, None], "e": [1, 1]}), "row 1, column 'v': the id is null"),
        (pa.table({"v": [1.5], "e": [1]}), "row 0, column 'v': 1.5 is no id"),
        (pa.table({"v": [1], "e": [1], "role": [2]}), "column 'role': roles are strings"),
        (pa.table({"v": [1], "e": [1], "weight": ["x"]}), "column 'weight': weights are numbers"),
        (pa.table({"v": [1]}), "a column of sources and one of destinations"),
    ],
)
def test_incidence_that_is_wrong(incidence: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        Hypergraph.from_incidence(incidence)


@pytest.mark.parametrize("sets", [[[1, 1]], [["a", 1]], ["ab"], [[1.5]], [5], {(1, 2): [1]}])
def test_sets_that_are_wrong(sets: Any) -> None:
    with pytest.raises(InputError):
        Hypergraph.from_sets(sets)


def test_a_listed_vertex_of_another_kind() -> None:
    with pytest.raises(InputError, match="vertex"):
        Hypergraph.from_incidence([("a", "x")], vertices=[1, 2])


def test_what_is_not_there() -> None:
    h = Hypergraph.of(Hypergraph.from_sets({"x": ["a"]}))
    with pytest.raises(NodeNotFound):
        h.members("y")
    with pytest.raises(ColumnNotFound):
        h.members("x", role="lead")
    for call in (h.s_neighbors, lambda e, s: h.s_adjacency(s), lambda e, s: h.line_graph(s)):
        with pytest.raises(ArgumentError, match="s = 0"):
            call("x", 0)


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    gr.build([(0, 1)], tmp_path / "plain")
    with pytest.raises(ArgumentError, match=r"'property' is no Hypergraph.*PropertyGraph"):
        Hypergraph.open(tmp_path / "plain")
    tables = Hypergraph.from_sets([{1, 2}])
    assert tables.build(tmp_path / "hyper", parts=2).kind == "hypergraph"
    with Hypergraph.open(tmp_path / "hyper") as h:
        assert h.members(0).tolist() == [1, 2]
