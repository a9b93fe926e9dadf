"""What people bring that is wrong, as files: each is refused with its file and line.

Building is part of the call, so that a reader which lets something pass is caught as well; nothing
may be left of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graphray.errors import InputError
from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.property import PropertyGraph
from graphray.kinds.tables import GraphTables

Read = Callable[[Path], GraphTables]


def hierarchy(path: Path) -> GraphTables:
    return HierarchicalKnowledgeGraph.from_tsv(path, parent="in")


CASES: dict[str, tuple[str, str, Read, int | None, str]] = {
    "a triple without an object": (
        "a.nt", "<a:a> <a:b> <a:c> .\n<a:a> <a:b> .\n", KnowledgeGraph.from_rdf, 2, "",
    ),
    "a triple of two columns": (
        "a.tsv", "a\tr\tb\na\tr\n", KnowledgeGraph.from_tsv, 2, "the row has 2 fields",
    ),
    "a triple of RDF/XML that does not end": (
        "a.rdf", "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<rdf:Desc",
        KnowledgeGraph.from_rdf, None, "a.rdf",
    ),
    "JSON-LD that is no JSON": (
        "a.jsonld", '{"@id": "a:a",\n "a:b": }', KnowledgeGraph.from_rdf, 2, "",
    ),
    "an unknown prefix in Turtle": (
        "a.ttl", "@prefix a: <a:> .\na:a a:b a:c .\na:a x:b a:c .\n", KnowledgeGraph.from_rdf,
        3, "x:",
    ),
    "an unknown prefix in a table": (
        "a.tsv", "ex:a\tex:p\tex:b\nex:a\tfoo:p\tex:b\n",
        lambda path: KnowledgeGraph.from_tsv(path, prefixes={"ex": "http://e/"}), 2, "prefix 'foo'",
    ),
    "a literal as a subject in N-Triples": (
        "a.nt", '<a:a> <a:b> <a:c> .\n"x" <a:b> <a:c> .\n', KnowledgeGraph.from_rdf, 2, "",
    ),
    "a literal as a predicate in Turtle": (
        "a.ttl", '<a:a> <a:b> <a:c> .\n\n<a:a> "x" <a:c> .\n', KnowledgeGraph.from_rdf, 3, "",
    ),
    "a cycle in a forest": (
        "a.tsv", "x\tin\ta\na\tin\tb\nb\tin\tc\nc\tin\ta\n", hierarchy, 2,
        "'a' -> 'b' -> 'c' -> 'a'",
    ),
    "two parents in a forest": (
        "a.tsv", "a\tin\tb\na\tin\tc\n", hierarchy, 2, "'a' has 2 parents: 'b', 'c'",
    ),
    "a metanode that contains itself through others": (
        "a.csv", "src,dst\nx,n\na,b\nb,c\nc,a\n", Metagraph.from_tables, 3,
        "a metanode contains itself: 'a' > 'b' > 'c' > 'a'",
    ),
    "an empty hyperedge in hMETIS": (
        "a.hgr", "2 2\n1 2\n\n", Hypergraph.from_hmetis, 3, "the hyperedge is empty",
    ),
    "an empty hyperedge in HIF": (
        "a.json", '{"incidences": [{"edge": 1, "node": 1}], "edges": [{"edge": 1}, {"edge": 2}]}',
        Hypergraph.from_hif, 1, "hyperedge 2 is empty",
    ),
    "a negative weight": (
        "a.csv", "vertex,hyperedge,weight\n1,1,0.5\n2,1,-0.5\n", Hypergraph.from_incidence, 3,
        "the weight is -0.5; weights are finite and at least 0",
    ),
    "a weight that is NaN": (
        "a.csv", "vertex,hyperedge,weight\n1,1,0.5\n2,1,nan\n", Hypergraph.from_incidence, 3,
        "the weight is nan",
    ),
    "a weight that is NaN in HIF": (
        "a.json", '{"incidences": [{"edge": 1, "node": 1, "weight": NaN}]}', Hypergraph.from_hif,
        0, "the weight is nan",
    ),
    "a negative weight in hMETIS": (
        "a.hgr", "2 2 1\n5 1 2\n-7 1\n", Hypergraph.from_hmetis, 3, "'-7' is no number",
    ),
    "an edge to nowhere in GraphML": (
        "a.graphml",
        '<graphml><graph>\n<node id="a"/>\n<edge source="a" target="b"/>\n</graph></graphml>',
        PropertyGraph.from_graphml, 3, "names node 'b'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    file, content, read, row, problem = CASES[name]
    path = tmp_path / file
    path.write_text(content)
    with pytest.raises(InputError) as raised:
        read(path).build(tmp_path / "store")
    assert problem in str(raised.value)
    assert raised.value.row == row
    if row is not None:
        assert str(path) in str(raised.value.source)
    assert [p.name for p in tmp_path.iterdir()] == [file]
