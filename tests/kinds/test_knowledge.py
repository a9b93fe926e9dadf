"""Knowledge graphs: nothing is lost, and every answer is that of a set of Python tuples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError, InputError, NodeNotFound
from graphray.kinds.formats.rdf import read_rdf
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.tables import GraphTables
from graphray.kinds.terms import RDFS, SUBCLASS_OF, TYPE, XSD, Literal, Triple
from graphray.kinds.vocabulary import VOCABULARY
from tests.kinds.rdf_graphs import CLASSES, EX, graphs, literals, prefixes, resources, triples

PEOPLE = [
    ("ex:Student", "rdfs:subClassOf", "ex:Person"),
    ("ex:Person", "rdfs:subClassOf", "ex:Agent"),
    ("ex:knows", "rdfs:subPropertyOf", "ex:related"),
    ("ex:ann", "rdf:type", "ex:Student"),
    ("ex:ann", "rdf:type", "ex:Agent"),
    ("ex:bob", "rdf:type", "ex:Person"),
    ("ex:ann", "ex:knows", "ex:bob"),
    ("ex:ann", "ex:knows", "ex:eve"),
    ("ex:ann", "ex:age", 36),
    ("ex:ann", "ex:height", 1.75),
    ("ex:bob", "ex:nick", Literal("b1")),
    ("ex:bob", "ex:nick", Literal("b2")),
    ("ex:bob", "ex:name", Literal("Bob", language="en")),
]


# None of its own but what the schema needs, some, and all.
ROOM = st.sampled_from([0, 4, 500])


def kg_of(
    statements: list[Triple], declared: Mapping[str, str], parts: int = 1, relations_max: int = 500
) -> KnowledgeGraph:
    tables = KnowledgeGraph.from_triples(
        map(tuple, statements), prefixes=declared, relations_max=relations_max
    )
    return KnowledgeGraph(tables.in_memory(parts=parts))


@pytest.fixture(scope="module")
def tables() -> GraphTables:
    return KnowledgeGraph.from_triples(PEOPLE, prefixes={"ex": EX})


@pytest.fixture(scope="module")
def people(tables: GraphTables) -> KnowledgeGraph:
    return KnowledgeGraph(tables.in_memory(parts=3))


@settings(max_examples=50)
@given(graphs, prefixes, ROOM)
def test_what_goes_in_comes_out(
    statements: list[Triple], declared: dict[str, str], relations_max: int
) -> None:
    found = list(kg_of(statements, declared, relations_max=relations_max).triples())
    assert set(found) == set(statements)
    assert len(found) == len(set(statements))


@settings(max_examples=30)
@given(statements=graphs, declared=prefixes, parts=st.integers(1, 3))
def test_ntriples_and_back(
    tmp_path_factory: Any, statements: list[Triple], declared: dict[str, str], parts: int
) -> None:
    file = tmp_path_factory.mktemp("kg") / "graph.nt"
    assert kg_of(statements, declared, parts).to_ntriples(file) == len(set(statements))
    read = KnowledgeGraph.of(KnowledgeGraph.from_rdf(file))
    assert set(read.triples()) == set(statements)


@settings(max_examples=50)
@given(st.data(), graphs, ROOM)
def test_patterns_match_what_a_plain_search_matches(
    data: Any, statements: list[Triple], relations_max: int
) -> None:
    kg = kg_of(statements, {}, 2, relations_max)
    for _ in range(5):
        near = data.draw(triples | st.sampled_from(statements))
        far = data.draw(resources | literals | st.just(near.object))
        pattern = tuple(
            data.draw(st.none() | st.just(term)) for term in (near.subject, near.predicate, far)
        )
        expected = {
            triple
            for triple in statements
            if all(wanted in (None, term) for wanted, term in zip(pattern, triple, strict=True))
        }
        found = list(kg.triples(*pattern))
        assert set(found) == expected, pattern
        assert len(found) == len(expected)


@settings(max_examples=50)
@given(graphs)
def test_an_entity_is_of_a_most_specific_class(statements: list[Triple]) -> None:
    kg = kg_of(statements, {})
    below = nx.DiGraph((s, o) for s, p, o in statements if p == SUBCLASS_OF)
    below.add_nodes_from(CLASSES)
    for subject, predicate, value in statements:
        if predicate != TYPE:
            continue
        said = set(kg.types(subject))
        assert value in said
        own = kg.classes[kg.entity(subject).node_type]
        if own in said:
            strictly_below = {c for c in said if c in below and own in below} & {
                c
                for c in (nx.ancestors(below, own) if own in below else ())
                if c not in nx.descendants(below, own)
            }
            assert not strictly_below, (own, said)
        else:
            assert own in (f"{RDFS}Class", "http://www.w3.org/1999/02/22-rdf-syntax-ns#Property")
        above = said.union(*(nx.descendants(below, c) for c in said if c in below))
        assert set(kg.types(subject, inferred=True)) == above


@settings(max_examples=50)
@given(graphs, ROOM)
def test_the_class_hierarchy_is_that_of_networkx(
    statements: list[Triple], relations_max: int
) -> None:
    kg = kg_of(statements, {}, relations_max=relations_max)
    below = nx.DiGraph((s, o) for s, p, o in statements if p == SUBCLASS_OF)
    for name in below:
        assert set(kg.superclasses(name)) == nx.descendants(below, name) - {name}
        assert set(kg.subclasses(name)) == nx.ancestors(below, name) - {name}
        assert set(kg.superclasses(name, direct=True)) == set(below.successors(name))


def test_tables_are_typed(tables: GraphTables) -> None:
    student = tables.nodes["ex:Student"]
    assert student.to_pylist() == [{"id": f"{EX}ann", "ex:age": 36, "ex:height": 1.75}]
    assert [str(f.type) for f in student.schema] == ["large_string", "int64", "double"]
    person = tables.nodes["ex:Person"].to_pylist()
    assert person == [{"id": f"{EX}bob", "ex:nick": ["b1", "b2"], "ex:name@en": "Bob"}]
    assert ("ex:Student", "ex:knows", "ex:Person") in tables.edges
    assert ("ex:Student", "ex:knows", "entity") in tables.edges


def test_an_entity_shows_what_is_said_of_it(people: KnowledgeGraph) -> None:
    ann = people.entity("ex:ann")
    assert (ann.id, ann.node_type) == (f"{EX}ann", "ex:Student")
    assert set(ann.types) == {f"{EX}Student", f"{EX}Agent"}
    assert ann.properties == {"ex:age": 36, "ex:height": 1.75}


def test_calls_take_iris_curies_and_names(people: KnowledgeGraph) -> None:
    by_iri = people.objects(f"{EX}ann", f"{EX}knows")
    assert set(by_iri) == {f"{EX}bob", f"{EX}eve"}
    assert set(people.objects("ex:ann", "ex:knows")) == set(by_iri)
    assert set(people.objects(f"<{EX}ann>", f"<{EX}knows>")) == set(by_iri)
    assert people.subjects("ex:age", 36) == [f"{EX}ann"]
    assert people.superproperties("ex:knows") == [f"{EX}related"]
    assert people.subproperties("ex:related") == [f"{EX}knows"]
    assert people.superclasses("ex:Student") == [f"{EX}Person", f"{EX}Agent"]


def test_names_without_prefixes_are_local_names() -> None:
    kg = kg_of([Triple(f"{EX}a", f"{EX}knows", f"{EX}b")], {})
    assert kg.predicates == {"knows": f"{EX}knows"}
    assert kg.objects(f"{EX}a", "knows") == [f"{EX}b"]


def test_the_prefix_without_a_name(tmp_path: Path) -> None:
    file = tmp_path / "graph.ttl"
    file.write_text(f"@prefix : <{EX}> .\n:ann a :Person ; :knows :bob .\n")
    kg = KnowledgeGraph.of(KnowledgeGraph.from_rdf(file))
    assert kg.entity(":ann").node_type == ":Person"
    assert kg.objects(":ann", ":knows") == [f"{EX}bob"]


def test_terms_that_are_not_there(people: KnowledgeGraph) -> None:
    with pytest.raises(NodeNotFound, match="nobody"):
        people.entity("ex:nobody")
    assert list(people.triples("ex:nobody")) == []
    assert list(people.triples("ex:ann", "ex:never")) == []
    for term in ("foo:ann", "foo"):
        with pytest.raises((ArgumentError, NodeNotFound), match="foo"):
            people.entity(term)
    with pytest.raises(ArgumentError, match="prefix 'foo' of 'foo:p' is not known; known: rdf"):
        people.triples(predicate="foo:p")
    with pytest.raises(ArgumentError, match="no literal"):
        people.triples(object=b"bytes")


def test_other_kinds_are_refused() -> None:
    tables = KnowledgeGraph.from_triples(PEOPLE, prefixes={"ex": EX})
    plain = GraphTables("property", tables.nodes, tables.edges)
    with pytest.raises(ArgumentError, match="KnowledgeGraph"):
        KnowledgeGraph.of(plain)


def test_no_triples_are_no_graph() -> None:
    with pytest.raises(InputError, match="no triples"):
        KnowledgeGraph.from_triples([])


@pytest.mark.parametrize(
    ("triple", "problem"),
    [
        ((Literal("x"), "p", "o"), "subject .* literals are objects only"),
        (("s", 5, "o"), "predicate 5"),
        (("", "p", "o"), "subject is an empty name"),
        (("s", "p", ""), "object is an empty name"),
        (("s", "p"), "no .subject, predicate, object"),
        (("s", "p", b"o"), "no literal"),
        (("s", "p", "\ud800"), "surrogates not allowed"),
        (("s", "p", Literal("\ud800")), "surrogates not allowed"),
    ],
)
def test_tuples_that_are_no_triples(triple: Any, problem: str) -> None:
    with pytest.raises(InputError, match=f"row 1: .*{problem}"):
        KnowledgeGraph.from_triples([("a", "p", "b"), triple])


def test_unknown_prefixes_are_refused_by_row() -> None:
    triples = [("ex:a", "ex:p", "ex:b"), ("ex:a", "foo:p", "ex:b")]
    with pytest.raises(InputError, match="triples, row 1: the prefix 'foo' of 'foo:p' is not"):
        KnowledgeGraph.from_triples(triples, prefixes={"ex": EX})


def test_the_text_of_a_literal_is_a_string() -> None:
    with pytest.raises(ArgumentError, match=r"not 5; see Literal\.of"):
        Literal(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.5, "1.5"), (np.float64(1.5), "1.5"), (float("inf"), "INF"), (float("nan"), "NaN")],
)
def test_numbers_are_spelt_as_xml_schema_spells_them(value: float, text: str) -> None:
    assert Literal.of(value) == Literal(text, f"{XSD}double")
    kg = KnowledgeGraph.of(KnowledgeGraph.from_triples([("a", "p", value)]))
    assert kg.objects("a", "p") == [Literal(text, f"{XSD}double")]


@pytest.mark.parametrize(
    "statement",
    [
        ("s:a", "s:b", Literal("x", language="no language")),
        ("s:a", "s:b", Literal("x", "no datatype")),
        ("_:a b", "s:b", "s:c"),
    ],
)
def test_terms_that_no_file_can_hold_are_not_written(tmp_path: Path, statement: Any) -> None:
    kg = KnowledgeGraph.of(KnowledgeGraph.from_triples([statement]))
    with pytest.raises(InputError):
        kg.to_ntriples(tmp_path / "out.nt")
    assert list(tmp_path.iterdir()) == []


def test_names_become_iris_on_the_way_out(tmp_path: Path) -> None:
    kg = KnowledgeGraph.of(KnowledgeGraph.from_triples([("/m/1", "/a b", "ü")]))
    with pytest.raises(InputError, match="pass base="):
        kg.to_ntriples(tmp_path / "out.nt")
    assert list(tmp_path.iterdir()) == []
    kg.to_ntriples(tmp_path / "out.nt", base="http://x/")
    assert read_rdf(tmp_path / "out.nt").table.select(
        ["subject", "predicate", "object"]
    ).to_pydict() == {
        "subject": ["http://x/%2Fm%2F1"],
        "predicate": ["http://x/%2Fa%20b"],
        "object": ["http://x/%C3%BC"],
    }


def test_as_a_property_graph(people: KnowledgeGraph) -> None:
    tables = people.to_property_graph()
    assert set(tables.nodes) == {"ex:Student", "ex:Person", "entity"}
    assert set(tables.edges) == {
        ("ex:Student", "ex:knows", "ex:Person"),
        ("ex:Student", "ex:knows", "entity"),
    }
    assert any("hierarchies" in sentence for sentence in tables.lost)
    assert tables.in_memory().num_nodes("ex:Person") == 1


@settings(max_examples=30)
@given(graphs, ROOM)
def test_a_property_graph_has_the_triples_between_entities(
    statements: list[Triple], relations_max: int
) -> None:
    kg = kg_of(statements, {}, 2, relations_max)
    tables = kg.to_property_graph()
    names = {iri: name for name, iri in kg.predicates.items()}
    resources = {t for s, _, o in statements for t in (s, o) if isinstance(t, str)}
    of_schema = {t for t in resources if kg.entity(t).node_type in ("rdfs:Class", "rdf:Property")}
    ids = [i for table in tables.nodes.values() for i in table["id"].to_pylist()]
    assert sorted(ids) == sorted(resources - of_schema)
    found = set()
    for relation, table in tables.edges.items():
        for row in table.to_pylist():
            found.add((row["src"], row.get("predicate", relation.name), row["dst"]))
    assert found == {
        (s, names[p], o) for s, p, o in statements if isinstance(o, str) and not {s, o} & of_schema
    }
    assert bool(of_schema) == any("hierarchies" in sentence for sentence in tables.lost)


def test_the_vocabulary_says_what_columns_mean(tables: GraphTables) -> None:
    rows = {row["name"]: row for row in tables.nodes[VOCABULARY].to_pylist()}
    assert rows["ex:age"]["role"] in ("predicate", "literal")
    assert rows["ex:name@en"]["language"] == "en"
    found = [r for r in tables.nodes[VOCABULARY].to_pylist() if r["datatype"] == f"{XSD}integer"]
    assert [(r["node_type"], r["iri"]) for r in found] == [("ex:Student", f"{EX}age")]
