from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import InputError, InputNotFound
from graphray.kinds.formats.hif import from_hif, parse_hif, to_hif
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.incidence import INCIDENCE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WEIGHTS = st.floats(0, 1e6) | st.integers(0, 100)
ATTRS = st.fixed_dictionaries({}, optional={"name": st.text(), "size": st.integers(-5, 5)})


@st.composite
def hif_objects(draw: Any) -> dict[str, Any]:
    """HIF as a careful writer writes it: every node and edge listed, in the order of its use."""
    nodes = draw(st.lists(st.text(max_size=3), min_size=1, max_size=5, unique=True))
    edges = draw(st.lists(st.integers(-5, 5), max_size=4, unique=True))
    directed = draw(st.booleans())
    weighted = draw(st.booleans())
    incidences = []
    for edge in edges:
        for node in draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True)):
            direction = {"direction": draw(st.sampled_from(["head", "tail"]))} if directed else {}
            weight = {"weight": float(draw(WEIGHTS))} if weighted else {}
            incidences.append({"node": node, "edge": edge, **direction, **weight, **attrs(draw)})
    return {
        "network-type": "directed" if directed and incidences else "undirected",
        "incidences": incidences,
        "nodes": [{"node": node, **attrs(draw)} for node in nodes],
        "edges": [{"edge": edge, **attrs(draw)} for edge in edges],
    }


def attrs(draw: Any) -> dict[str, Any]:
    found = draw(ATTRS)
    return {"attrs": found} if found else {}


@given(hif_objects())
@settings(max_examples=60)
def test_round_trip(hif: dict[str, Any]) -> None:
    tables = from_hif(hif)
    assert to_hif(tables) == hif
    assert parse_hif(json.dumps(hif), "f.json") == tables
    # The same once more through a store.
    assert Hypergraph.of(tables).to_hif() == hif


def test_what_is_only_named_by_incidences_is_there() -> None:
    hif = {
        "incidences": [{"edge": "e", "node": 1}, {"edge": "e", "node": 2}],
        "nodes": [{"node": 2}],
    }
    tables = from_hif(hif)
    assert tables.nodes["vertex"].column("id").to_pylist() == [2, 1]
    assert tables.nodes["hyperedge"].column("id").to_pylist() == ["e"]


def test_what_is_lost_is_said() -> None:
    tables = from_hif({"incidences": [], "network-type": "asc", "metadata": {"by": "me"}})
    assert len(tables.lost) == 2
    assert from_hif({"incidences": [{"edge": 1, "node": 1}], "metadata": {}}).lost == ()


def test_weights_of_other_writers_stand_in_attrs() -> None:
    tables = from_hif({"incidences": [{"edge": 1, "node": 1, "attrs": {"weight": 2.5}}]})
    assert tables.edges[INCIDENCE].column("weight").to_pylist() == [2.5]
    with pytest.raises(InputError, match="the weight is -1"):
        from_hif({"incidences": [{"edge": 1, "node": 1, "attrs": {"weight": -1}}]})


def test_nested_attributes_survive_a_store() -> None:
    hif = {
        "network-type": "undirected",
        "incidences": [{"node": 1, "edge": 1}],
        "nodes": [{"node": 1, "attrs": {"at": {"x": 1, "y": [1, 2]}}}],
        "edges": [{"edge": 1, "attrs": {"tags": ["a", "b"]}}],
    }
    assert Hypergraph.of(from_hif(hif)).to_hif() == hif


@pytest.mark.parametrize(
    ("hif", "problem"),
    [
        ([], "expected an object with the key 'incidences'"),
        ({}, "expected an object with the key 'incidences'"),
        ({"incidences": [], "edgs": []}, "the key 'edgs' is none of HIF's"),
        ({"incidences": [], "network-type": "mixed"}, "the network-type is 'mixed'"),
        ({"incidences": [], "metadata": [1]}, "f: metadata is [1]; expected an object"),
        ({"incidences": {}}, "f (incidences): expected a list, not dict"),
        ({"incidences": [3]}, "f (incidences), row 0: expected an object, not int"),
        ({"incidences": [{"edge": 1}]}, "f (incidences), row 0: the key 'node' is missing"),
        ({"incidences": [], "nodes": [{"node": 1}, {}]}, "f (nodes), row 1: the key 'node' is m"),
        ({"incidences": [{"edge": 1, "node": 1, "x": 1}]}, "row 0: the key 'x' is none of HIF's"),
        ({"incidences": [{"edge": 1, "node": 1, "attrs": 1}]}, "row 0: 'attrs' is int"),
        (
            {"incidences": [{"edge": 1, "node": 1, "direction": "up"}]},
            "row 0: the direction is 'up'",
        ),
        ({"incidences": [{"edge": 1, "node": 1, "weight": "1"}]}, "row 0: the weight is '1'"),
        (
            {"incidences": [{"edge": 1, "node": 1, "weight": -2}]},
            "row 0, column 'weight': the weight",
        ),
        ({"incidences": [{"edge": 1, "node": 1.5}]}, "row 0, column 'node': 1.5 is float"),
        ({"incidences": [{"edge": 2**70, "node": 1}]}, "does not fit into 64 bits"),
        ({"incidences": [], "edges": [{"edge": "e"}]}, "f (edges), row 0: hyperedge 'e' is empty"),
        ({"incidences": [], "nodes": [{"node": 1}] * 2}, "f (nodes), row 1, column 'node'"),
        (
            {"incidences": [{"edge": 1, "node": 1, "weight": 1, "attrs": {"weight": 1}}]},
            "row 0: 'attrs' has 'weight' as well",
        ),
        (
            {"incidences": [], "nodes": [{"node": 1, "attrs": {"id": 1}}]},
            "the attribute 'id' cannot be a column",
        ),
        (
            {
                "incidences": [],
                "nodes": [{"node": i, "attrs": {"a": a}} for i, a in enumerate("1")]
                + [{"node": 9, "attrs": {"a": 1}}],
            },
            "f (nodes), column 'a': the values have no common type",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_entry(hif: Any, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_hif(json.dumps(hif), "f")
    assert problem in str(raised.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "h.json"
    path.write_text('{"incidences": [\n{"edge": 1 "node": 2}]}')
    with pytest.raises(InputError, match=r"h\.json, row 2: is no JSON"):
        from_hif(path)
    with pytest.raises(InputNotFound):
        from_hif(tmp_path / "nowhere.json")
    path.write_text('{"incidences": [{"edge": 1, "node": 2}]}')
    assert from_hif(path).nodes["vertex"].equals(pa.table({"id": [2]}))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_hif(text, "f")
    except InputError:
        return


RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["edge", "node", "weight", "direction", "attrs", "x"]), JSON)
)


@given(
    st.dictionaries(
        st.sampled_from(["incidences", "nodes", "edges", "metadata", "network-type"]),
        JSON | RECORDS,
    )
)
def test_any_json_is_read_or_refused(hif: dict[str, Any]) -> None:
    try:
        parse_hif(json.dumps(hif), "f")
    except InputError:
        return


def test_json_nested_beyond_reason() -> None:
    with pytest.raises(InputError):
        parse_hif("[" * 100_000, "f")
    with pytest.raises(InputError):
        parse_hif('{"incidences": ' + "9" * 5000 + "}", "f")
