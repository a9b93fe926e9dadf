from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.border import note_border, set_known


@given(
    st.lists(st.lists(st.integers(0, 11), max_size=6), max_size=5),
    st.integers(0, 12),
    st.integers(0, 12),
    st.booleans(),
)
def test_against_plain_sets(
    rows: list[list[int]], one_bound: int, other_bound: int, same_type: bool
) -> None:
    start, stop = sorted((one_bound, other_bound))
    first_row = start if same_type else 12
    indptr = np.cumsum([0, *map(len, rows)])
    neighbors = np.array([n for row in rows for n in row], np.uint32)
    known, home = np.zeros(12, np.bool_), np.zeros(len(rows), np.bool_)
    crossing, loops = note_border(indptr, neighbors, first_row, start, stop, known, home)
    entries = [(at, neighbor) for at, row in enumerate(rows) for neighbor in row]
    outside = [neighbor for _, neighbor in entries if not start <= neighbor < stop]
    inside = [(at, neighbor) for at, neighbor in entries if start <= neighbor < stop]
    assert crossing == len(outside)
    assert loops == sum(first_row + at == neighbor for at, neighbor in inside)
    assert np.flatnonzero(known).tolist() == sorted(set(outside))
    assert np.flatnonzero(home).tolist() == sorted({at for at, _ in inside})


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 129))
def test_bits_of_a_partition(knows: list[bool], part: int) -> None:
    known = np.full((len(knows), 3), 1 << 63, np.uint64)
    set_known(np.packbits(np.array(knows, np.bool_)), part, known)
    for node, expected in enumerate(knows):
        bits = sum(int(word) << (64 * at) for at, word in enumerate(known[node]))
        untouched = sum(1 << (64 * at + 63) for at in range(3))
        assert bits == untouched | (expected << part)
