"""Reading rows of a table over all partitions: mapped, cached on this node, or from their owners.

A row is read from the nearest place that has it: the mapped array of its partition, the node's hot
rows, or its owner. However many columns are read, an owner is called once. Every place is then one
*piece* of the column, and a kernel gathers the answer from the pieces in the order asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.kernels.take_rows import copy_rows, copy_values, find_sources, slot_table
from graphray.reading.access import MappedArrays
from graphray.reading.hot_rows import HotRows
from graphray.reading.operations import Pick, Request, TakeRows, take
from graphray.shard import ArrayKey, ShardArray
from graphray.threads import Threads, available_threads

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
CallAll = Callable[[Mapping[int, Request[Any]]], dict[int, Any]]

_NOTHING = np.empty(0, np.int64)
_NO_SLOTS = slot_table(_NOTHING)
# Below it, starting a thread takes as long as the copying.
_BYTES_PER_THREAD_MIN = 2**22
_VALUE_BYTES = (1, 2, 4, 8)


@dataclass(frozen=True)
class TableRows:
    """Some rows of one table.

    Attributes:
        table: its name within a shard.
        offsets: ``int64[parts + 1]``, the range of numbers that each partition has.
        numbers: ``int64[n]``, the rows: global ids of nodes, or positions of edges.
    """

    table: str
    offsets: Ints
    numbers: Ints


@dataclass(frozen=True)
class RowsRead:
    """What a read returned.

    Attributes:
        columns: each aligned with the numbers asked for.
        elsewhere: ``int64[m]``, those numbers whose partition is not mapped here.
        hits: how many rows of them came from hot rows.
        misses: how many were asked of their owners; a row counts as both where only some of the
            columns are cached.
    """

    columns: dict[str, ShardArray]
    elsewhere: Ints
    hits: int
    misses: int


def read_rows(
    rows: TableRows,
    columns: Sequence[str],
    mapped: Sequence[MappedArrays | None],
    hot: HotRows | None,
    call_all: CallAll,
) -> RowsRead:
    """Columns of some rows, in one call per owner that has to be asked.

    Fixed-width columns without nulls come as arrays, all others as Arrow arrays. All rows of one
    mapped partition, in order, are not copied: then the arrays are its own, and read-only.

    Args:
        rows: which rows.
        columns: their columns.
        mapped: per partition its arrays of these columns, or None where it is not mapped.
        hot: rows that this node keeps of partitions that are not mapped, if any.
        call_all: asks partitions (see `graphray.reading.access.PartitionAccess.call_all`).
    """
    whole = _whole_partition(rows, mapped)
    if whole is not None:
        found = {column: whole[ArrayKey(rows.table, column)] for column in columns}
        return RowsRead(found, np.empty(0, np.int64), 0, 0)
    readings = [_Reading(rows, group, mapped, held) for group, held in _groups(columns, hot)]
    _ask_owners(call_all, readings)
    found = {column: reading.column(column) for reading in readings for column in reading.columns}
    return RowsRead(
        {column: found[column] for column in columns},
        rows.numbers[readings[0].is_elsewhere] if readings else np.empty(0, np.int64),
        sum(reading.hits for reading in readings),
        sum(reading.misses for reading in readings),
    )


def merge(places: list[Ints], pieces: list[ShardArray]) -> ShardArray:
    """Put pieces of a column back in the order in which they were asked for.

    Args:
        places: where in the whole the rows of each piece go, rising within a piece.
        pieces: the pieces, one or more.
    """
    if len(pieces) == 1:
        return pieces[0]
    if all(isinstance(piece, np.ndarray) for piece in pieces):
        out = np.empty((sum(map(len, places)), *pieces[0].shape[1:]), pieces[0].dtype)
        for place, piece in zip(places, pieces, strict=True):
            out[place] = piece
        return out
    order = np.argsort(np.concatenate(places), kind="stable")
    return join(pieces).take(pa.array(order))


def join(pieces: Sequence[ShardArray]) -> ShardArray:
    """Pieces of a column, end to end.

    One partition may have nulls where another has none, so one may be an Arrow array and another
    not; all Arrow arrays of a column are of the type in which it is stored.
    """
    arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    if len(arrays) == len(pieces):
        return np.concatenate(arrays)
    (dtype, *_) = (piece.type for piece in pieces if not isinstance(piece, np.ndarray))
    return pa.concat_arrays(
        [as_arrow(p).cast(dtype) if isinstance(p, np.ndarray) else p for p in pieces]
    )


def as_arrow(array: ShardArray) -> pa.Array:
    """A shard's array as Arrow stores it; a matrix becomes fixed-size lists."""
    if not isinstance(array, np.ndarray):
        return array
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), array.shape[1])


def _whole_partition(rows: TableRows, mapped: Sequence[MappedArrays | None]) -> MappedArrays | None:
    """The arrays of a mapped partition where exactly its rows are read, in order."""
    count = len(rows.numbers)
    if count == 0:
        return None
    part = int(np.searchsorted(rows.offsets, rows.numbers[0], side="right")) - 1
    start, stop = rows.offsets[part : part + 2]
    if rows.numbers[0] != start or rows.numbers[-1] != stop - 1 or count != stop - start:
        return None
    return mapped[part] if np.array_equal(rows.numbers, np.arange(start, stop)) else None


