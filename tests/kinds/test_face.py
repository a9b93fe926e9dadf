from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import graphray as gr
from graphray.errors import ArgumentError, InputError
from graphray.kinds.face import FACES
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.property import PropertyGraph
from graphray.kinds.tables import GraphTables
from graphray.schema import Relation
from graphray.store import Store

LINKS = Relation("node", "links", "node")
TABLES = GraphTables(
    "property",
    {"node": pa.table({"id": ["c", "a", "b"], "x": [[1.0], [2.0], [3.0]]})},
    {LINKS: pa.table({"src": ["a", "b", "b"], "dst": ["b", "b", "c"], "w": [3, None, 1]})},
    frozenset({LINKS}),
)


def test_every_kind_has_a_public_class_that_reads_it() -> None:
    for kind, name in FACES.items():
        assert kind in getattr(gr, name).kinds


@pytest.mark.parametrize("undirected", [True, False])
@pytest.mark.parametrize("parts", [1, 3])
def test_tables_come_back_as_they_went_in(undirected: bool, parts: int) -> None:
    tables = replace(TABLES, undirected=frozenset({LINKS} if undirected else ()))
    back = PropertyGraph(tables.in_memory(parts=parts, partitioner="random")).tables()
    assert back.undirected == tables.undirected
    assert back.nodes["node"].to_pydict() == tables.nodes["node"].to_pydict()
    found, expected = (t.edges[LINKS].to_pydict() for t in (back, tables))
    assert found["w"] == expected["w"]
    ends = [list(zip(e["src"], e["dst"], strict=True)) for e in (found, expected)]
    if undirected:
        ends = [[tuple(sorted(pair)) for pair in pairs] for pairs in ends]
    assert ends[0] == ends[1]


def test_a_graph_in_memory_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = TABLES.in_memory(), TABLES.in_memory(parts=2)
    assert one.neighbors("b").tolist() == other.neighbors("b").tolist() == ["c", "a", "b"]
    assert list(tmp_path.iterdir()) == []


def test_a_face_refuses_other_kinds_and_says_which_class_reads_them(tmp_path: Path) -> None:
    tables = Metagraph.from_sets({"m": ["a"]})
    tables.build(tmp_path / "m")
    for call in (lambda: Hypergraph.open(tmp_path / "m"), lambda: Hypergraph.of(tables)):
        with pytest.raises(
            ArgumentError, match=r"'metagraph' is no Hypergraph.*graphray\.Metagraph"
        ):
            call()


def test_a_store_that_says_no_kind_is_a_property_graph(tmp_path: Path) -> None:
    store = TABLES.build(tmp_path / "s")
    assert store.kind == gr.open(tmp_path / "s").kind == "property"
    build = {name: value for name, value in store.manifest.build.items() if name != "kind"}
    path = next((tmp_path / "s").glob("manifest-*.json"))
    path.write_bytes(replace(store.manifest, build=build).to_bytes())
    assert Store.open(tmp_path / "s").kind == "property"


def test_closing_a_face_closes_its_graph(tmp_path: Path) -> None:
    TABLES.build(tmp_path / "s")
    with PropertyGraph.open(tmp_path / "s") as g:
        assert g.degree(["a"]).tolist() == [1]
    # An opened graph maps its files again when it is asked again.
    assert g.degree(["a"]).tolist() == [1]
    g.shutdown()


def test_a_property_is_not_taken_for_an_id(tmp_path: Path) -> None:
    edges = pa.table({"source": [1], "target": [2], "dst": ["x"]})
    with pytest.raises(InputError, match="column 'dst': a property has the name of the column"):
        PropertyGraph.from_tables(edges, src="source", dst="target")
    gr.build(edges, tmp_path / "s", src="source", dst="target")
    with PropertyGraph.open(tmp_path / "s") as g:
        assert g.graph.neighbors(1).tolist() == [2]
        with pytest.raises(InputError, match=r"'edge', 'node'\), column 'dst'.*rename it"):
            g.edges()
    with pytest.raises(InputError, match="column 'src'"):
        Hypergraph.from_incidence(pa.table({"vertex": ["a"], "hyperedge": ["e"], "src": [1]}))
