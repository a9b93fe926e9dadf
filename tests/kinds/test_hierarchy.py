"""Hierarchical knowledge graphs: every walk up and down is that of NetworkX."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError, InputError, NodeNotFound
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.tables import GraphTables

EX = "http://example.org/"
KINDS = ("City", "Country")

PLACES = [
    ("ex:berlin", "ex:in", "ex:germany"),
    ("ex:hamburg", "ex:in", "ex:germany"),
    ("ex:paris", "ex:in", "ex:france"),
    ("ex:germany", "ex:in", "ex:europe"),
    ("ex:france", "ex:in", "ex:europe"),
    ("ex:berlin", "ex:twin", "ex:paris"),
    ("ex:hamburg", "ex:twin", "ex:paris"),
    ("ex:berlin", "ex:twin", "ex:hamburg"),
    ("ex:germany", "ex:borders", "ex:france"),
    ("ex:ann", "ex:lives", "ex:berlin"),
    *((f"ex:{name}", "rdf:type", "ex:City") for name in ("berlin", "hamburg", "paris")),
    *((f"ex:{name}", "rdf:type", "ex:Country") for name in ("germany", "france")),
]
PREFIXES = {"ex": EX}


@st.composite
def dags(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Edges from child to parent; a parent's number is smaller, so that there is no cycle."""
    count = draw(st.integers(2, 12))
    edge = st.tuples(st.integers(1, count - 1), st.integers(0, count - 2))
    return draw(st.lists(edge.map(lambda e: (max(e), min(e))).filter(lambda e: e[0] != e[1])))


@st.composite
def forests(draw: st.DrawFn) -> list[tuple[int, int]]:
    """At most one parent each."""
    count = draw(st.integers(2, 12))
    return [
        (n, draw(st.integers(0, n - 1))) for n in range(1, count) if n == 1 or draw(st.booleans())
    ]


def graph_of(
    edges: list[tuple[int, int]],
    others: list[tuple[int, int]],
    *,
    dag: bool,
    parts: int = 1,
    relations_max: int = 500,
) -> HierarchicalKnowledgeGraph:
    """Nodes of three types; each edge is said from one end or from the other."""
    statements = [
        (f"n{c}", "in", f"n{p}") if (c + p) % 2 else (f"n{p}", "holds", f"n{c}") for c, p in edges
    ]
    statements += [(f"n{a}", "likes", f"n{b}") for a, b in others]
    used = {node for pair in [*edges, *others] for node in pair}
    statements += [(f"n{n}", "rdf:type", KINDS[n % 2]) for n in used if n % 3]
    named = {"in", *(p for _, p, _ in statements if p == "holds")}
    present = {p for _, p, _ in statements}
    parent = [{"in": "in", "holds": "^holds"}[p] for p in sorted(named & present)]
    tables = HierarchicalKnowledgeGraph.from_triples(
        statements, prefixes={}, relations_max=relations_max, parent=parent, dag=dag
    )
    return HierarchicalKnowledgeGraph(tables.in_memory(parts=parts))


def upwards(edges: list[tuple[int, int]]) -> nx.DiGraph:
    return nx.DiGraph((f"n{c}", f"n{p}") for c, p in edges)


def longest_way_up(up: nx.DiGraph) -> dict[str, int]:
    levels: dict[str, int] = {}
    for node in reversed(list(nx.topological_sort(up))):
        levels[node] = max((levels[p] + 1 for p in up.successors(node)), default=0)
    return levels


@pytest.fixture(scope="module")
def places() -> HierarchicalKnowledgeGraph:
    tables = HierarchicalKnowledgeGraph.from_triples(PLACES, prefixes=PREFIXES, parent="ex:in")
    return HierarchicalKnowledgeGraph(tables.in_memory(parts=3))


@settings(max_examples=25)
@given(dags().filter(bool), st.integers(1, 2), st.sampled_from([0, 500]))
def test_walks_are_those_of_networkx(
    edges: list[tuple[int, int]], parts: int, relations_max: int
) -> None:
    graph = graph_of(edges, [], dag=True, parts=parts, relations_max=relations_max)
    up = upwards(edges)
    levels = longest_way_up(up)
    assert set(graph.roots()) == {node for node in up if up.out_degree(node) == 0}
    assert graph.num_levels == max(levels.values()) + 1
    for node in up:
        assert set(graph.parents(node)) == set(up.successors(node))
        assert set(graph.children(node)) == set(up.predecessors(node))
        assert set(graph.ancestors(node)) == nx.descendants(up, node)
        assert set(graph.descendants(node)) == nx.ancestors(up, node)
        assert graph.level_of(node) == levels[node]
        near = [nx.shortest_path_length(up, node, other) for other in graph.ancestors(node)]
        assert near == sorted(near)


