"""Numbers come back as they were, in half the bytes where they fit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.reading.compact import compact, restored

INT64 = st.integers(-(2**62), 2**62)


@given(st.lists(INT64, max_size=20))
def test_any_numbers_come_back(numbers: list[int]) -> None:
    given_numbers = np.array(numbers, np.int64)
    back = restored(compact(given_numbers))
    assert back.dtype == np.int64
    np.testing.assert_array_equal(back, given_numbers)


@given(INT64, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_numbers_of_one_range_take_half(least: int, offsets: list[int]) -> None:
    numbers = np.array([least, *(least + offset for offset in offsets)], np.int64)
    assert compact(numbers).offsets.nbytes * 2 == numbers.nbytes
