from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError, DanglingEdge, InputError, NodeNotFound
from graphray.kinds.containment import find_cycle
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.tables import GraphTables
from tests.kinds.metagraphs import PlainMetagraph, metagraphs

NESTED = {"team": ["ada", "bob"], "firm": ["team", "cy"], "club": ["bob", "di"]}


def of(plain: PlainMetagraph, parts: int = 1) -> Metagraph:
    tables = Metagraph.from_sets(plain.members, plain.edges, np.array(plain.nodes))
    return Metagraph(tables.in_memory(parts=parts, partitioner="random"))


def pairs(table: pa.Table) -> list[tuple[Any, Any]]:
    return sorted(zip(table["src"].to_pylist(), table["dst"].to_pylist(), strict=True))


def all_edges(tables: GraphTables, contains: bool) -> list[tuple[Any, Any]]:
    found = [t for r, t in tables.edges.items() if (r.name == "contains") is contains]
    return sorted(pair for table in found for pair in pairs(table))


@given(metagraphs(), st.integers(1, 3), st.data())
@settings(max_examples=40)
def test_calls_against_plain_dictionaries(plain: PlainMetagraph, parts: int, data: Any) -> None:
    elements = [*plain.nodes, *plain.members]
    others = data.draw(st.lists(st.sampled_from(elements), min_size=1, max_size=2, unique=True))
    m = of(plain, min(parts, len(elements)))
    assert set(m.nodes()) == set(plain.nodes)
    assert set(m.metanodes()) == set(plain.members)
    for metanode, members in plain.members.items():
        direct, every = m.contents(metanode), m.contents(metanode, recursive=True)
        for found, expected in ((direct, set(members)), (every, plain.inside(metanode))):
            assert set(found.nodes) == expected - plain.members.keys()
            assert set(found.metanodes) == expected & plain.members.keys()
            assert len(found.nodes) + len(found.metanodes) == len(expected)
    for element in elements:
        assert set(m.containers(element)) == {k for k, v in plain.members.items() if element in v}
        around = m.containers(element, recursive=True).tolist()
        assert set(around) == plain.around(element)
        assert len(around) == len(set(around))
        for other in others:
            assert pairs(m.edges_between(element, other)) == plain.between(element, other)
            assert pairs(m.edges_between(element, other, recursive=False)) == sorted(
                edge for edge in plain.edges if edge == (element, other)
            )


@given(metagraphs(), st.data())
@settings(max_examples=40)
def test_contraction_against_plain_dictionaries(plain: PlainMetagraph, data: Any) -> None:
    metanode = data.draw(st.sampled_from(list(plain.members)))
    expected = plain.contracted(metanode)
    tables = of(plain).contract(metanode)
    assert set(tables.nodes["node"]["id"].to_pylist()) == set(expected.nodes)
    assert set(tables.nodes["metanode"]["id"].to_pylist()) == set(expected.members)
    assert all_edges(tables, contains=False) == sorted(expected.edges)
    assert all_edges(tables, contains=True) == sorted(
        (m, element) for m, elements in expected.members.items() for element in elements
    )
    assert tables.lost
    again = Metagraph.of(tables)
    assert again.contents(metanode, recursive=True).nodes.tolist() == []


@given(metagraphs(), st.data())
@settings(max_examples=60)
def test_a_cycle_of_containment_is_named(plain: PlainMetagraph, data: Any) -> None:
    outer = data.draw(st.sampled_from(list(plain.members)))
    inner = data.draw(st.sampled_from([outer, *(plain.inside(outer) & plain.members.keys())]))
    members = {**plain.members, inner: [*plain.members[inner], outer]}
    with pytest.raises(InputError, match="contains itself") as raised:
        Metagraph.from_sets(members, plain.edges, np.array(plain.nodes))
    assert repr(outer) in str(raised.value) or repr(inner) in str(raised.value)


def test_the_cycle_is_in_order_and_its_row_is_named() -> None:
    rows = [("x", "a"), ("a", "b"), ("b", "n"), ("b", "c"), ("c", "a")]
    with pytest.raises(InputError) as raised:
        Metagraph.from_tables(rows)
    assert "contains, row 1: a metanode contains itself: 'a' > 'b' > 'c' > 'a'" in str(raised.value)
    with pytest.raises(InputError, match="row 0: a metanode contains itself: 'a' > 'a'"):
        Metagraph.from_tables([("a", "a")])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_find_cycle(edges: list[tuple[int, int]]) -> None:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    cycle = find_cycle(ends[:, 0], ends[:, 1], 6)
    following = [*cycle[1:], *cycle[:1]]
    assert set(zip(cycle, following, strict=True)) <= set(edges)
    assert len(set(cycle)) == len(cycle)
    left = set(range(6))
    while leaves := {n for n in left if not any(a == n and b in left for a, b in edges)}:
        left -= leaves
    assert bool(cycle) == bool(left)