@settings(max_examples=25)
@given(dags().filter(bool), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11))), st.data())
def test_levels_as_graphs(
    edges: list[tuple[int, int]], likes: list[tuple[int, int]], data: st.DataObject
) -> None:
    relations_max = data.draw(st.sampled_from([0, 500]))
    graph, up = graph_of(edges, likes, dag=True, relations_max=relations_max), upwards(edges)
    levels = longest_way_up(up)
    level = data.draw(st.integers(0, max(levels.values())))
    at_level = {node for node in up if levels[node] == level}
    ancestors = {n: ({n} | nx.descendants(up, n)) & at_level for n in up if levels[n] >= level}
    rolled = graph.roll_up(level).to_pylist()
    assert Counter((r["id"], r["ancestor"]) for r in rolled) == Counter(
        (node, above) for node, found in ancestors.items() for above in found
    )
    for node in up:
        for below in range(levels[node] + 1, max(levels.values()) + 1):
            expected = {n for n in nx.ancestors(up, node) if levels[n] == below}
            assert set(graph.drill_down(node, below)) == expected
    expected_edges = Counter(
        (a, b)
        for source, destination in {(f"n{s}", f"n{d}") for s, d in likes}
        for a in ancestors.get(source, ())
        for b in ancestors.get(destination, ())
        if a != b
    )
    tables = graph.level_graph(level)
    assert {i for t in tables.nodes.values() for i in t["id"].to_pylist()} == at_level
    found = {
        (row["src"], row["dst"]): row["count"]
        for relation, table in tables.edges.items()
        if relation.name == "likes"
        for row in table.to_pylist()
    }
    assert found == expected_edges
    assert tables.in_memory().kind == "property"


@settings(max_examples=15)
@given(forests())
def test_a_forest_has_one_parent_each(edges: list[tuple[int, int]]) -> None:
    graph, up = graph_of(edges, [], dag=False), upwards(edges)
    for node in up:
        assert graph.parent(node) == next(iter(up.successors(node)), None)


def test_the_triples_stay_as_they_are(places: HierarchicalKnowledgeGraph) -> None:
    assert len(list(places.triples())) == len(PLACES)
    assert places.objects("ex:berlin", "ex:in") == [f"{EX}germany"]
    assert places.entity("ex:berlin").properties == {"level": 2}


def test_entities_outside(places: HierarchicalKnowledgeGraph) -> None:
    assert places.level_of("ex:ann") is None
    assert places.parents("ex:ann") == []
    with pytest.raises(ArgumentError, match="outside the hierarchy"):
        places.drill_down("ex:ann")
    with pytest.raises(NodeNotFound):
        places.level_of("ex:rome")


def test_a_level_graph_says_what_is_lost(places: HierarchicalKnowledgeGraph) -> None:
    tables = places.level_graph(1)
    country = "ex:Country"
    assert sorted(tables.nodes) == [country]
    assert tables.edges[country, "ex:twin", country].to_pylist() == [
        {"src": f"{EX}germany", "dst": f"{EX}france", "count": 2}
    ]
    assert tables.edges[country, "ex:borders", country].num_rows == 1
    lost = " ".join(tables.lost)
    for words in (
        "3 entities below level 1",
        "1 edges between",
        "1 entities above",
        "3 entities and classes outside",
    ):
        assert words in lost


def test_levels_out_of_range(places: HierarchicalKnowledgeGraph) -> None:
    for level in (-1, 3):
        with pytest.raises(ArgumentError, match=f"level = {level}; expected 0 up to 2"):
            places.roll_up(level)
        with pytest.raises(ArgumentError, match="expected 0 up to 2"):
            places.level_graph(level)
    with pytest.raises(ArgumentError, match="expected above 2"):
        places.drill_down("ex:berlin", 2)
    assert places.at_level(7) == []


def hierarchy(*pairs: tuple[str, str], dag: bool = False) -> GraphTables:
    return HierarchicalKnowledgeGraph.from_triples(
        [(child, "in", parent) for child, parent in pairs], parent="in", dag=dag
    )


@pytest.mark.parametrize("dag", [False, True])
def test_a_cycle_is_named(dag: bool) -> None:
    with pytest.raises(InputError, match=r"a cycle: ('[abc]' -> ){3}'[abc]';") as error:
        hierarchy(("a", "b"), ("b", "c"), ("c", "a"), ("below", "a"), dag=dag)
    assert "'below'" not in str(error.value)
    with pytest.raises(InputError, match="'a' -> 'a'"):
        hierarchy(("a", "a"), dag=dag)


def test_a_long_cycle_is_cut_short() -> None:
    ring = [(f"n{i}", f"n{(i + 1) % 100}") for i in range(100)]
    with pytest.raises(InputError, match=r"\(90 more\)"):
        hierarchy(*ring)


def test_several_parents_make_no_forest() -> None:
    pairs = [("a", "b"), ("a", "c"), ("d", "b"), ("d", "c")]
    with pytest.raises(InputError, match="'a' has 2 parents: 'b', 'c'; 1 more have several too"):
        hierarchy(*pairs)
    graph = HierarchicalKnowledgeGraph.of(hierarchy(*pairs, dag=True))
    with pytest.raises(ArgumentError, match="2 parents"):
        graph.parent("a")


def test_the_parent_predicate_has_to_be_there() -> None:
    with pytest.raises(InputError, match=r"no triple has the predicate 'within'.*: in"):
        HierarchicalKnowledgeGraph.from_triples([("a", "in", "b")], parent="within")
