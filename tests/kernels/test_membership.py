"""Rows searched for a neighbour, against plain lists; integers below a bound, against Python's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.book import relabel
from graphray.kernels.membership import draw_below, rows_contain


@pytest.mark.parametrize("dtype", [np.uint32, np.int64])
@given(
    assignment=st.lists(st.integers(0, 2), min_size=10, max_size=10),
    rows=st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=8),
    asked=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9))),
)
def test_neighbors_are_found(
    dtype: type, assignment: list[int], rows: list[list[int]], asked: list[tuple[int, int]]
) -> None:
    """Rows of stable ids, stored as global ids in three partitions.

    Even rows lie in partition 0, odd ones in partition 1; the last row is elsewhere.
    """
    book = relabel(np.array(assignment), 3)
    asked = [(row, wanted) for row, wanted in asked if row < len(rows)]
    stored = [book.gid_of_stable[np.array(sorted(row), np.int64)] for row in rows]
    parts = [
        np.concatenate([np.empty(0, np.int64), *stored[part::2]]).astype(dtype) for part in (0, 1)
    ]
    starts = {}
    for part in (0, 1):
        position = 0
        for number in range(part, len(rows), 2):
            starts[number] = position
            position += len(rows[number])
    lengths = [len(row) for row in rows[:-1]] + [-1]
    found = np.zeros(len(asked), np.bool_)
    rows_contain(
        np.array([starts[row] for row, _ in asked], np.int64),
        np.array([lengths[row] for row, _ in asked], np.int64),
        np.array([row % 2 for row, _ in asked], np.int32),
        np.array([part.ctypes.data for part in parts]),
        np.dtype(dtype).itemsize,
        book.offsets,
        book.gid_of_stable[np.array([wanted for _, wanted in asked], np.int64)],
        found,
    )
    assert found.tolist() == [row < len(rows) - 1 and wanted in rows[row] for row, wanted in asked]


@given(st.lists(st.integers(0, 2**64 - 1)), st.integers(1, 2**32))
def test_words_below_a_bound(words: list[int], bound: int) -> None:
    drawn = draw_below(np.array(words, np.uint64), bound)
    assert drawn.tolist() == [word * bound >> 64 for word in words]
