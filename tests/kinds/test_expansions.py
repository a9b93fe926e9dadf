from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kinds.expansions import CLIQUE, LINE, clique, line, star
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.incidence import INCIDENCE
from graphray.kinds.tables import GraphTables
from graphray.schema import Relation
from tests.kinds.hypergraphs import Sets, set_systems, vertices_of


def weighted(tables: GraphTables, relation: Relation) -> dict[frozenset[object], int]:
    edges = tables.edges[relation].to_pydict()
    ends = [frozenset(pair) for pair in zip(edges["src"], edges["dst"], strict=True)]
    assert len(set(ends)) == len(ends)
    return dict(zip(ends, edges["weight"], strict=True))


@given(sets=set_systems())
@settings(max_examples=40)
def test_clique(sets: Sets) -> None:
    graph = clique(Hypergraph.from_sets(sets))
    expected: dict[frozenset[object], int] = {}
    for members in sets.values():
        for pair in combinations(members, 2):
            expected[frozenset(pair)] = expected.get(frozenset(pair), 0) + 1
    assert weighted(graph, CLIQUE) == expected
    assert set(graph.nodes["vertex"].column("id").to_pylist()) == vertices_of(sets)
    assert graph.undirected == {CLIQUE}
    assert graph.lost


@given(sets=set_systems(), s=st.integers(1, 3))
@settings(max_examples=40)
def test_line(sets: Sets, s: int) -> None:
    graph = line(Hypergraph.from_sets(sets), s)
    assert weighted(graph, LINE) == {
        frozenset((one, other)): len(sets[one] & sets[other])
        for one, other in combinations(sets, 2)
        if len(sets[one] & sets[other]) >= s
    }
    assert graph.nodes["hyperedge"].column("id").to_pylist() == list(sets)
    assert graph.lost


@given(sets=set_systems())
@settings(max_examples=20)
def test_star(sets: Sets) -> None:
    tables = Hypergraph.from_sets(sets)
    graph = star(tables)
    assert (graph.kind, graph.nodes, graph.edges) == ("property", tables.nodes, tables.edges)
    assert graph.lost
    opened = graph.in_memory()
    for hyperedge, members in sets.items():
        assert set(opened.neighbors(hyperedge, INCIDENCE, direction="in")) == members


def test_a_vertex_in_two_roles_counts_once() -> None:
    tables = Hypergraph.from_hif(
        {
            "incidences": [
                {"edge": "e", "node": "a", "direction": "head"},
                {"edge": "e", "node": "a", "direction": "tail"},
                {"edge": "e", "node": "b", "direction": "tail"},
            ]
        }
    )
    assert weighted(clique(tables), CLIQUE) == {frozenset("ab"): 1}