def _groups(
    columns: Sequence[str], hot: HotRows | None
) -> Iterator[tuple[list[str], HotRows | None]]:
    """The columns whose hot rows are held, with these, and the others."""
    held = hot.held(columns) if hot is not None else []
    if held:
        yield held, hot
    others = [column for column in columns if column not in held]
    if others:
        yield others, None


def _ask_owners(call_all: CallAll, readings: Sequence[_Reading]) -> None:
    """Ask every owner once for all that the readings miss."""
    parts = sorted({part for reading in readings for part in reading.wanted})
    asked = {part: [r for r in readings if part in r.wanted] for part in parts}
    if not asked:
        return
    answers = call_all({part: TakeRows(tuple(r.pick(part) for r in asked[part])) for part in parts})
    for part in parts:
        for reading, arrays in zip(asked[part], answers[part], strict=True):
            reading.answered(part, arrays)


class _Reading:
    """Columns that are read from the same places."""

    def __init__(
        self,
        rows: TableRows,
        columns: list[str],
        mapped: Sequence[MappedArrays | None],
        hot: HotRows | None,
    ) -> None:
        self.columns = columns
        self._keys = tuple(ArrayKey(rows.table, column) for column in columns)
        self._pieces: dict[str, list[ShardArray | None]] = {
            key.column: [
                *(None if arrays is None else arrays[key] for arrays in mapped),
                None if hot is None else hot.columns[key.column],
            ]
            for key in self._keys
        }
        count, parts = len(rows.numbers), len(mapped)
        self._sources, self._rows = np.empty(count, np.int32), np.empty(count, np.int64)
        is_mapped = np.array([arrays is not None for arrays in mapped])
        self.misses = find_sources(
            rows.numbers,
            rows.offsets,
            is_mapped,
            _NOTHING if hot is None else hot.gids,
            _NO_SLOTS if hot is None else hot.slots,
            self._sources,
            self._rows,
        )
        is_cached = self._sources == parts
        self.is_elsewhere: npt.NDArray[np.bool_] = is_cached | (self._sources < 0)
        self.hits = int(np.count_nonzero(is_cached))
        self.wanted = self._wanted() if self.misses else {}
        if count == 0 and not is_mapped.any():
            # Nothing is asked for, but what kind of nothing only a partition knows.
            self.wanted = {0: _NOTHING}

    def _wanted(self) -> dict[int, Ints]:
        """Which of the rows each owner has to be asked for."""
        missing = np.flatnonzero(self._sources < 0)
        owners = -1 - self._sources[missing]
        return {int(part): missing[owners == part] for part in np.unique(owners)}

    def pick(self, part: int) -> Pick:
        """What to ask an owner for."""
        return Pick(self._keys, self._rows[self.wanted[part]])

    def answered(self, part: int, arrays: Sequence[ShardArray]) -> None:
        """Make an owner's answer a piece."""
        at = self.wanted[part]
        self._sources[at], self._rows[at] = part, np.arange(len(at))
        for key, array in zip(self._keys, arrays, strict=True):
            self._pieces[key.column][part] = array

    def column(self, name: str) -> ShardArray:
        """A column, in the order asked for."""
        return _gather(self._sources, self._rows, self._pieces[name])


def _gather(
    sources: npt.NDArray[np.int32], rows: Ints, pieces: Sequence[ShardArray | None]
) -> ShardArray:
    there = {number: piece for number, piece in enumerate(pieces) if piece is not None}
    arrays = {number: p for number, p in there.items() if isinstance(p, np.ndarray)}
    if len(arrays) == len(there):
        return _gather_arrays(sources, rows, arrays)
    numbers = np.unique(sources).tolist() or list(there)[:1]
    places = [np.flatnonzero(sources == number) for number in numbers]
    taken = [take(there[n], rows[at]) for n, at in zip(numbers, places, strict=True)]
    return merge(places, taken)


def _gather_arrays(
    sources: npt.NDArray[np.int32], rows: Ints, pieces: Mapping[int, Array]
) -> Array:
    """Gather rows of arrays that are alike; in threads where there is enough to copy."""
    like = next(iter(pieces.values()))
    bases = np.zeros(max(pieces) + 1, np.int64)
    for number, piece in pieces.items():
        assert piece.dtype == like.dtype
        assert piece.shape[1:] == like.shape[1:]
        assert piece.flags.c_contiguous
        bases[number] = piece.ctypes.data
    out = np.empty((len(sources), *like.shape[1:]), like.dtype)

    def copy(bounds: tuple[int, int]) -> None:
        here = slice(*bounds)
        if out.ndim == 1 and out.itemsize in _VALUE_BYTES:
            copy_values(sources[here], rows[here], bases, out[here].view(f"u{out.itemsize}"))
        else:
            row_bytes = out.nbytes // len(out)
            address = out.ctypes.data + bounds[0] * row_bytes
            copy_rows(sources[here], rows[here], bases, row_bytes, address)

    if len(out):
        count = min(available_threads(), max(1, out.nbytes // _BYTES_PER_THREAD_MIN))
        cuts = [len(out) * i // count for i in range(count + 1)]
        with Threads(count) as threads:
            threads.map(copy, itertools.pairwise(cuts))
    return out
