"""Folding changes into sorted tables: one pass over the stored rows, as near to a copy as can be.

A *fold* takes rows out of a stored table and puts others in: ``dropped`` are the positions of those
that go, rising; ``places`` are the positions before which the added ones go, non-decreasing, in the
order of the added ones. A row that changes is one that goes and one that comes at its place. What
lies between two changes is copied as it stands, which is a ``memcpy`` where changes are few.

Neighbours are renumbered while they are copied. A base node's global id shifts by the nodes that
were added before it, less those that were deleted before it. The shift is found in a table of 16
bytes per 64 nodes, small enough for the cache of a core where the adjacency itself is not: the
shift of the block's first node, and a bit per deleted node in it to count (a *rank* directory,
Jacobson, "Space-efficient static trees and graphs", FOCS 1989).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.memory import copy_bytes, count_ones, load, prefetch
from graphray.kernels.neighbors import owner_of

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

BLOCK_BITS = 6
BLOCK = 1 << BLOCK_BITS
SEARCH = np.iinfo(np.int64).min
"""In place of a block's shift: nodes were added inside the block, so the shift is searched for."""

# How far ahead of being read a block is asked for; see `graphray.kernels.memory`.
_AHEAD = 24
_BLOCK_BYTES = 16
_CACHED_BLOCKS = 2**16  # 1 MiB: beyond that it pays to ask early.
_ONE = np.uint64(1)
_IN_BLOCK = BLOCK - 1


class Shifts(NamedTuple):
    """By how much the global ids of a node type shift; see `shifts_of`.

    Attributes:
        blocks: ``int64[ceil(n / 64), 2]``: the shift of each block's first id (or `SEARCH`), and a
            bit for each of its ids that is dropped.
        dropped: ``int64[d]``, the ids that go, rising.
        places: ``int64[a]``, the ids before which nodes are added, non-decreasing.
    """

    blocks: npt.NDArray[np.int64]
    dropped: Ints
    places: Ints


def shifts_of(count: int, dropped: Ints, places: Ints) -> Shifts:
    """The table of `shifted`.

    Args:
        count: how many nodes there were.
        dropped: ``int64[d]``, the ids that go, rising.
        places: ``int64[a]``, the ids before which nodes are added, non-decreasing.

    Example:
        >>> shifts_of(4, np.array([1]), np.array([4])).blocks.tolist()
        [[0, 2]]
    """
    starts = np.arange(0, count, BLOCK, dtype=np.int64)
    blocks = np.zeros((len(starts), 2), np.int64)
    blocks[:, 0] = np.searchsorted(places, starts, "right") - np.searchsorted(dropped, starts)
    inside = places[(places & _IN_BLOCK != 0) & (places < count)]
    blocks[inside >> BLOCK_BITS, 0] = SEARCH
    bits = np.uint64(1) << (dropped & _IN_BLOCK).astype(np.uint64)
    np.bitwise_or.at(blocks[:, 1], dropped >> BLOCK_BITS, bits.view(np.int64))
    return Shifts(blocks, dropped, places)


@inlined
def shifted(shifts: Any, gid: Any) -> Any:
    """The new global id of a node that stays."""
    block = gid >> BLOCK_BITS
    shift = shifts.blocks[block, 0]
    if shift == SEARCH:
        added = np.searchsorted(shifts.places, gid, "right")
        return gid + added - np.searchsorted(shifts.dropped, gid)
    below = (_ONE << np.uint64(gid & _IN_BLOCK)) - _ONE
    return gid + shift - count_ones(np.uint64(shifts.blocks[block, 1]) & below)


@kernel
def shift_ids(gids: Array, shifts: Shifts, out: Array) -> None:
    """The new global id of each node; those of dropped nodes mean nothing."""
    for i in range(len(gids)):
        out[i] = shifted(shifts, np.int64(gids[i]))


@kernel
def fold_values(
    base: Array, width: int, dropped: Ints, places: Ints, added: Array, out: Array
) -> None:
    """A column without the dropped rows and with the added ones; all three are of one dtype.

    Args:
        base: ``[n * width]``, the stored values, row after row.
        width: values per row.
        dropped: ``int64[d]``, rows that go, rising.
        places: ``int64[a]``, rows before which the added ones go, non-decreasing; up to n.
        added: ``[a * width]``.
        out: filled, ``[(n - d + a) * width]``.
    """
    end = len(base) // width
    at = drop = start = 0
    for i in range(len(places) + 1):
        stop = places[i] if i < len(places) else end
        while drop < len(dropped) and dropped[drop] < stop:
            at = _copy(base, start * width, dropped[drop] * width, out, at)
            start = dropped[drop] + 1
            drop += 1
        at = _copy(base, start * width, stop * width, out, at)
        start = max(start, stop)
        if i < len(places):
            at = _copy(added, i * width, (i + 1) * width, out, at)


@kernel
def fold_ids(
    base: Array, shifts: Shifts, dropped: Ints, places: Ints, added: Array, out: Array
) -> None:
    """A column of global ids, likewise, with those that stay renumbered.

    Args:
        base: ``[n]``, stored global ids.
        shifts: of their type.
        dropped: ``int64[d]``, as in `fold_values`; all entries of nodes that go are among them.
        places: ``int64[a]``.
        added: ``[a]``, new global ids.
        out: filled, ``[n - d + a]``.
    """
    at = drop = start = 0
    for i in range(len(places) + 1):
        stop = places[i] if i < len(places) else len(base)
        while drop < len(dropped) and dropped[drop] < stop:
            at = _renumber(base, start, dropped[drop], shifts, out, at)
            start = dropped[drop] + 1
            drop += 1
        at = _renumber(base, start, stop, shifts, out, at)
        start = max(start, stop)
        if i < len(places):
            out[at] = added[i]
            at += 1


