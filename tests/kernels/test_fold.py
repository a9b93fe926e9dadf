"""Folding against plain lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kernels.fold import (
    find_entries,
    fold_bounds,
    fold_ids,
    fold_indices,
    fold_values,
    place_entries,
    shift_ids,
    shifts_of,
)


def plain_fold(base: list[Any], dropped: list[int], places: list[int], added: list[Any]) -> Any:
    """Before each row, what is added there; then the row, where it stays."""
    rows = []
    for at in range(len(base) + 1):
        rows += [new for place, new in zip(places, added, strict=True) if place == at]
        if at < len(base) and at not in dropped:
            rows.append(base[at])
    return rows


def ints(values: Any) -> Any:
    return np.array(values, np.int64)


@st.composite
def folds(draw: Any, count_max: int = 12) -> tuple[int, list[int], list[int]]:
    count = draw(st.integers(0, count_max))
    dropped = draw(st.sets(st.integers(0, count - 1))) if count else set()
    return count, sorted(dropped), sorted(draw(st.lists(st.integers(0, count), max_size=6)))


@given(folds(), st.integers(1, 3), st.sampled_from([np.uint8, np.uint32, np.float64]))
def test_values(fold: Any, width: int, dtype: Any) -> None:
    count, dropped, places = fold
    base = np.arange(count * width).astype(dtype)
    added = np.arange(100, 100 + len(places) * width).astype(dtype)
    out = np.empty((count - len(dropped) + len(places)) * width, dtype)
    fold_values(base, width, ints(dropped), ints(places), added, out)
    rows = plain_fold(
        base.reshape(count, width).tolist(),
        dropped,
        places,
        added.reshape(len(places), width).tolist(),
    )
    assert out.reshape(-1, width).tolist() == rows
    indices = np.empty(len(rows), np.int64)
    fold_indices(count, ints(dropped), ints(places), indices)
    every = [*base.reshape(count, width).tolist(), *added.reshape(len(places), width).tolist()]
    assert [every[index] for index in indices] == rows


@given(folds(300), folds(), st.data())
def test_ids(nodes: Any, fold: Any, data: Any) -> None:
    count, dropped_nodes, node_places = nodes
    kept = [gid for gid in range(count) if gid not in dropped_nodes]
    numbered = plain_fold(list(range(count)), dropped_nodes, node_places, [None] * len(node_places))
    shifts = shifts_of(count, ints(dropped_nodes), ints(node_places))
    found = np.empty(len(kept), np.int64)
    shift_ids(np.array(kept, np.uint32), shifts, found)
    assert found.tolist() == [numbered.index(gid) for gid in kept]

    entries, dropped, places = fold
    # What leads to a node that goes has to go, too.
    base = [data.draw(st.integers(0, count - 1)) for _ in range(entries)] if count else []
    dropped = sorted({at for at, gid in enumerate(base) if gid in dropped_nodes} | set(dropped))
    if not count:
        dropped, places = [], [0] * len(places)
    out = np.empty(len(base) - len(dropped) + len(places), np.uint32)
    fold_ids(
        np.array(base, np.uint32),
        shifts,
        ints(dropped),
        ints(places),
        np.arange(len(places), dtype=np.uint32),
        out,
    )
    shifted = [None if gid in dropped_nodes else numbered.index(gid) for gid in base]
    assert out.tolist() == plain_fold(shifted, dropped, places, list(range(len(places))))


@given(folds(), st.data())
def test_bounds(rows: Any, data: Any) -> None:
    count, dropped_rows, row_places = rows
    degrees = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    base = [[(row, k) for k in range(degree)] for row, degree in enumerate(degrees)]
    dropped = [
        at
        for at, (row, _) in enumerate(entry for row in base for entry in row)
        if row in dropped_rows or data.draw(st.booleans())
    ]
    flat = [entry for row in base for entry in row]
    gone = {flat[at] for at in dropped}
    left = [[entry for entry in row if entry not in gone] for row in base]
    folded = plain_fold(left, dropped_rows, row_places, [[] for _ in row_places])
    added = sorted(data.draw(st.lists(st.integers(0, len(folded) - 1)))) if folded else []
    out = np.empty(len(folded) + 1, np.int64)
    fold_bounds(
        np.cumsum([0, *degrees]),
        ints(dropped_rows),
        ints(row_places),
        ints(dropped),
        ints(added),
        out,
    )
    lengths = [len(row) + added.count(at) for at, row in enumerate(folded)]
    assert out.tolist() == np.cumsum([0, *lengths]).tolist()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=6, unique=True), max_size=5), st.data())
def test_entries_are_found_in_their_rows(rows: list[list[int]], data: Any) -> None:
    indptr = np.cumsum([0, *map(len, rows)])
    edges = np.array([edge for row in rows for edge in row], np.uint32)
    asked = (
        sorted(data.draw(st.sets(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, 30)))))
        if rows
        else []
    )
    out = np.empty(len(asked), np.int64)
    find_entries(indptr, edges, ints([r for r, _ in asked]), ints([e for _, e in asked]), out)
    expected = [indptr[r] + rows[r].index(e) if e in rows[r] else -1 for r, e in asked]
    assert out.tolist() == expected


@given(
    st.lists(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=6), max_size=4),
    st.permutations(range(8)),
    st.data(),
)
def test_entries_are_placed_in_canonical_order(
    rows: list[set[tuple[int, int]]], stable: list[int], data: Any
) -> None:
    """The neighbours' stable ids lie in two partitions, in any order."""
    stable_ids = np.array(stable, np.uint32)
    first, second = stable_ids[:3].copy(), stable_ids[3:].copy()
    in_order = [sorted((stable[gid], edge, gid) for gid, edge in row) for row in rows]
    indptr = np.cumsum([0, *map(len, rows)])
    flat = [entry for row in in_order for entry in row]
    keys = st.tuples(st.integers(0, max(0, len(rows) - 1)), st.integers(0, 8), st.integers(0, 3))
    asked = data.draw(st.lists(keys, max_size=8)) if rows else []
    out = np.empty(len(asked), np.int64)
    place_entries(
        indptr,
        np.array([gid for _, _, gid in flat], np.uint32),
        np.array([edge for _, edge, _ in flat], np.uint32),
        ints([0, 3, 8]),
        ints([first.ctypes.data, second.ctypes.data - 3 * 4]),
        first,
        *(ints([key[at] for key in asked]) for at in range(3)),
        out,
    )
    for position, (row, far, edge) in zip(out, asked, strict=True):
        before = sum((s, e) < (far, edge) for s, e, _ in in_order[row])
        assert position == indptr[row] + before
