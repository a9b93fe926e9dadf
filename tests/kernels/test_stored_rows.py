"""Looking rows up, against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.stored_rows import NOT_FOUND, find_sorted, list_entries

DTYPES = (np.uint32, np.int64)
few = st.lists(st.integers(0, 30), max_size=12)


@pytest.mark.parametrize("dtype", DTYPES)
@given(held=st.sets(st.integers(0, 30)), wanted=few)
def test_numbers_are_found_where_they_stand(dtype: type, held: set[int], wanted: list[int]) -> None:
    rising = sorted(held)
    expected = [rising.index(number) if number in held else NOT_FOUND for number in wanted]
    found = find_sorted(np.array(rising, dtype), np.array(wanted, np.int64))
    assert found.tolist() == expected


def test_a_number_beyond_the_dtype_is_not_found() -> None:
    held = np.array([0, 1, 2**32 - 1], np.uint32)
    assert find_sorted(held, np.array([2**32, 2**32 - 1, -1])).tolist() == [NOT_FOUND, 2, NOT_FOUND]


@pytest.mark.parametrize("dtype", DTYPES)
@given(lengths=st.lists(st.integers(0, 4), max_size=6), data=st.data())
def test_entries_are_listed_row_after_row(
    dtype: type, lengths: list[int], data: st.DataObject
) -> None:
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(dtype)
    rows = data.draw(st.lists(st.integers(-1, len(lengths) - 1), max_size=8))
    expected = [
        (at, entry)
        for at, row in enumerate(rows)
        if row != NOT_FOUND
        for entry in range(int(indptr[row]), int(indptr[row + 1]))
    ]
    owner, entries = list_entries(indptr, np.array(rows, np.int64))
    assert list(zip(owner.tolist(), entries.tolist(), strict=True)) == expected
