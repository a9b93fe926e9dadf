"""Rows from pieces, against the plain way: look each one up in a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.take_rows import (
    EMPTY,
    copy_rows,
    copy_values,
    find_cached,
    find_sources,
    slot_table,
)

sizes_of_parts = st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(sum)


@given(st.lists(st.integers(0, 2**62), max_size=200, unique=True), st.integers(0, 2**62))
def test_a_slot_table_holds_every_position_once_and_room_to_stop(
    numbers: list[int], other: int
) -> None:
    slots = slot_table(np.array(numbers, np.int64))
    assert sorted(slots[slots != EMPTY]) == list(range(len(numbers)))
    assert np.count_nonzero(slots == EMPTY) >= max(1, len(numbers))


@given(sizes_of_parts, st.data())
def test_every_row_is_found_where_it_is(sizes: list[int], data: st.DataObject) -> None:
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    total = int(offsets[-1])
    is_mapped = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    )
    cached = np.array(
        data.draw(st.lists(st.integers(0, total - 1), unique=True, max_size=total)), np.int64
    )
    numbers = np.array(data.draw(st.lists(st.integers(0, total - 1), max_size=100)), np.int64)
    sources, rows = np.empty(len(numbers), np.int32), np.empty(len(numbers), np.int64)
    elsewhere = find_sources(numbers, offsets, is_mapped, cached, slot_table(cached), sources, rows)
    owners = np.searchsorted(offsets, numbers, side="right") - 1
    expected = []
    for number, owner in zip(numbers.tolist(), owners.tolist(), strict=True):
        if is_mapped[owner]:
            expected.append((owner, number - offsets[owner]))
        elif number in cached:
            expected.append((len(sizes), cached.tolist().index(number)))
        else:
            expected.append((-1 - owner, number - offsets[owner]))
    assert list(zip(sources.tolist(), rows.tolist(), strict=True)) == expected
    assert elsewhere == np.count_nonzero(sources < 0)


@given(
    st.lists(st.integers(0, 60), unique=True, max_size=40),
    st.lists(st.integers(0, 60), max_size=90),
)
def test_every_cached_number_is_found_where_it_is(cached: list[int], numbers: list[int]) -> None:
    among = np.array(cached, np.int64)
    places = np.empty(len(numbers), np.int32)
    find_cached(np.array(numbers, np.int64), among, slot_table(among), places)
    where = {number: place for place, number in enumerate(cached)}
    assert places.tolist() == [where.get(number, EMPTY) for number in numbers]


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=4),
    st.sampled_from([np.uint8, np.float16, np.int32, np.float64]),
    st.sampled_from([(), (1,), (3,), (200,)]),
    st.integers(0, 2**32),
)
def test_rows_are_copied_as_they_are(
    sizes: list[int], dtype: type, tail: tuple[int, ...], rng_seed: int
) -> None:
    rng = np.random.default_rng(rng_seed)
    pieces = [rng.integers(0, 255, (size, *tail)).astype(dtype) for size in sizes]
    sources = rng.integers(0, len(sizes), 70).astype(np.int32)
    rows = (rng.random(70) * np.array(sizes)[sources]).astype(np.int64)
    bases = np.array([piece.ctypes.data for piece in pieces])
    out = np.empty((70, *tail), dtype)
    if tail:
        copy_rows(sources, rows, bases, out.itemsize * tail[0], out.ctypes.data)
    else:
        copy_values(sources, rows, bases, out.view(f"u{out.itemsize}"))
    expected = [pieces[s][r].tolist() for s, r in zip(sources, rows, strict=True)]
    assert out.tolist() == expected
