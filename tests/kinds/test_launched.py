"""Every kind of graph on a cluster: the same calls, the same answers as in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.errors import ArgumentError, GraphNotRunning, NodeNotFound
from graphray.kinds.face import Face
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.property import PropertyGraph
from graphray.kinds.tables import GraphTables
from graphray.kinds.terms import Literal
from tests.kinds.test_hierarchy import EX, PLACES, PREFIXES

Pair = tuple[Any, Any]
PairOf = Callable[[type[Face], GraphTables], AbstractContextManager[Pair]]

PROPERTY = PropertyGraph.from_tables(
    {
        ("author", "writes", "paper"): pa.table(
            {"src": ["a", "b", "b", "c"], "dst": [1, 1, 2, 3], "share": [0.5, 0.5, 1.0, None]}
        ),
        ("paper", "near", "paper"): pa.table({"src": [1, 2, 3], "dst": [2, 3, 3]}),
    },
    {"author": pa.table({"id": ["c", "b", "a", "d"]}), "paper": pa.table({"id": [1, 2, 3]})},
    directed={("paper", "near", "paper"): False},
)
HYPERGRAPH = Hypergraph.from_incidence(
    pa.table(
        {
            "vertex": ["a", "b", "c", "b", "c", "d", "e", "a"],
            "hyperedge": [1, 1, 1, 2, 2, 2, 3, 4],
            "role": ["head", "tail", "tail", "head", "tail", "tail", "head", "tail"],
            "weight": [1.0, 2.0, 3.0, 1.0, 1.0, 0.0, 5.0, 1.0],
        }
    ),
    hyperedges=pa.table({"id": [1, 2, 3, 4], "year": [2001, 2002, None, 2004]}),
)
METAGRAPH = Metagraph.from_tables(
    [("team", "ada"), ("team", "bob"), ("firm", "team"), ("firm", "cy"), ("club", "bob")],
    {
        "pays": pa.table({"src": ["firm", "di"], "dst": ["club", "ada"], "sum": [10, 20]}),
        "knows": pa.table({"src": ["ada", "club"], "dst": ["di", "firm"]}),
    },
)

FACTS = [
    *PLACES,
    ("ex:City", "rdfs:subClassOf", "ex:Place"),
    ("ex:berlin", "ex:people", 3_700_000),
    ("ex:berlin", "ex:people", Literal("03", "http://www.w3.org/2001/XMLSchema#integer")),
    ("ex:paris", "ex:name", Literal("Paris", language="fr")),
]
KNOWLEDGE = HierarchicalKnowledgeGraph.from_triples(
    FACTS, prefixes=PREFIXES, relations_max=4, parent="ex:in"
)


@pytest.fixture(scope="module")
def pair_of(start_cluster: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> PairOf:
    """Gives a graph twice, for as long as a block lasts: opened here, and launched on two nodes."""
    start_cluster(nodes=2)

    @contextmanager
    def pair(kind: type[Face], tables: GraphTables) -> Iterator[Pair]:
        store = str(tmp_path_factory.mktemp(kind.__name__) / "store")
        tables.build(store, parts=2, partitioner="random")
        launched = kind.launch(store, kind.__name__, replicas=1)
        try:
            yield kind.open(store), launched
        finally:
            launched.shutdown()

    return pair


def same(here: Any, there: Any) -> bool:
    """Whether two answers are one: arrays, matrices, tables and what is made of them."""
    if isinstance(here, np.ndarray):
        return here.tolist() == there.tolist()
    if hasattr(here, "toarray"):
        return (here.toarray() == there.toarray()).all()
    if isinstance(here, tuple):
        return len(here) == len(there) and all(map(same, here, there))
    return here == there


@pytest.mark.cluster
def test_property_graphs(pair_of: PairOf) -> None:
    with pair_of(PropertyGraph, PROPERTY) as (here, there):
        for call in (
            lambda g: g.node_types,
            lambda g: g.relations,
            lambda g: [g.num_edges(name) for name in ("writes", "near")],
            lambda g: [g.is_directed(name) for name in ("writes", "near")],
            lambda g: g.nodes("author"),
            lambda g: g.edges("writes"),
            lambda g: g.edges("near"),
            lambda g: g.degree(["b", "d", "b"], "writes"),
            lambda g: g.degree(relation="near"),
            lambda g: g.tables(),
        ):
            assert same(call(here), call(there))
        with pytest.raises(NodeNotFound):
            there.degree(["nobody"], "writes")


@pytest.mark.cluster
def test_hypergraphs(pair_of: PairOf) -> None:
    with pair_of(Hypergraph, HYPERGRAPH) as (here, there):
        for call in (
            lambda h: (h.num_vertices, h.num_hyperedges),
            lambda h: (h.vertices(), h.hyperedges()),
            lambda h: (
                h.members(1),
                h.members(1, "tail"),
                h.edges_of("b"),
                h.edges_of("b", "head"),
            ),
            lambda h: (h.size(), h.size([3, 1]), h.degree(), h.degree(["e", "a"])),
            lambda h: h.incidence(),
            lambda h: h.incidence([2, 3]),
            lambda h: (h.s_neighbors(1), h.s_neighbors(1, s=2)),
            lambda h: h.s_adjacency(2),
            lambda h: tuple(h.s_components()),
            lambda h: (h.s_distance(1, 2), h.s_distance(1, 3), h.s_distance(4, 2)),
            lambda h: h.incidence_matrix(),
            lambda h: (h.dual(), h.clique_expansion(), h.star_expansion(), h.line_graph()),
            lambda h: h.to_hif(),
            lambda h: h.tables(),
        ):
            assert same(call(here), call(there))
        with pytest.raises(NodeNotFound):
            there.members(9)


@pytest.mark.cluster
def test_metagraphs(pair_of: PairOf) -> None:
    with pair_of(Metagraph, METAGRAPH) as (here, there):
        for call in (
            lambda m: (m.nodes(), m.metanodes()),
            lambda m: (m.contents("firm"), m.contents("firm", recursive=True)),
            lambda m: (m.containers("bob"), m.containers("bob", recursive=True)),
            lambda m: m.edges_between("firm", "club"),
            lambda m: m.edges_between("firm", "club", recursive=False),
            lambda m: (m.impact("di"), m.impact(["cy", "club"], direction="in")),
            lambda m: tuple(m.metapaths(["ada", "bob", "cy"], "di")),
            lambda m: m.contract("team"),
        ):
            assert same(call(here), call(there))
        assert len(list(there.metapaths(["ada", "bob"], "di"))) == 1
        with pytest.raises(NodeNotFound):
            there.impact("nobody")


@pytest.mark.cluster
def test_knowledge_graphs(pair_of: PairOf, tmp_path: Path) -> None:
    with pair_of(HierarchicalKnowledgeGraph, KNOWLEDGE) as (here, there):
        triples = set(here.triples())
        assert len(triples) == len(FACTS)
        assert set(there.triples()) == triples
        for subject, predicate, value in sorted(triples, key=str)[::4]:
            for pattern in (
                (subject, None, None),
                (None, predicate, value),
                (subject, None, value),
            ):
                assert set(there.triples(*pattern)) == set(here.triples(*pattern))
        assert there.to_ntriples(tmp_path / "all.nt") == len(FACTS)
        for name in ("ex:berlin", "ex:paris", "ex:ann", "ex:City"):
            for call in (
                lambda kg, name: kg.entity(name),
                lambda kg, name: kg.types(name, inferred=True),
                lambda kg, name: kg.level_of(name),
                lambda kg, name: kg.ancestors(name),
                lambda kg, name: kg.descendants(name),
            ):
                assert call(there, name) == call(here, name)
        assert there.subclasses("ex:Place") == [f"{EX}City"]
        assert there.drill_down("ex:europe", 2) == here.drill_down("ex:europe", 2)
        assert there.roll_up(0).equals(here.roll_up(0))
        assert there.level_graph(1) == here.level_graph(1)
        assert there.to_property_graph() == here.to_property_graph()
        connected = HierarchicalKnowledgeGraph.connect("HierarchicalKnowledgeGraph")
        assert connected.roots() == here.roots()
        with pytest.raises(NodeNotFound):
            there.entity("ex:nobody")


@pytest.mark.cluster
def test_another_kind_is_not_launched(pair_of: PairOf, tmp_path: Path) -> None:
    METAGRAPH.build(tmp_path / "m")
    with pytest.raises(ArgumentError, match="'metagraph' is no Hypergraph"):
        Hypergraph.launch(tmp_path / "m", "wrong")
    with pytest.raises(GraphNotRunning):
        Metagraph.connect("wrong")