@kernel
def fold_indices(count: int, dropped: Ints, places: Ints, out: Ints) -> None:
    """Where each row of a fold comes from: a stored one, or ``count`` + the number of an added one.

    Args:
        count: how many rows are stored.
        dropped: ``int64[d]``, as in `fold_values`.
        places: ``int64[a]``.
        out: filled, ``int64[count - d + a]``.
    """
    at = drop = start = 0
    for i in range(len(places) + 1):
        stop = places[i] if i < len(places) else count
        for row in range(start, stop):
            if drop < len(dropped) and dropped[drop] == row:
                drop += 1
            else:
                out[at] = row
                at += 1
        start = stop
        if i < len(places):
            out[at] = count + i
            at += 1


@kernel
def fold_bounds(
    indptr: Ints,
    dropped_rows: Ints,
    row_places: Ints,
    dropped: Ints,
    added_rows: Ints,
    out: Ints,
) -> None:
    """The bounds of the rows when rows and entries went and came.

    Args:
        indptr: ``int64[rows + 1]``, the stored bounds.
        dropped_rows: rows that go, rising; all their entries are dropped, too.
        row_places: rows before which the added ones go, non-decreasing.
        dropped: entries that go, rising.
        added_rows: the row of each entry that comes, numbered as after the fold, non-decreasing.
        out: filled, ``int64[rows - dropped + added + 1]``.
    """
    out[0] = 0
    row = drop_row = place = drop = entry = 0
    for new in range(len(out) - 1):
        while (
            drop_row < len(dropped_rows)
            and dropped_rows[drop_row] == row
            and (place == len(row_places) or row_places[place] > row)
        ):
            row += 1
            drop_row += 1
        degree = 0
        if place < len(row_places) and row_places[place] <= row:
            place += 1
        else:
            degree = indptr[row + 1] - indptr[row]
            while drop < len(dropped) and dropped[drop] < indptr[row + 1]:
                degree -= np.int64(dropped[drop] >= indptr[row])
                drop += 1
            row += 1
        while entry < len(added_rows) and added_rows[entry] == new:
            degree += 1
            entry += 1
        out[new + 1] = out[new] + degree


@kernel
def find_entries(indptr: Ints, edges: Array, rows: Ints, wanted: Ints, out: Ints) -> None:
    """Where edges stand in their rows: each row that is asked about is read once.

    Args:
        indptr: ``int64[rows + 1]``.
        edges: edge id of each entry.
        rows: ``int64[k]``, the row of each edge, non-decreasing.
        wanted: ``int64[k]``, edge ids, rising among those of one row.
        out: filled, ``int64[k]``: positions, -1 where an edge is not in its row.
    """
    out[:] = -1
    first = 0
    while first < len(rows):
        row = rows[first]
        last = first
        while last + 1 < len(rows) and rows[last + 1] == row:
            last += 1
        for position in range(indptr[row], indptr[row + 1]):
            edge = np.int64(edges[position])
            low, high = first, last
            while low < high:
                middle = (low + high) >> 1
                if wanted[middle] < edge:
                    low = middle + 1
                else:
                    high = middle
            if wanted[low] == edge:
                out[low] = position
        first = last + 1


@kernel
def place_entries(
    indptr: Ints,
    neighbors: Array,
    edges: Array,
    offsets: Ints,
    stable_bases: Ints,
    like: Array,
    rows: Ints,
    far_stable: Ints,
    new_edges: Ints,
    out: Ints,
) -> None:
    """Where new entries belong in their rows, which are in canonical order.

    Args:
        indptr: ``int64[rows + 1]``.
        neighbors: stored global id of each entry's neighbour.
        edges: edge id of each entry.
        offsets: ``int64[parts + 1]``, the book's ranges of the neighbours' type.
        stable_bases: ``int64[parts]``, addresses of the stable ids, by global id.
        like: an array of the dtype of stable ids.
        rows: ``int64[k]``, the row of each new entry.
        far_stable: ``int64[k]``, the stable id of its neighbour.
        new_edges: ``int64[k]``, its edge id.
        out: filled, ``int64[k]``: the first position whose entry comes after it.
    """
    size = like.itemsize
    for i in range(len(rows)):
        low, high = indptr[rows[i]], indptr[rows[i] + 1]
        while low < high:
            middle = (low + high) >> 1
            gid = np.int64(neighbors[middle])
            stable = np.int64(load(like, stable_bases[owner_of(offsets, gid)] + gid * size))
            is_before = stable < far_stable[i] or (
                stable == far_stable[i] and np.int64(edges[middle]) < new_edges[i]
            )
            if is_before:
                low = middle + 1
            else:
                high = middle
        out[i] = low


@inlined
def _copy(source: Any, start: Any, stop: Any, out: Any, at: Any) -> Any:
    count = max(0, stop - start)
    size = out.itemsize
    copy_bytes(out.ctypes.data + at * size, source.ctypes.data + start * size, count * size)
    return at + count


@inlined
def _renumber(source: Any, start: Any, stop: Any, shifts: Any, out: Any, at: Any) -> Any:
    if len(shifts.blocks) <= _CACHED_BLOCKS:
        for i in range(start, stop):
            out[at + i - start] = shifted(shifts, np.int64(source[i]))
    else:
        last = len(source) - 1
        for i in range(start, stop):
            ahead = np.int64(source[min(i + _AHEAD, last)])
            prefetch(shifts.blocks.ctypes.data + (ahead >> BLOCK_BITS) * _BLOCK_BYTES)
            out[at + i - start] = shifted(shifts, np.int64(source[i]))
    return at + max(0, stop - start)
