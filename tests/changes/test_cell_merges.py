"""Merge functions are joins, and what is none is refused."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.changes.cell_merges import BUILT_IN, Merges, find_merge
from graphray.changes.cell_values import decode_cells, encode_cells
from graphray.errors import ArgumentError
from graphray.schema import Column, GraphSchema, NodeType

PAPER = NodeType(
    "paper",
    "int64",
    (
        Column("score", "double"),
        Column("year", "int32"),
        Column("tags", "list<item: string>"),
        Column("weight", "bfloat16"),
        Column("title", "string"),
    ),
)
SCHEMA = GraphSchema((PAPER,), ())


def average(one: float, other: float) -> float:
    return (one + other) / 2


def first(one: Any, other: Any) -> Any:
    return one


def total(one: Any, other: Any) -> Any:
    return one + other


def refuses_nine(one: int, other: int) -> int:
    if 9 in (one, other):
        raise ValueError("nine")
    return max(one, other)


def merge(column: str, name: str, *values: Any) -> Any:
    dtype = {"score": pa.float64(), "year": pa.int32(), "tags": pa.list_(pa.string())}[column]
    merges = Merges({f"paper.{column}": name}, SCHEMA)
    cells = encode_cells(pa.array(values, dtype))
    merged = cells[0]
    for cell in cells[1:]:
        merged = merges.functions[f"paper.{column}"](merged, cell)
    return decode_cells([merged], dtype).to_pylist()[0]


def test_what_the_functions_do() -> None:
    assert merge("score", "max", 1.0, 3.0, 2.0) == 3.0
    assert merge("score", "min", 1.0, 3.0) == 1.0
    assert merge("tags", "union", ["b"], ["a", "b"], ["c"]) == ["a", "b", "c"]
    assert merge("year", "math:gcd", 12, 18) == 6


def test_a_null_changes_nothing() -> None:
    assert merge("score", "max", None, 3.0) == merge("score", "max", 3.0, None) == 3.0
    assert merge("score", "max", None, None) is None


numbers = st.floats(width=32) | st.none()


@given(st.sampled_from(["max", "min"]), numbers, numbers, numbers)
def test_they_are_joins_of_all_numbers(name: str, a: Any, b: Any, c: Any) -> None:
    merges = Merges({"paper.score": name}, SCHEMA)
    join = merges.functions["paper.score"]
    x, y, z = encode_cells(pa.array([a, b, c], pa.float64()))
    assert join(x, x) == x
    assert join(x, y) == join(y, x)
    assert join(join(x, y), z) == join(x, join(y, z))


texts = st.lists(st.sampled_from(["a", "b", None]), max_size=3)
decimals = st.lists(st.sampled_from([0.0, -0.0, math.nan, 1.0]), max_size=3)


@given(texts, texts, texts)
def test_union_is_one_of_lists(a: Any, b: Any, c: Any) -> None:
    union = BUILT_IN["union"]
    assert union(a, b) == union(b, a)
    assert union(union(a, b), c) == union(a, union(b, c))
    assert union(union(a, a), a) == union(a, a)


@given(decimals, decimals)
def test_union_knows_numbers_apart(a: Any, b: Any) -> None:
    union = BUILT_IN["union"]
    assert list(map(repr, union(a, b))) == list(map(repr, union(b, a)))
    assert len(union(a, a)) == len(set(map(repr, a)))


@pytest.mark.parametrize(
    ("column", "name", "message"),
    [
        ("score", f"{__name__}:average", "not associative"),
        ("score", f"{__name__}:first", "not commutative"),
        ("year", f"{__name__}:total", "not idempotent"),
        ("score", "union", "fails on two values of type double"),
        ("score", "largest", "'package.module:function'"),
        ("score", "no.such.module:f", "cannot be imported"),
        ("score", "math:no_such", "cannot be imported"),
        ("score", "math:pi", "is a float"),
        ("weight", "max", "bfloat16"),
        ("color", "max", "no such column"),
    ],
)
def test_what_is_no_join_is_refused(column: str, name: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Merges({f"paper.{column}": name}, SCHEMA)


def test_a_function_that_fails_later_leaves_the_later_value_and_says_so() -> None:
    merges = Merges({"paper.year": f"{__name__}:refuses_nine"}, SCHEMA)
    one, nine = encode_cells(pa.array([4, 9], pa.int32()))
    assert not merges.problem
    assert merges.functions["paper.year"](one, nine) == nine
    assert "failed on 4 and 9" in merges.problem


def test_every_name_is_found() -> None:
    for name, function in BUILT_IN.items():
        assert find_merge(name) is function
