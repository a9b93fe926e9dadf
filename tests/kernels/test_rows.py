"""Searching rows in canonical order by global id, against looking at every entry."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.book import relabel
from graphray.kernels.neighbors import owner_of
from graphray.kernels.rows import copy_rows, entry_words, find_entry
from graphray.sampling.streams import mix64
from tests.sampling.twin import GOLDEN, MASK


@given(
    assignment=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    wide=st.booleans(),
    data=st.data(),
)
def test_an_entry_is_found_whichever_partition_owns_it(
    assignment: list[int], wide: bool, data: st.DataObject
) -> None:
    book = relabel(np.array(assignment), 5)
    stable = st.integers(0, len(assignment) - 1)
    # Canonical order: by stable id, parallel edges side by side.
    row = book.gid_of_stable[sorted(data.draw(st.lists(stable, max_size=40)))]
    stored = row.astype(np.int64 if wide else np.uint32)
    for gid in range(len(assignment)):
        owner = owner_of(book.offsets, gid)
        assert owner == np.searchsorted(book.offsets, gid, side="right") - 1
        at = find_entry(
            stored.ctypes.data, len(row), stored.itemsize, gid,
            book.offsets[owner], book.offsets[owner + 1],
        )  # fmt: skip
        assert at == (row.tolist().index(gid) if gid in row else -1)


def test_rows_are_copied_end_to_end() -> None:
    entries = np.arange(10, dtype=np.uint32)
    firsts = entries.ctypes.data + 4 * np.array([7, 0, 2])
    assert copy_rows(firsts, np.array([3, 0, 2]), 4).tolist() == [7, 8, 9, 2, 3]


def test_the_words_of_entries_depend_on_node_and_place() -> None:
    words = entry_words(np.array([3, 5]), np.array([2, 1]), np.uint64(7)).tolist()
    seeds = [mix64(((stable * GOLDEN) & MASK) ^ 7) for stable in (3, 5)]
    expected = [(seeds[0], 1), (seeds[0], 2), (seeds[1], 1)]
    assert words == [mix64((seed + place * GOLDEN) & MASK) for seed, place in expected]