def test_sets_as_ends() -> None:
    edges = [("cy", {"bob", "ada"}), ({"cy", "di"}, "firm"), ({"di", "cy"}, {"ada", "bob"})]
    tables = Metagraph.from_sets(NESTED, edges)
    assert tables.nodes["metanode"].to_pydict() == {
        "id": ["team", "firm", "club", "{cy, di}"],
        "is_set": [False, False, False, True],
    }
    m = Metagraph.of(tables)
    assert pairs(m.edges_between("{cy, di}", "firm")) == [
        ("cy", "team"),
        ("{cy, di}", "firm"),
        ("{cy, di}", "team"),
    ]
    assert m.containers("cy").tolist() == ["firm", "{cy, di}"]


def test_properties_and_kinds_of_edges(tmp_path: Path) -> None:
    tables = Metagraph.from_tables(
        pa.table({"metanode": ["t", "t", "f"], "element": ["a", "b", "t"], "since": [1, 2, 3]}),
        {
            "pays": pa.table({"src": ["f", "f"], "dst": ["a", "t"], "sum": [10.0, 20.0]}),
            "knows": pa.table({"src": ["a"], "dst": ["b"], "well": [True]}),
        },
        nodes=pa.table({"id": ["a", "b", "c"], "age": [30, 40, 50]}),
        metanodes=pa.table({"id": ["f", "e"], "seat": ["Bonn", "Ulm"]}),
    )
    assert tables.nodes["metanode"].to_pydict() == {
        "id": ["f", "e", "t"],
        "seat": ["Bonn", "Ulm", None],
    }
    tables.build(tmp_path / "m", parts=2, partitioner="random")
    with Metagraph.open(tmp_path / "m") as m:
        assert (
            m.edges_between("f", "t").to_pylist()
            == [
                {"src": "f", "dst": "a", "name": "pays", "sum": 10.0},
                {"src": "a", "dst": "b", "name": "knows", "sum": None, "well": True},
                {"src": "f", "dst": "t", "name": "pays", "sum": 20.0},
            ]
            or len(m.edges_between("f", "t")) == 3
        )
        assert m.contents("e").nodes.tolist() == []
        contracted = m.contract("t")
        assert all_edges(contracted, contains=False) == [("f", "t"), ("f", "t")]
        assert contracted.nodes["node"].to_pydict() == {"id": ["c"], "age": [50]}
        assert m.edges_between("c", "e").column_names == ["src", "dst", "name"]
        with pytest.raises(NodeNotFound, match="'zoe' is neither"):
            m.containers("zoe")
        for call in (m.contents, m.contract):
            with pytest.raises(NodeNotFound):
                call("a")


@pytest.mark.parametrize(
    ("arguments", "error", "problem"),
    [
        (([("m", "a"), ("m", "a")],), InputError, "contains, row 1: metanode 'm' already contains"),
        (
            ([("m", "a")], None, np.array(["a", "m"])),
            InputError,
            "row 1, column 'id': 'm' is a metanode as w",
        ),
        (
            ([("m", "a")], None, np.array(["b"])),
            DanglingEdge,
            "contains, row 0, column 'dst': 'a' is neither",
        ),
        (
            ([("m", "a")], [("a", "z")], np.array(["a"])),
            DanglingEdge,
            "row 0, column 'dst': 'z' is neither",
        ),
        (([("m", "a")], [(1, 2)]), InputError, "no id of node type 'element'"),
        (
            ([("m", "a")], None, None, np.array(["x", "x"])),
            InputError,
            "the id 'x' of node type 'metanode'",
        ),
        (([("m", "a")], {"contains": [("a", "m")]}), ArgumentError, "other than 'contains'"),
        (
            ([("m", "a")], {"e": pa.table({"src": ["a"], "dst": ["m"], "name": ["x"]})}),
            InputError,
            "column 'name': this column would stand where",
        ),
    ],
)
def test_tables_that_are_wrong(arguments: Any, error: type[Exception], problem: str) -> None:
    with pytest.raises(error) as raised:
        Metagraph.from_tables(*arguments)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("members", "edges", "problem"),
    [
        ({"m": "abc"}, [], "metanodes['m']: 'abc' is no set"),
        ({"m": 5}, [], "metanodes['m']: 5 is no set"),
        ({"m": ["a", 1]}, [], "1 is int, but 'a' is str"),
        ({"m": [(1, 2)]}, [], "(1, 2) is tuple"),
        ({"m": ["a"]}, ["ab"], "edges, row 0: 'ab' is no pair"),
        ({9: [1]}, [(1, 9), ({1, 2}, 9)], "edges, row 1: the set [1, 2] has no name"),
    ],
)
def test_sets_that_are_wrong(members: Any, edges: Any, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        Metagraph.from_sets(members, edges)
    assert problem in str(raised.value)
