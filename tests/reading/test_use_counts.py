"""Counts in bounded memory, against a plain counter."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.reading.use_counts import UseCounts


@given(st.lists(st.lists(st.integers(0, 20) | st.integers(0, 2**62), max_size=300)))
def test_counts_add_up(reads: list[list[int]]) -> None:
    uses = UseCounts()
    for read in reads:
        uses.note(np.array(read, np.int64))
    numbers, counts = uses.counted()
    expected = Counter(number for read in reads for number in read)
    assert dict(zip(numbers.tolist(), counts.tolist(), strict=True)) == expected
    assert sorted(numbers.tolist()) == numbers.tolist()
    uses.forget()
    assert len(uses.counted()[0]) == 0


def test_of_many_some_are_counted_for_all() -> None:
    uses = UseCounts()
    for _ in range(30):
        uses.note(np.arange(100), 40)
    numbers, counts = uses.counted()
    # Every third row at a time, and in turn: 34 rows or 33.
    assert numbers.tolist() == list(range(100))
    assert counts.tolist() == [30] * 100
    uses.note(np.array([7]), 40)
    assert uses.counted()[1][7] == 31
    uses.note(np.empty(0, np.int64), 40)


def test_the_hot_stay_where_memory_is_bounded() -> None:
    uses = UseCounts(distinct_max=512)
    rng = np.random.default_rng(1)
    seen: set[int] = set()
    for _ in range(200):
        cold = rng.integers(10, 100_000, 30)
        seen.update(cold.tolist())
        uses.note(np.concatenate([np.arange(10), cold]))
    numbers, counts = uses.counted()
    assert len(numbers) <= 512 < len(seen)
    assert numbers[:10].tolist() == list(range(10))
    assert counts[:10].tolist() == [200] * 10
