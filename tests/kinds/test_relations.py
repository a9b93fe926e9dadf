"""Graphs of many predicates: few relations in the store, and few calls to read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from graphray.client.graph import Graph
from graphray.errors import ArgumentError
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.relations import RELATIONS_MAX
from graphray.kinds.tables import GraphTables
from graphray.reading.access import MappedArrays
from graphray.reading.operations import Request

NUM_PREDICATES = 120
WIDE = [
    *(("hub", f"p{i}", f"e{i % 7}") for i in range(NUM_PREDICATES)),
    *((f"e{i % 7}", f"p{i}", "hub") for i in range(NUM_PREDICATES)),
    *(("hub", f"n{i}", i) for i in range(NUM_PREDICATES)),
]


class Elsewhere:
    """A graph of which nothing is mapped here: every round of calls to partitions is counted."""

    def __init__(self, graph: Graph) -> None:
        self._inner = graph.access
        self.rounds = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def mapped(self, keys: list[Any]) -> list[MappedArrays | None]:
        return [None] * self._inner.book.parts

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        self.rounds += 1
        return self._inner.call_all(requests)


@pytest.mark.parametrize("relations_max", [0, 50, RELATIONS_MAX])
def test_what_is_around_a_resource_takes_a_few_calls(relations_max: int) -> None:
    tables = KnowledgeGraph.from_triples(WIDE, relations_max=relations_max)
    here = KnowledgeGraph.of(tables)
    access = Elsewhere(tables.in_memory(parts=3))
    far = KnowledgeGraph(Graph(access))
    for call, rounds_max in (
        (lambda kg: set(kg.triples("hub")), 6),
        (lambda kg: set(kg.triples(object="hub")), 4),
        (lambda kg: set(kg.triples("hub", object="e3")), 5),
        (lambda kg: kg.entity("hub").properties, 4),
    ):
        expected = call(here)
        access.rounds = 0
        assert call(far) == expected
        assert len(expected) > NUM_PREDICATES // 8
        assert 1 <= access.rounds <= rounds_max


def relation_names(tables: GraphTables) -> list[str]:
    return [relation.name for relation in tables.edges]


def test_the_most_frequent_predicates_have_relations_of_their_own() -> None:
    triples = [
        *(("a", "often", f"b{i}") for i in range(5)),
        *(("a", "sometimes", f"b{i}") for i in range(2)),
        ("a", "once", "b1"),
        ("a", "rdf:type", "C"),
        ("C", "rdfs:subClassOf", "D"),
    ]
    of_all = KnowledgeGraph.from_triples(triples, prefixes={})
    assert "statement" not in relation_names(of_all)
    tables = KnowledgeGraph.from_triples(triples, prefixes={}, relations_max=3)
    assert sorted(relation_names(tables)) == ["often", "rdf:type", "rdfs:subClassOf", "statement"]
    assert tables.edges["C", "statement", "entity"].to_pydict() == {
        "src": ["a", "a", "a"],
        "dst": ["b0", "b1", "b1"],
        "predicate": ["sometimes", "sometimes", "once"],
    }
    least = KnowledgeGraph.from_triples(triples, prefixes={}, relations_max=0)
    assert sorted(relation_names(least)) == ["rdf:type", "rdfs:subClassOf", "statement"]
    with pytest.raises(ArgumentError, match="relations_max = -1"):
        KnowledgeGraph.from_triples(triples, relations_max=-1)


def test_a_predicate_may_be_called_as_the_relation_is() -> None:
    triples = [("a", "statement", "b"), ("a", "predicate", "b"), ("statement", "p", "predicate")]
    for relations_max in (0, 1, 3):
        tables = KnowledgeGraph.from_triples(triples, relations_max=relations_max)
        assert set(KnowledgeGraph.of(tables).triples()) == set(triples)


def test_splits_stand_beside_the_predicate(tmp_path: Any) -> None:
    (tmp_path / "train.txt").write_text("a\tr\tb\n")
    (tmp_path / "test.txt").write_text("b\tq\ta\n")
    tables = KnowledgeGraph.from_tsv(tmp_path, relations_max=0)
    table = tables.edges["entity", "statement", "entity"]
    assert table.to_pylist() == [
        {"src": "a", "dst": "b", "predicate": "r", "split": "train"},
        {"src": "b", "dst": "a", "predicate": "q", "split": "test"},
    ]
    properties = KnowledgeGraph.of(tables).to_property_graph()
    assert properties.edges["entity", "statement", "entity"].equals(pa.table(table))


def test_parents_may_be_among_the_rare_predicates() -> None:
    triples = [("a", "in", "b"), ("c", "in", "b"), ("a", "likes", "c")]
    tables = HierarchicalKnowledgeGraph.from_triples(triples, parent="in", relations_max=0)
    graph = HierarchicalKnowledgeGraph.of(tables)
    assert graph.ancestors("a") == ["b"]
    assert graph.level_graph(1).edges["entity", "likes", "entity"].to_pylist() == [
        {"src": "a", "dst": "c", "count": 1}
    ]
