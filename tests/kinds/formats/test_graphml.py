from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import InputError, InputNotFound
from graphray.kinds.formats.graphml import from_graphml, parse_graphml
from graphray.kinds.property import PropertyGraph
from graphray.schema import DEFAULT_RELATION

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=4)


@st.composite
def networks(draw: Any) -> nx.MultiGraph:
    graph = draw(st.sampled_from([nx.MultiGraph, nx.MultiDiGraph]))()
    names = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=5, unique=True))
    for name in names:
        graph.add_node(name, size=draw(st.integers(-9, 9)), title=draw(TEXT))
    for _ in range(draw(st.integers(0, 6))):
        ends = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        graph.add_edge(*ends, weight=draw(st.floats(-1e6, 1e6)), good=draw(st.booleans()))
    return graph


@given(networks())
@settings(max_examples=40)
def test_what_networkx_writes_is_read(graph: nx.MultiGraph) -> None:
    written = io.BytesIO()
    nx.write_graphml_xml(graph, written)
    tables = parse_graphml(written.getvalue().decode(), "g.graphml")
    assert tables.nodes["node"].column("id").to_pylist() == list(graph)
    back = PropertyGraph.of(tables).to_networkx()
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert (back.is_directed(), back.number_of_edges()) == (
        graph.is_directed() or not graph.number_of_edges(),
        graph.number_of_edges(),
    )
    assert edges_of(back) == edges_of(graph)


def edges_of(graph: nx.MultiGraph) -> list[Any]:
    ends = tuple if graph.is_directed() else sorted
    return sorted(
        (*ends((u, v)), data["weight"], data["good"]) for u, v, data in graph.edges(data=True)
    )


FULL = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="color" attr.type="string"><default>yellow</default></key>
  <key id="d1" for="all" attr.name="n" attr.type="long"/>
  <key id="d2" for="edge" attr.name="w" attr.type="float"/>
  <graph id="G" edgedefault="undirected">
    <data key="d1">9</data>
    <node id="a"><data key="d0">green</data><port name="p"/></node>
    <node id="b"><data key="d1"> 7 </data></node>
    <edge id="e" source="a" target="b"><data key="d2">1.5</data></edge>
    <edge source="b" target="b"/>
  </graph>
</graphml>
"""


def test_keys_defaults_and_types() -> None:
    tables = parse_graphml(FULL, "g")
    assert tables.nodes["node"].to_pydict() == {
        "id": ["a", "b"],
        "color": ["green", "yellow"],
        "n": [None, 7],
    }
    assert tables.edges[DEFAULT_RELATION].to_pydict() == {
        "src": ["a", "b"],
        "dst": ["b", "b"],
        "edge_id": ["e", None],
        "n": [None, None],
        "w": [1.5, None],
    }
    assert tables.undirected == {DEFAULT_RELATION}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("</graphml>", "", "g, row 14: is no XML"),
        ("<graphml ", "<svg ", "g, row 2: the outermost element is 'svg'"),
        ('"long"', '"short"', "g, row 4: the type 'short' is none of"),
        (" 7 ", "seven", "g, row 9: 'n' is 'seven', which is no long"),
        (" 7 ", str(2**64), "g, row 9: 'n' is '18446744073709551616', which is no long"),
        ('key="d2"', 'key="d9"', "g, row 10: the key 'd9' is not declared"),
        ('target="b"><', 'target="c"><', "g, row 10: the edge names node 'c'"),
        ('target="b"/>', "/>", "g, row 11: the element 'edge' lacks 'target'"),
        ('"b"/>', '"b" directed="true"/>', "g, row 11: the edge is directed and others are not"),
        ('"b"/>', '"b" directed="maybe"/>', "g, row 11: directed is 'maybe'"),
        (
            '<port name="p"/></node>',
            '</node><node id="a"/>',
            "the id 'a' of node type 'node' is already in",
        ),
        ('<port name="p"/>', "<graph/>", "g, row 8: a graph within a graph"),
        ('<port name="p"/>', "<hyperedge/>", "g, row 8: hyperedges are not read"),
        ('attr.name="n"', 'attr.name="id"', "two keys have the name 'id'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, problem: str) -> None:
    text = FULL.replace(old, new, 1)
    assert text != FULL
    with pytest.raises(InputError) as raised:
        parse_graphml(text, "g")
    assert problem in str(raised.value)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "g.graphml").write_text(FULL)
    assert from_graphml(tmp_path / "g.graphml") == parse_graphml(FULL, "g")
    with pytest.raises(InputNotFound):
        from_graphml(tmp_path / "h.graphml")


PIECES = st.sampled_from(
    [
        '<graph edgedefault="directed">', "</graph>", '<node id="a">', '<node id="b"/>', "</node>",
        '<edge source="a" target="b">', "</edge>", '<data key="k">', "</data>", "x", "7", "&amp;",
        '<key id="k" for="node" attr.name="n" attr.type="int">', "</key>", "<default>",
        "</default>", "<edge/>", "<data/>", "<key/>", "&nothing;", "]]>", "<!-- -->", "\u2028",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
@settings(max_examples=200)
def test_any_elements_are_read_or_refused(pieces: list[str]) -> None:
    try:
        parse_graphml(f"<graphml>{''.join(pieces)}</graphml>", "g")
    except InputError:
        return


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_graphml(text, "g")
