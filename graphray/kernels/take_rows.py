"""Gathering rows of a table that lies in pieces: mapped partitions, cached rows, owners' answers.

Reading rows takes two passes, each a loop of independent loads whose cache misses overlap:

1. `find_sources`: for every row asked for, which piece holds it and where in it;
2. `copy_values` or `copy_rows`, once a column: every row from its piece to its place in the answer.

So rows come out in the order asked for, without sorting by owner and merging again. Pieces are
given by their addresses (`graphray.kernels.memory`), and the caller keeps them alive.

Cached rows are found in a hash table of open addressing with linear probing, at most half full.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import mix64
from graphray.kernels.memory import copy_bytes, load, prefetch
from graphray.kernels.neighbors import owner_of

Ints = npt.NDArray[np.int64]

EMPTY = -1
"""What stands in a slot of the hash table that holds no number."""

# As in `graphray.kernels.neighbors`: asked for one chunk ahead of being read.
_CHUNK_ROWS = 16
_LINE_BYTES = 64
# Of a longer row the processor asks for the rest by itself, once it is being read in order.
_LINES_MAX = 8


def slot_table(numbers: Ints) -> npt.NDArray[np.int32]:
    """The hash table from distinct numbers to their positions.

    Args:
        numbers: ``int64[n]``, not negative.

    Returns:
        ``int32[slots]``: a position, or `EMPTY`; ``slots`` is a power of two.

    >>> sorted(slot_table(np.array([7])).tolist())
    [-1, 0]
    """
    slots = np.full(max(2, 1 << (2 * len(numbers) - 1).bit_length()), EMPTY, np.int32)
    _fill_slots(numbers, slots)
    return slots


@kernel
def find_sources(
    numbers: Ints,
    offsets: Ints,
    is_mapped: npt.NDArray[np.bool_],
    cached: Ints,
    slots: npt.NDArray[np.int32],
    sources: npt.NDArray[np.int32],
    rows: Ints,
) -> int:
    """Look up which piece holds each row, and where.

    Args:
        numbers: ``int64[n]``, global ids or edge positions.
        offsets: ``int64[parts + 1]``, the book's ranges of them.
        is_mapped: ``bool[parts]``, whether a partition is mapped here.
        cached: ``int64[cached]``, the numbers whose rows are cached, in the order of these.
        slots: their `slot_table`.
        sources: filled with the piece, ``int32[n]``: its partition where that is mapped, ``parts``
            where the row is cached, else ``-1 - partition``.
        rows: filled with the row within the piece, or else within its partition, ``int64[n]``.

    Returns:
        How many rows are in neither.
    """
    count, parts = len(numbers), len(is_mapped)
    base, elsewhere = slots.ctypes.data, 0
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            number = numbers[i]
            owner = owner_of(offsets, number)
            rows[i] = number - offsets[owner]
            if is_mapped[owner]:
                sources[i] = owner
            else:
                sources[i] = -1 - owner
                prefetch(base + _first_slot(number, len(slots)) * slots.itemsize)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            if sources[i] < 0:
                position = _position_of(numbers[i], cached, slots)
                if position == EMPTY:
                    elsewhere += 1
                else:
                    sources[i], rows[i] = parts, position
    return elsewhere


@kernel
def find_cached(
    numbers: Ints, cached: Ints, slots: npt.NDArray[np.int32], positions: npt.NDArray[np.int32]
) -> None:
    """Look up which of some numbers are cached, and where.

    Args:
        numbers: ``int64[n]``.
        cached: as for `find_sources`.
        slots: their `slot_table`.
        positions: filled with the position among the cached, or `EMPTY`, ``int32[n]``.
    """
    count, base = len(numbers), slots.ctypes.data
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            prefetch(base + _first_slot(numbers[i], len(slots)) * slots.itemsize)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            positions[i] = _position_of(numbers[i], cached, slots)


@kernel
def copy_values(
    sources: npt.NDArray[np.int32], rows: Ints, bases: Ints, out: npt.NDArray[Any]
) -> None:
    """Gather single values.

    Args:
        sources: ``int32[n]``, the piece of each row.
        rows: ``int64[n]``, the row within it.
        bases: ``int64[pieces]``, their addresses.
        out: filled, ``[n]``, of the pieces' dtype.
    """
    count, width = len(sources), out.itemsize
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            prefetch(bases[sources[i]] + rows[i] * width)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            out[i] = load(out, bases[sources[i]] + rows[i] * width)


@kernel
def copy_rows(
    sources: npt.NDArray[np.int32], rows: Ints, bases: Ints, row_bytes: int, out: int
) -> None:
    """Gather rows of any width.

    Args:
        sources: as for `copy_values`.
        rows: as for `copy_values`.
        bases: as for `copy_values`.
        row_bytes: how long a row is; rows of a piece lie end to end.
        out: the address of room for ``n * row_bytes`` bytes.
    """
    count = len(sources)
    asked_bytes = min(row_bytes, _LINES_MAX * _LINE_BYTES)
    for begin in range(0, count + _CHUNK_ROWS, _CHUNK_ROWS):
        for i in range(begin, min(count, begin + _CHUNK_ROWS)):
            row = bases[sources[i]] + rows[i] * row_bytes
            for line in range(0, asked_bytes, _LINE_BYTES):
                prefetch(row + line)
        for i in range(max(0, begin - _CHUNK_ROWS), min(count, begin)):
            row = bases[sources[i]] + rows[i] * row_bytes
            copy_bytes(out + i * row_bytes, row, row_bytes)


@inlined
def _first_slot(number: Any, slots: int) -> Any:
    return np.int64(mix64(np.uint64(number)) & np.uint64(slots - 1))


@inlined
def _position_of(number: Any, cached: Any, slots: Any) -> Any:
    at = _first_slot(number, len(slots))
    while slots[at] != EMPTY and cached[slots[at]] != number:
        at = (at + 1) & (len(slots) - 1)
    return slots[at]


@kernel
def _fill_slots(numbers: Ints, slots: npt.NDArray[np.int32]) -> None:
    for position in range(len(numbers)):
        at = _first_slot(numbers[position], len(slots))
        while slots[at] != EMPTY:
            at = (at + 1) & (len(slots) - 1)
        slots[at] = position
