"""Counts in bounded memory, against a plain counter."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray import use_counts
from graphray.use_counts import UseCounts


@given(st.lists(st.lists(st.integers(0, 20))))
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


def test_the_hot_stay_where_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_counts, "_UNCOUNTED_MAX", 100)
    uses = UseCounts(distinct_max=50)
    rng = np.random.default_rng(1)
    for _ in range(200):
        uses.note(np.concatenate([np.arange(10), rng.integers(10, 100_000, 30)]))
    numbers, counts = uses.counted()
    assert len(numbers) <= 50
    assert set(range(10)) <= set(numbers.tolist())
    assert counts[:10].tolist() == [200] * 10
