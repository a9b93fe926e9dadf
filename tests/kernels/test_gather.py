"""Gathers by address against plain indexing, over partitions of which some are elsewhere."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.gather import gather_draws, gather_from_owners, gather_rows

SIZES = st.lists(st.integers(0, 30), min_size=1, max_size=5).filter(any)


def partitioned(sizes: list[int], mapped: list[bool]) -> tuple[np.ndarray, list, np.ndarray]:
    """Offsets, the partitions' arrays of the values ``7 * i``, and their shifted addresses."""
    offsets = np.cumsum([0, *sizes])
    arrays = [7 * np.arange(a, b, dtype=np.int32) for a, b in pairwise(offsets)]
    bases = [
        array.ctypes.data - int(start) * 4 if is_mapped else 0
        for array, start, is_mapped in zip(arrays, offsets, mapped, strict=False)
    ]
    return offsets, arrays, np.array(bases, np.int64)


@given(sizes=SIZES, data=st.data())
def test_values_are_gathered_where_they_are_mapped(sizes: list[int], data: st.DataObject) -> None:
    mapped = [data.draw(st.booleans()) for _ in sizes]
    offsets, arrays, bases = partitioned(sizes, mapped)
    assert arrays
    owner = st.sampled_from([part for part, size in enumerate(sizes) if size])
    owners = data.draw(st.lists(owner, max_size=80))
    drawn = [
        data.draw(st.lists(st.integers(offsets[p], offsets[p + 1] - 1), max_size=4)) for p in owners
    ]
    bounds = np.cumsum([0, *map(len, drawn)])
    flat = np.array([n for each in drawn for n in each], np.int64)
    values = np.full(len(flat), -1, np.int32)
    gather_draws(flat, bounds, np.array(owners, np.int32), bases, values)
    expected = [
        7 * n if mapped[p] else -1 for p, each in zip(owners, drawn, strict=True) for n in each
    ]
    assert values.tolist() == expected
    rows = np.full(len(flat), -1, np.int32)
    row_owners = np.repeat(np.array(owners, np.int32), [len(each) for each in drawn])
    gather_rows(flat, row_owners, bases, rows)
    assert rows.tolist() == expected


@given(sizes=SIZES, data=st.data())
def test_owners_are_found(sizes: list[int], data: st.DataObject) -> None:
    offsets, arrays, bases = partitioned(sizes, [True] * len(sizes))
    assert arrays
    gids = data.draw(st.lists(st.integers(0, sum(sizes) - 1), max_size=50))
    values = np.empty(len(gids), np.int32)
    gather_from_owners(np.array(gids, np.uint32), offsets, bases, values)
    assert values.tolist() == [7 * gid for gid in gids]
