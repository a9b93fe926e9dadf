"""What the explorer tells of nodes and schemas, for every kind of graph."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphray as gr
from graphray.console.explorer import Explorer, naming_column, parse_id
from graphray.console.neighborhood import NeighborhoodQuery
from graphray.errors import ArgumentError, NodeNotFound, NodeTypeNotFound
from graphray.schema import Column, NodeType
from tests.console.graphs import BIG, build_papers


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    return Explorer(gr.open(build_papers(tmp_path_factory.mktemp("papers") / "store")))


def test_the_schema_offers_ids_to_begin_with(papers: Explorer) -> None:
    schema = papers.schema()
    counts = {kind["name"]: kind["count"] for kind in schema["node_types"]}
    assert counts == {"author": 6, "paper": 21}
    for kind in schema["node_types"]:
        assert len(kind["examples"]) == 3
        for node_id in kind["examples"]:
            assert papers.node(kind["name"], node_id)["id"] == node_id
    assert {r["name"]: r["directed"] for r in schema["relations"]} == {
        "writes": True,
        "cites": True,
        "knows": False,
    }


def test_properties_are_what_json_can_hold(papers: Explorer) -> None:
    node = papers.node("paper", "100")
    properties = {each["name"]: each for each in node["properties"]}
    assert properties["year"]["value"] == 2000
    assert properties["score"]["value"] == "nan"
    assert properties["words"]["value"] == list(range(12))
    assert properties["words"]["left_out"] == 28


def test_ids_beyond_what_a_browser_can_count_survive(papers: Explorer) -> None:
    assert papers.node("paper", str(BIG))["id"] == str(BIG)
    found = papers.neighborhood(NeighborhoodQuery("100", "paper"))
    assert str(BIG) in {node.id for node in found.nodes}


def test_parallel_edges_and_loops_are_drawn(papers: Explorer) -> None:
    found = papers.neighborhood(NeighborhoodQuery("100", "paper", fanout=(20,)))
    cites = [
        number for number, r in enumerate(papers.schema()["relations"]) if r["name"] == "cites"
    ]
    drawn = [
        (found.nodes[edge.source].id, found.nodes[edge.destination].id)
        for edge in found.edges
        if edge.relation in cites
    ]
    pairs = [("100", "101"), ("100", "101"), ("100", "100"), ("102", "100"), (str(BIG), "100")]
    assert sorted(drawn) == sorted(pairs)


def test_nodes_carry_the_name_that_a_column_gives_them(papers: Explorer) -> None:
    found = papers.neighborhood(NeighborhoodQuery("A0", "author"))
    assert found.nodes[0].label == "Author <b>0</b>"
    assert {node.label for node in found.nodes if node.node_type == "paper"} == {""}


def test_what_is_not_there_is_said(papers: Explorer) -> None:
    with pytest.raises(NodeNotFound, match="'A9'"):
        papers.node("author", "A9")
    with pytest.raises(NodeTypeNotFound, match="author, paper"):
        papers.node("venue", "1")
    with pytest.raises(NodeTypeNotFound, match="several"):
        papers.neighborhood(NeighborhoodQuery("A0"))
    for text in ("x", "1.5", str(2**63), "9" * 5000):
        with pytest.raises(ArgumentError, match="is no integer"):
            papers.node("paper", text)


def test_a_hypergraph_is_drawn_through_its_hyperedges() -> None:
    sets = {"x": ["a", "b"], "y": ["b", "c"]}
    graph = gr.Hypergraph.from_sets(sets).in_memory()
    found = Explorer(graph).neighborhood(NeighborhoodQuery("a", "vertex", fanout=(9, 9, 9)))
    assert [(node.id, node.hop) for node in found.nodes] == [("a", 0), ("x", 1), ("b", 2), ("y", 3)]


def test_the_roles_of_a_hypergraph_are_written_at_its_edges(tmp_path: Path) -> None:
    path = tmp_path / "roles.csv"
    path.write_text("vertex,hyperedge,role\na,x,head\nb,x,tail\n")
    graph = gr.Hypergraph.from_incidence(path).in_memory()
    found = Explorer(graph).neighborhood(NeighborhoodQuery("x", "hyperedge", fanout=(9,)))
    assert {edge.label for edge in found.edges} == {"head", "tail"}


def test_a_knowledge_graph_shows_predicates_and_not_its_vocabulary() -> None:
    triples = [
        ("ex:ann", "rdf:type", "ex:Person"),
        ("ex:bob", "rdf:type", "ex:Person"),
        ("ex:ann", "ex:knows", "ex:bob"),
        ("ex:ann", "ex:likes", "ex:bob"),
    ]
    tables = gr.KnowledgeGraph.from_triples(
        triples, prefixes={"ex": "http://example.org/"}, relations_max=0
    )
    explorer = Explorer(tables.in_memory())
    assert "vocabulary" not in {kind["name"] for kind in explorer.schema()["node_types"]}
    query = NeighborhoodQuery("http://example.org/ann", "ex:Person", fanout=(9,))
    found = explorer.neighborhood(query)
    assert {"ex:knows", "ex:likes"} <= {edge.label for edge in found.edges}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([("x", "float")], None),
        ([("name", "int64")], None),
        ([("title", "string"), ("name", "string")], "name"),
        ([("rdfs:label", "list<string>"), ("ex:name", "string")], "rdfs:label"),
        ([("http://schema.org/name", "large_string")], "http://schema.org/name"),
    ],
)
def test_which_column_names_nodes(columns: list[tuple[str, str]], expected: str | None) -> None:
    kind = NodeType("n", "string", tuple(Column(*column) for column in columns))
    assert naming_column(kind) == expected


def test_string_ids_are_taken_as_they_are() -> None:
    assert parse_id(" 7 ", NodeType("n", "string")) == " 7 "
    assert parse_id(" 7 ", NodeType("n", "int64")) == 7
