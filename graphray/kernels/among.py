"""The entries of rows that lead to some nodes and no others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.rows import Rows, entry_at, row_spans

Ints = npt.NDArray[np.int64]


@kernel
def entries_among(gids: Ints, rows: Rows, members: Ints) -> tuple[Ints, Ints, Ints]:
    """The entries of some rows that name members of a set, in the order of the rows.

    Args:
        gids: ``int64[n]``, whose rows; all of them mapped.
        rows: one adjacency.
        members: ``int64[m]``, distinct global ids.

    Returns:
        How many entries each row has (``int64[n]``); which member each names; and its place in its
        row, counted from 0.
    """
    slots = _member_table(members)
    mask = np.uint64(len(slots) - 1)
    width = rows.widths[0]
    firsts, degrees = np.empty(len(gids), np.int64), np.empty(len(gids), np.int64)
    row_spans(gids, rows, firsts, degrees)
    room = degrees.sum()
    counts = np.zeros(len(gids), np.int64)
    named, places = np.empty(room, np.int64), np.empty(room, np.int64)
    total = 0
    for i in range(len(gids)):
        for j in range(degrees[i]):
            gid = entry_at(firsts[i] + j * width, width)
            slot = mix64(np.uint64(gid) * GOLDEN) & mask
            while slots[slot] >= 0 and members[slots[slot]] != gid:
                slot = (slot + np.uint64(1)) & mask
            if slots[slot] >= 0:
                named[total], places[total] = slots[slot], j
                counts[i] += 1
                total += 1
    return counts, named[:total].copy(), places[:total].copy()


@kernel
def _member_table(members: Ints) -> Ints:
    """A hash table of the places of members, at most half full; -1 where empty."""
    size = 4
    while size < 2 * len(members):
        size *= 2
    slots = np.full(size, -1, np.int64)
    mask = np.uint64(size - 1)
    for place in range(len(members)):
        slot = mix64(np.uint64(members[place]) * GOLDEN) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = place
    return slots
