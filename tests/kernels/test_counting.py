"""Counts in a table, against a plain counter."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.counting import EMPTY, add_counts


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(1, 9))), st.booleans())
def test_amounts_are_added_until_the_table_is_half_full(
    pairs: list[tuple[int, int]], alike: bool
) -> None:
    numbers = np.array([number % 40 for number, _ in pairs], np.int64)
    amounts = np.array([3] if alike else [amount for _, amount in pairs], np.int64)
    keys, counts = np.full(32, EMPTY, np.int64), np.zeros(32, np.int64)
    added, used = add_counts(numbers, amounts, 0, keys, counts, 0)
    expected: Counter[int] = Counter()
    for number, amount in zip(
        numbers[:added].tolist(), np.broadcast_to(amounts, len(numbers)).tolist(), strict=False
    ):
        expected[number] += amount
    filled = keys != EMPTY
    assert dict(zip(keys[filled].tolist(), counts[filled].tolist(), strict=True)) == expected
    assert used == len(expected) <= 16
    assert added == len(numbers) or used == 16
