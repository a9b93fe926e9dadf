from __future__ import annotations

from typing import Any

import networkx as nx
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


def bipartite(sets: Sets) -> nx.Graph:
    """The incidence graph as NetworkX has it: ("v", vertex) and ("e", hyperedge)."""
    graph = nx.Graph()
    for hyperedge, members in sets.items():
        graph.add_node(("e", hyperedge))
        graph.add_edges_from((("v", vertex), ("e", hyperedge)) for vertex in members)
    return graph


def projected(sets: Sets, side: str) -> dict[frozenset[Any], int]:
    """NetworkX's projection to one side: a pair with the number of neighbours that it shares."""
    graph = bipartite(sets)
    nodes = [node for node in graph if node[0] == side]
    found = nx.bipartite.weighted_projected_graph(graph, nodes)
    return {frozenset((a[1], b[1])): weight for a, b, weight in found.edges(data="weight")}


@given(sets=set_systems())
@settings(max_examples=40)
def test_clique(sets: Sets) -> None:
    graph = clique(Hypergraph.from_sets(sets))
    assert weighted(graph, CLIQUE) == projected(sets, "v")
    assert set(graph.nodes["vertex"].column("id").to_pylist()) == vertices_of(sets)
    assert graph.undirected == {CLIQUE}
    assert any("Which hyperedge" in lost for lost in graph.lost)


@given(sets=set_systems(), s=st.integers(1, 3))
@settings(max_examples=40)
def test_line(sets: Sets, s: int) -> None:
    graph = line(Hypergraph.from_sets(sets), s)
    shared = projected(sets, "e")
    assert weighted(graph, LINE) == {pair: n for pair, n in shared.items() if n >= s}
    assert graph.nodes["hyperedge"].column("id").to_pylist() == list(sets)
    assert any("vertices" in lost for lost in graph.lost)


def test_the_line_graph_of_a_graph() -> None:
    # A graph is a hypergraph of pairs; without parallel edges each two share one vertex at most.
    graph = nx.karate_club_graph()
    edges = list(graph.edges())
    tables = line(Hypergraph.from_sets([list(edge) for edge in edges]))
    expected = nx.line_graph(graph)
    found = {frozenset(edges[e] for e in pair) for pair in weighted(tables, LINE)}
    assert found == {frozenset(tuple(sorted(e)) for e in pair) for pair in expected.edges()}


@given(sets=set_systems())
@settings(max_examples=20)
def test_star(sets: Sets) -> None:
    tables = Hypergraph.from_sets(sets)
    graph = star(tables)
    assert (graph.kind, graph.nodes, graph.edges) == ("property", tables.nodes, tables.edges)
    assert graph.lost
    incidence = graph.edges[INCIDENCE]
    found = nx.Graph()
    found.add_nodes_from(("e", e) for e in graph.nodes["hyperedge"].column("id").to_pylist())
    found.add_edges_from((("v", row["src"]), ("e", row["dst"])) for row in incidence.to_pylist())
    assert nx.utils.graphs_equal(found, bipartite(sets))
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
