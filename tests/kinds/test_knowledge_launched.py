"""Knowledge graphs on a cluster: the same calls, the same answers as in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graphray.errors import NodeNotFound
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.terms import Literal
from tests.kinds.test_hierarchy import EX, PLACES, PREFIXES

FACTS = [
    *PLACES,
    ("ex:City", "rdfs:subClassOf", "ex:Place"),
    ("ex:berlin", "ex:people", 3_700_000),
    ("ex:berlin", "ex:people", Literal("03", "http://www.w3.org/2001/XMLSchema#integer")),
    ("ex:paris", "ex:name", Literal("Paris", language="fr")),
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    store = str(tmp_path_factory.mktemp("store"))
    tables = HierarchicalKnowledgeGraph.from_triples(FACTS, prefixes=PREFIXES, parent="ex:in")
    tables.build(store, parts=2)
    return store


@pytest.fixture(scope="module")
def here(stored: str) -> HierarchicalKnowledgeGraph:
    return HierarchicalKnowledgeGraph.open(stored)


@pytest.fixture(scope="module")
def launched(
    start_cluster: Callable[..., Any], stored: str
) -> Iterator[HierarchicalKnowledgeGraph]:
    start_cluster(nodes=2)
    with HierarchicalKnowledgeGraph.launch(stored, "places", replicas=1) as graph:
        yield graph
        graph.shutdown()


@pytest.mark.cluster
def test_patterns(
    here: HierarchicalKnowledgeGraph, launched: HierarchicalKnowledgeGraph, tmp_path: Path
) -> None:
    triples = set(here.triples())
    assert len(triples) == len(FACTS)
    assert set(launched.triples()) == triples
    for subject, predicate, value in triples:
        for pattern in ((subject, None, None), (None, predicate, value), (subject, None, value)):
            assert set(launched.triples(*pattern)) == set(here.triples(*pattern))
    assert launched.to_ntriples(tmp_path / "all.nt") == len(FACTS)


@pytest.mark.cluster
def test_entities_and_hierarchies(
    here: HierarchicalKnowledgeGraph, launched: HierarchicalKnowledgeGraph
) -> None:
    for name in ("ex:berlin", "ex:paris", "ex:ann", "ex:City"):
        assert launched.entity(name) == here.entity(name)
        assert launched.types(name, inferred=True) == here.types(name, inferred=True)
        assert launched.level_of(name) == here.level_of(name)
        assert launched.ancestors(name) == here.ancestors(name)
        assert launched.descendants(name) == here.descendants(name)
    assert launched.subclasses("ex:Place") == [f"{EX}City"]
    assert launched.drill_down("ex:europe", 2) == here.drill_down("ex:europe", 2)
    assert launched.roll_up(0).equals(here.roll_up(0))
    with pytest.raises(NodeNotFound):
        launched.entity("ex:nobody")


@pytest.mark.cluster
def test_conversions(
    here: HierarchicalKnowledgeGraph, launched: HierarchicalKnowledgeGraph
) -> None:
    assert launched.level_graph(1) == here.level_graph(1)
    assert launched.to_property_graph() == here.to_property_graph()
    connected = HierarchicalKnowledgeGraph.connect("places")
    assert connected.roots() == here.roots()
