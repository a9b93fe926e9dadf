from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.ids import as_user_ids, index_keys, string_buffers

integers = st.lists(st.integers(-(2**63), 2**63 - 1))
strings = st.lists(st.text(max_size=10))


@given(integers)
def test_integers_in_every_form(values: list[int]) -> None:
    forms = [
        values,
        tuple(values),
        np.array(values, np.int64),
        pa.array(values, pa.int64()),
        pa.chunked_array([values[:2], values[2:]], pa.int64()),
    ]
    for form in forms:
        ids = as_user_ids(form, "int64")
        assert ids.dtype == np.int64
        assert ids.tolist() == values


@given(strings)
def test_strings_in_every_form(values: list[str]) -> None:
    forms = [
        values,
        np.array(values, object),
        pa.array(values, pa.string()),
        pa.chunked_array([values[:2], values[2:]], pa.large_string()),
        pa.array(values, pa.string()).dictionary_encode(),
    ]
    for form in forms:
        ids = as_user_ids(form, "string")
        assert ids.type == pa.large_string()
        assert ids.to_pylist() == values


def test_one_id() -> None:
    assert as_user_ids(5, "int64").tolist() == [5]
    assert as_user_ids(np.int32(5), "int64").tolist() == [5]
    assert as_user_ids("five", "string").to_pylist() == ["five"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a"], "int64"),
        ([1.5], "int64"),
        ([True], "int64"),
        (np.zeros((2, 2), int), "int64"),
        (pa.array([1, None]), "int64"),
        ([1], "string"),
        (1, "string"),
        (["a", None], "string"),
        (pa.array(["a", None]), "string"),
        (pa.array([1, 2]), "string"),
    ],
)
def test_ids_of_the_other_kind(values: Any, kind: Any) -> None:
    with pytest.raises(ArgumentError):
        as_user_ids(values, kind)


@settings(deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True))
def test_keys_of_distinct_integers_are_distinct(values: list[int]) -> None:
    assert len(set(index_keys(np.array(values, np.int64)).tolist())) == len(values)


@settings(deadline=None)
@given(strings, st.integers(0, 4))
def test_keys_of_strings_depend_on_the_string_only(values: list[str], skip: int) -> None:
    whole = index_keys(pa.array(values, pa.large_string()))
    sliced = index_keys(pa.array(values, pa.large_string())[skip:])
    assert sliced.tolist() == whole[skip:].tolist()


@given(strings)
def test_buffers_hold_the_strings(values: list[str]) -> None:
    offsets, data = string_buffers(pa.array(values, pa.large_string()))
    found = [bytes(data[a:b]).decode() for a, b in pairwise(offsets)]
    assert found == values
