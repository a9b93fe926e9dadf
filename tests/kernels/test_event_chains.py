"""Rows found by key, against plain lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.event_chains import (
    EMPTY,
    find_in_rows,
    first_times,
    last_seen,
    link_rows,
    move_slots,
    rows_seen,
)

events = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 1), st.integers(0, 5), st.integers(0, 2))
)
NEVER = 99


def linked(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half of the rows entered, then moved to a larger table, then the rest."""
    slots, previous = np.full(8, EMPTY, np.int32), np.empty(len(keys), np.int32)
    half = len(keys) // 2
    new = link_rows(keys, 0, half, slots, previous)
    larger = np.full(16, EMPTY, np.int32)
    move_slots(keys, slots, larger)
    new += link_rows(keys, half, len(keys), larger, previous)
    assert new == len(set(keys.tolist()))
    return larger, previous


@given(events, st.integers(-1, 5), st.integers(-1, 5))
def test_rows_are_found(rows: list[tuple[int, int, int, int]], low: int, high: int) -> None:
    keys, second, times, ties = np.array(rows, np.int64).reshape(-1, 4).T.copy()
    slots, previous = linked(keys)
    pairs = [(key, other) for key in range(-4, 5) for other in (0, 1)]
    wanted, wanted_second = np.array(pairs, np.int64).T.copy()

    offsets, found = rows_seen(wanted, keys, slots, previous, times, low, high)
    last = last_seen(wanted, wanted_second, keys, second, slots, previous, times, ties, low, high)
    first = first_times(wanted, wanted_second, keys, second, slots, previous, times, NEVER)

    for i, (key, other) in enumerate(pairs):
        seen = [n for n, row in enumerate(rows) if row[0] == key and low < row[2] <= high]
        assert found[offsets[i] : offsets[i + 1]].tolist() == seen
        same = [n for n in seen if rows[n][1] == other]
        assert (last[i] == EMPTY) == (not same)
        if same:
            assert last[i] in same
            assert rows[last[i]][2:] == max(rows[n][2:] for n in same)
        all_times = [row[2] for row in rows if row[:2] == (key, other)]
        assert first[i] == min(all_times, default=NEVER)


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1), st.integers(0, 9))
def test_edges_are_found_in_rows(rows: list[list[int]], wanted: int) -> None:
    bounds = np.cumsum([0] + [len(row) for row in rows])
    edges = np.array([edge for row in rows for edge in row], np.uint32)
    asked = np.full(len(rows), wanted, np.int64)
    found = find_in_rows(edges, bounds[:-1], bounds[1:], asked)
    assert found.tolist() == [wanted in row for row in rows]
