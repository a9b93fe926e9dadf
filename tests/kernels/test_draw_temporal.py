"""Draws by time: cuts and orders against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.derive_times import order_rows, pack_cells, take_by_row
from graphray.kernels.draw_temporal import count_until, resolve_cells, resolve_slots, take_last

ROWS = st.lists(st.lists(st.integers(-50, 50), max_size=40), min_size=1, max_size=80)


@given(rows=ROWS)
def test_rows_are_put_into_order_of_time(rows: list[list[int]]) -> None:
    indptr = np.cumsum([0, *map(len, rows)])
    times = np.array([t for row in rows for t in row], np.int32)
    order, taken = np.empty(len(times), np.uint32), np.empty_like(times)
    order_rows(indptr, times, order)
    take_by_row(indptr, order, times, taken)
    for row, start, stop in zip(rows, indptr, indptr[1:], strict=False):
        assert order[start:stop].tolist() == sorted(range(len(row)), key=row.__getitem__)
        assert taken[start:stop].tolist() == sorted(row)


@given(rows=ROWS, data=st.data())
def test_entries_until_a_time_are_counted(rows: list[list[int]], data: st.DataObject) -> None:
    """In two partitions, the rows of one of which are elsewhere."""
    limits = [data.draw(st.integers(-55, 55)) for _ in rows]
    elsewhere = [data.draw(st.booleans()) for _ in rows]
    first = np.cumsum([0, *map(len, rows)])[:-1]
    times = np.array([t for row in rows for t in sorted(row)], np.int64)
    degrees = np.array([-1 if e else len(r) for e, r in zip(elsewhere, rows, strict=True)])
    counts = count_until(
        np.where(elsewhere, 2**60, first),
        degrees,
        np.array(elsewhere, np.int32),
        np.array(limits),
        np.array([times.ctypes.data, 0]),
        times,
    )
    expected = [
        0 if e else sum(t <= limit for t in row)
        for row, limit, e in zip(rows, limits, elsewhere, strict=True)
    ]
    assert counts.tolist() == expected


@given(rows=st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 9)), max_size=20))
def test_the_last_entries_come_latest_first(rows: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in rows], np.int64)
    counts = np.array([count for _, count in rows], np.int64)
    widths = [max(0, min(3, count)) for _, count in rows]
    bounds = np.cumsum([0, *widths])
    slots = np.empty(bounds[-1], np.int64)
    take_last(starts, counts, bounds, slots)
    expected = [
        start + count - 1 - j for start, count in rows for j in range(max(0, min(3, count)))
    ]
    assert slots.tolist() == expected


def test_slots_lead_back_to_positions_and_rows_elsewhere_are_left() -> None:
    positions = np.full(5, -7, np.int64)
    resolve_slots(
        np.array([100, 0, 200]),
        np.array([3, -1, 2]),
        np.array([0, 2, 4, 5]),
        np.array([2, 0, 9, 9, 1], np.uint32),
        positions,
    )
    assert positions.tolist() == [102, 100, -7, -7, 201]


@given(rows=ROWS)
def test_cells_hold_entries_and_neighbours(rows: list[list[int]]) -> None:
    """Packed for all entries in order of time, and resolved again."""
    indptr = np.cumsum([0, *map(len, rows)])
    times = np.array([t for row in rows for t in row], np.int64)
    stored = np.arange(len(times), dtype=np.uint32)[::-1] * 3
    order, cells = np.empty(len(times), np.uint32), np.empty(len(times), np.uint64)
    order_rows(indptr, times, order)
    pack_cells(indptr, order, stored, cells)
    positions, neighbors = np.empty(len(times), np.int64), np.empty(len(times), np.uint32)
    resolve_cells(indptr[:-1] + 1000, np.diff(indptr), indptr, cells, positions, neighbors)
    expected = [
        start + 1000 + e
        for row, start in zip(rows, indptr, strict=False)
        for e in sorted(range(len(row)), key=row.__getitem__)
    ]
    assert positions.tolist() == expected
    assert neighbors.tolist() == stored[positions - 1000].tolist()
