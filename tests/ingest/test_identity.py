"""Mapping ids against a dict, in every representation that a table may have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import InputError
from graphray.ingest.identity import IdMap, check_unique, distinct_ids, read_ids, settle_kind
from graphray.ingest.source import Source

dense = st.integers(0, 50)
sparse = st.integers(-(2**63), 2**63 - 1)
id_lists = st.one_of(
    *(st.lists(ids, min_size=1, unique=True) for ids in (dense, sparse, st.text(max_size=5)))
)


def column(values: Any, name: str = "src") -> Any:
    return read_ids(Source.of(pa.table({name: values}), "t"), name)


def user_ids(values: list[Any]) -> Any:
    if isinstance(values[0], str):
        return pa.array(values, pa.large_string())
    return np.array(values, np.int64)


@settings(deadline=None)
@given(id_lists, st.data())
def test_positions_match_a_dict(ids: list[Any], data: st.DataObject) -> None:
    other = st.text(max_size=5) if isinstance(ids[0], str) else st.one_of(dense, sparse)
    asked = data.draw(st.lists(st.one_of(st.sampled_from(ids), other), min_size=1))
    cut = data.draw(st.integers(0, len(asked)))
    kind = pa.string() if isinstance(ids[0], str) else pa.int64()
    values = column(pa.chunked_array([asked[:cut], asked[cut:]], kind))
    known = {value: i for i, value in enumerate(ids)}
    found = IdMap(user_ids(ids)).positions(values)
    assert found.tolist() == [known.get(value, -1) for value in asked]


@settings(deadline=None)
@given(id_lists, st.data())
def test_distinct_ids_are_sorted(ids: list[Any], data: st.DataObject) -> None:
    halves = [
        data.draw(st.lists(st.sampled_from(ids), min_size=1)),
        data.draw(st.lists(st.sampled_from(ids), min_size=1)),
    ]
    kind = "string" if isinstance(ids[0], str) else "int64"
    found = distinct_ids([column(half) for half in halves], kind)
    order = str.encode if kind == "string" else int
    assert found.tolist() == sorted(set(halves[0] + halves[1]), key=order)


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 1], np.int8),
        np.array([3, 1], np.uint64),
        pa.array([3, 1]).dictionary_encode(),
        pa.chunked_array([[3], [], [1]], pa.int32()),
    ],
)
def test_representations_of_integers(values: Any) -> None:
    ids = column(values)
    assert ids.kind == "int64"
    assert IdMap(np.array([1, 2, 3])).positions(ids).tolist() == [2, 0]
    assert ids.as_user_ids("int64").tolist() == [3, 1]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["c", "a"], pa.string()),
        pa.array(["c", "a"], pa.large_string()),
        pa.array(["c", "a"], pa.string_view()),
        pa.array(["c", "a"]).dictionary_encode(),
    ],
)
def test_representations_of_strings(values: Any) -> None:
    ids = column(values)
    assert ids.kind == "string"
    known = pa.array(["a", "b", "c"], pa.large_string())
    assert IdMap(known).positions(ids).tolist() == [2, 0]
    assert ids.as_user_ids("string").type == pa.large_string()


def test_a_column_without_ids_fits_any_kind() -> None:
    empty = column(pa.array([], pa.null()))
    assert settle_kind("t", [empty, column(["a"])]) == "string"
    assert settle_kind("t", [empty]) == "int64"
    assert len(IdMap(np.empty(0, np.int64)).positions(empty)) == 0
    assert empty.as_user_ids("string").to_pylist() == []


@pytest.mark.parametrize(
    ("values", "row"),
    [([1, None], 1), (["a", None, None], 1), ([1.0, 2.5], 1), ([True], 0), ([b"x"], 0)],
)
def test_what_is_no_id(values: list[Any], row: int) -> None:
    with pytest.raises(InputError) as caught:
        column(values)
    assert (caught.value.row, caught.value.column) == (row, "src")


def test_the_first_misfit_is_named() -> None:
    with pytest.raises(InputError, match="'x' is no id of node type 't'") as caught:
        settle_kind("t", [column([1]), column(["1", "-2", "x", "y"], "dst")])
    assert (caught.value.row, caught.value.column) == (2, "dst")
    with pytest.raises(InputError, match="1 is no id of node type 't'"):
        settle_kind("t", [column(["x"]), column([1, 2])])


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1))
def test_uniqueness(ids: list[int]) -> None:
    first_repeat = next((i for i, v in enumerate(ids) if v in ids[:i]), None)
    if first_repeat is None:
        check_unique("t", column(ids))
        return
    with pytest.raises(InputError, match=f"row {ids.index(ids[first_repeat])};") as caught:
        check_unique("t", column(ids))
    assert caught.value.row == first_repeat
