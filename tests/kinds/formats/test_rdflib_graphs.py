"""rdflib's objects in, and its verdict on what comes out: isomorphic as RDF graphs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError, InputError
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.terms import STRING, Literal, Triple
from tests.kinds.rdf_graphs import EX, graphs

rdflib = pytest.importorskip("rdflib", reason="rdflib is not installed")
compare = pytest.importorskip("rdflib.compare")
# What it says of literals that are none of their datatype, which RDF allows.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


def term(value: str | Literal) -> Any:
    if isinstance(value, Literal):
        if value.language is not None:
            return rdflib.Literal(value.value, lang=value.language)
        # To rdflib a text and the same text of xsd:string are two; since RDF 1.1 they are one.
        datatype = None if value.datatype == STRING else value.datatype
        return rdflib.Literal(value.value, datatype=datatype, normalize=False)
    return rdflib.BNode(value[2:]) if value.startswith("_:") else rdflib.URIRef(value)


def graph_of(statements: list[Triple]) -> Any:
    graph = rdflib.Graph()
    for statement in statements:
        graph.add(tuple(map(term, statement)))
    return graph


@pytest.fixture(autouse=True, scope="module")
def as_written() -> Iterator[None]:
    # Else rdflib turns "007"^^xsd:integer into "7" while it reads.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        yield


@given(graphs)
@settings(max_examples=40)
def test_what_rdflib_has_is_read(statements: list[Triple]) -> None:
    found = KnowledgeGraph.of(KnowledgeGraph.from_rdflib(graph_of(statements)))
    assert set(found.triples()) == set(statements)


@given(graphs, st.integers(1, 2))
@settings(max_examples=30)
def test_ntriples_are_isomorphic_to_what_went_in(
    tmp_path_factory: Any, statements: list[Triple], parts: int
) -> None:
    before = graph_of(statements)
    tables = KnowledgeGraph.from_rdflib(before)
    file = tmp_path_factory.mktemp("nt") / "graph.nt"
    KnowledgeGraph(tables.in_memory(parts=parts)).to_ntriples(file)
    after = rdflib.Graph().parse(file, format="nt")
    assert compare.isomorphic(before, after)


def test_prefixes_languages_and_named_graphs() -> None:
    data = rdflib.Dataset()
    ex = rdflib.Namespace(EX)
    data.bind("ex", ex)
    data.add((ex.ann, ex.name, rdflib.Literal("Ann", lang="de-AT")))
    assert KnowledgeGraph.from_rdflib(data).lost == ()
    data.graph(ex.other).add((ex.ann, ex.knows, ex.bob))
    tables = KnowledgeGraph.from_rdflib(data)
    assert tables.lost == ("which named graph each triple was in",)
    kg = KnowledgeGraph.of(tables)
    assert kg.objects("ex:ann", "ex:name") == [Literal("Ann", language="de-at")]
    assert kg.entity("ex:ann").properties == {"ex:name@de-at": "Ann"}
    assert kg.objects("ex:ann", "ex:knows") == [f"{EX}bob"]
    tree = HierarchicalKnowledgeGraph.from_rdflib(data, parent="ex:knows")
    assert HierarchicalKnowledgeGraph.of(tree).roots() == [f"{EX}bob"]


@pytest.mark.parametrize(
    ("triple", "problem"),
    [
        ((rdflib.Literal("x"), rdflib.URIRef("p:p"), rdflib.URIRef("o:o")), "'x' is a Literal"),
        (
            (rdflib.URIRef("s:s"), rdflib.BNode("b"), rdflib.URIRef("o:o")),
            "predicate 'b' is no IRI",
        ),
        ((rdflib.URIRef("s:s"), rdflib.URIRef("p:p"), rdflib.Variable("v")), "'v' is a Variable"),
        ((rdflib.URIRef(""), rdflib.URIRef("p:p"), rdflib.URIRef("o:o")), "an IRI is empty"),
        ((rdflib.URIRef("s:s"), rdflib.URIRef("p:p"), rdflib.Literal("\ud800")), "surrogates"),
    ],
)
def test_triples_that_are_wrong_are_named(triple: Any, problem: str) -> None:
    graph = rdflib.Graph().add(triple)
    with pytest.raises(InputError, match=rf"rdflib: .*{problem}.*in the triple rdflib"):
        KnowledgeGraph.from_rdflib(graph)


def test_other_objects_and_empty_graphs() -> None:
    with pytest.raises(ArgumentError, match="str is no graph of rdflib"):
        KnowledgeGraph.from_rdflib("people.ttl")
    with pytest.raises(InputError, match="there are no triples"):
        KnowledgeGraph.from_rdflib(rdflib.Graph())
