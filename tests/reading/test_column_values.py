"""Columns as they are handed out: dtype kept, nulls marked, whatever Arrow made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.reading.column_values import column_values
from graphray.reading.ragged import RaggedArray
from graphray.shard import as_shard_array

INTEGERS = [pa.int8(), pa.uint16(), pa.int32(), pa.int64(), pa.uint64()]
FLOATS = [pa.float16(), pa.float32(), pa.float64()]


def values_of(column: pa.Array) -> Any:
    return column_values(as_shard_array(column), str(column.type))


@given(st.lists(st.none() | st.integers(0, 100)), st.sampled_from([*INTEGERS, pa.bool_()]))
def test_integers_and_booleans_are_masked_where_null(
    items: list[int | None], dtype: pa.DataType
) -> None:
    is_bool = dtype == pa.bool_()
    items = [item if item is None or not is_bool else item > 50 for item in items]
    values = values_of(pa.array(items, dtype))
    assert values.dtype == dtype.to_pandas_dtype()
    assert values.tolist() == items
    assert isinstance(values, np.ma.MaskedArray) == (None in items)


@given(st.lists(st.none() | st.integers(0, 100)), st.sampled_from(FLOATS))
def test_floats_are_nan_where_null(items: list[int | None], dtype: pa.DataType) -> None:
    values = values_of(pa.array(items, dtype))
    assert values.dtype == dtype.to_pandas_dtype()
    assert not isinstance(values, np.ma.MaskedArray)
    expected = np.array([np.nan if item is None else item for item in items], values.dtype)
    assert np.array_equal(values, expected, equal_nan=True)


@given(
    st.lists(st.none() | st.lists(st.none() | st.integers(0, 9), min_size=2, max_size=2)),
    st.sampled_from([pa.int16(), pa.float32()]),
    st.integers(0, 3),
)
def test_vectors_stay_matrices(
    rows: list[list[int | None] | None], dtype: pa.DataType, start: int
) -> None:
    """Also out of the middle of a column, and where whole rows or parts of them are null."""
    values = values_of(pa.array(rows, pa.list_(dtype, 2)).slice(start))
    rows = rows[start:]
    assert values.shape == (len(rows), 2)
    assert values.dtype == dtype.to_pandas_dtype()
    flat = [item for row in rows for item in (row or [None, None])]
    if dtype == pa.float32():
        nans = [np.nan if item is None else item for item in flat]
        assert np.array_equal(values.reshape(-1), nans, equal_nan=True)
    else:
        assert values.reshape(-1).tolist() == flat


@given(
    st.lists(st.none() | st.lists(st.integers(0, 9), max_size=4)),
    st.sampled_from([pa.list_, pa.large_list]),
    st.integers(0, 3),
)
def test_lists_are_ragged(rows: list[list[int] | None], kind: Any, start: int) -> None:
    values = values_of(pa.array(rows, kind(pa.int8())).slice(start))
    assert isinstance(values, RaggedArray)
    assert values.tolist() == [row or [] for row in rows[start:]]
    assert values.values.dtype == np.int8
    assert values.offsets.dtype == np.int64


def test_lists_of_strings_and_of_lists() -> None:
    assert values_of(pa.array([["a", None], []])).tolist() == [["a", None], []]
    (first, second) = values_of(pa.array([[[1], [2, 3]], [[4, 5]]]))
    assert [inner.tolist() for inner in first] == [[1], [2, 3]]
    assert [inner.tolist() for inner in second] == [[4, 5]]


def test_other_types_are_those_of_arrow() -> None:
    assert values_of(pa.array(["a", None])).tolist() == ["a", None]
    days = values_of(pa.array([0, None], pa.timestamp("s")))
    assert days.dtype == np.dtype("datetime64[s]")
    assert np.isnat(days).tolist() == [False, True]


def test_rows_of_a_ragged_array() -> None:
    rows = RaggedArray(np.array([5, 6, 7]), np.array([0, 2, 2, 3]))
    assert [rows[i].tolist() for i in (0, 1, -1)] == [[5, 6], [], [7]]
    for outside in (3, -4):
        with pytest.raises(IndexError, match=f"row {outside} of 3"):
            rows[outside]
