"""From users' ids to stable ids.

The stable id of a node is its row in the node table; without a table it is the rank of its id in
ascending order. Integer ids that fill their span to a quarter or more are looked up in a table over
that span. All others are hashed once, into a dictionary of the distinct ones per column; what is
done after that is done to the dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.errors import DanglingEdge, InputError
from graphray.ids import UserIds
from graphray.ingest.source import Source
from graphray.kernels.lookup import mark_present, position_table, positions_in_span
from graphray.schema import IdKind
from graphray.threads import Threads

ABSENT = -1
# A table over the span of the ids costs 4 bytes a slot and one cache miss a look-up; a hash table
# costs some 20 bytes an id and several. Up to this many slots per id the table is the smaller one.
SPAN_PER_ID_MAX = 4


@dataclass(frozen=True)
class IdColumn:
    """A column of ids of one node type.

    Attributes:
        source: the table it stands in.
        column: its name there.
        values: ``pa.ChunkedArray`` of integers, or of large_string; no nulls.
        kind: what the ids are; None where there are none, so that any kind fits.
    """

    source: Source
    column: str
    values: pa.ChunkedArray
    kind: IdKind | None

    @cached_property
    def encoded(self) -> pa.ChunkedArray:
        """The values as codes into one dictionary of the distinct ones."""
        return self.values.dictionary_encode().unify_dictionaries()

    @property
    def distinct(self) -> pa.Array:
        """The distinct values, in order of appearance."""
        return self.encoded.chunk(0).dictionary

    def as_user_ids(self, kind: IdKind) -> UserIds:
        """The ids in the form of `graphray.ids`; ``kind`` is that of the whole node type."""
        if kind == "string":
            return self.values.cast(pa.large_string()).combine_chunks()
        return self.values.cast(pa.int64()).to_numpy()


def read_ids(source: Source, column: str) -> IdColumn:
    """Check and take a column of ids.

    Raises:
        InputError: where an id is null, or neither integer nor string.
    """
    values = source.table.column(column)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if values.null_count:
        row = pc.index(pc.is_null(values, nan_is_null=True), True).as_py()
        raise source.problem("the id is null; every node needs one", row=row, column=column)
    if len(values) == 0:
        return IdColumn(source, column, values, None)
    if pa.types.is_integer(values.type):
        return IdColumn(source, column, _fitting(source, column, values), "int64")
    if _is_text(values.type):
        return IdColumn(source, column, values.cast(pa.large_string()), "string")
    row = _first_fraction(values) if pa.types.is_floating(values.type) else 0
    raise source.problem(
        f"{values[row].as_py()!r} is no id: ids are integers or strings, and the column is of type "
        f"{values.type}; convert it",
        row=row,
        column=column,
    )


def kind_of(dtype: pa.DataType) -> IdKind | None:
    """The kind of ids that a column of that type holds; None where it holds none."""
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if pa.types.is_integer(dtype):
        return "int64"
    return "string" if _is_text(dtype) else None


def settle_kind(node_type: str, columns: Sequence[IdColumn]) -> IdKind:
    """The kind of a node type's ids, which the first column that has ids decides.

    Raises:
        InputError: where a later column is of the other kind, naming its first misfit.
    """
    first = next((c for c in columns if c.kind is not None), None)
    if first is None or first.kind is None:
        return "int64"
    for other in columns:
        if other.kind not in (None, first.kind):
            raise _mixed(node_type, first, other)
    return first.kind


def distinct_ids(columns: Iterable[IdColumn], kind: IdKind) -> UserIds:
    """The distinct ids of all columns, in ascending order (strings by their UTF-8 bytes)."""
    filled = [column for column in columns if column.kind is not None]
    if kind == "string":
        found = pc.unique(pa.chunked_array([c.distinct for c in filled], pa.large_string()))
        return found.take(pc.sort_indices(found))
    if not filled:
        return np.empty(0, np.int64)
    low, high = _span(filled)
    if high - low < SPAN_PER_ID_MAX * sum(len(c.values) for c in filled):
        present = np.zeros(high - low + 1, np.bool_)
        for column in filled:
            for chunk in column.values.chunks:
                mark_present(chunk.to_numpy(), low, present)
        return np.flatnonzero(present).astype(np.int64, copy=False) + low
    return np.unique(np.concatenate([c.distinct.to_numpy().astype(np.int64) for c in filled]))


class IdMap:
    """Looks up the stable ids of one node type.

    Args:
        ids: ``int64[n]`` or ``LargeStringArray``, distinct; the stable id is the position.

    Example:
        >>> column = read_ids(Source.of(pa.table({"src": [10, 30, 99]}), "edges"), "src")
        >>> IdMap(np.array([30, 10, 20])).positions(column).tolist()
        [1, 0, -1]
    """

    def __init__(self, ids: UserIds) -> None:
        self._ids = ids
        self._low = 0
        self._table: npt.NDArray[Any] | None = None
        if isinstance(ids, np.ndarray) and len(ids):
            low, high = int(ids.min()), int(ids.max())
            if high - low < SPAN_PER_ID_MAX * max(len(ids), 1024):
                self._low = low
                self._table = position_table(ids, low, high - low + 1, _position_dtype(len(ids)))

    @property
    def is_dense(self) -> bool:
        """Whether ids are looked up in a table over their span."""
        return self._table is not None

    def positions(self, column: IdColumn, threads: Threads | None = None) -> npt.NDArray[Any]:
        """The stable id of each value, `ABSENT` for those that are not in the map.

        Args:
            column: the ids to look up.
            threads: who looks them up; None for the caller's own thread.

        Returns:
            ``int32[len(column.values)]``, or int64 where there are 2**31 nodes or more.
        """
        out = np.empty(len(column.values), _position_dtype(len(self._ids)))
        if len(self._ids) == 0 or len(out) == 0:
            out[:] = ABSENT
            return out
        table, values = self._table, column.values
        if table is None:
            known = pa.array(self._ids)
            found = pc.index_in(column.distinct.cast(known.type), known)
            by_code = pc.fill_null(found, ABSENT).to_numpy()
            values = column.encoded

        def look_up(piece: tuple[npt.NDArray[Any], pa.Array]) -> None:
            if table is None:
                piece[0][:] = by_code[piece[1].indices.to_numpy()]
            else:
                positions_in_span(piece[1].to_numpy(), self._low, table, piece[0])

        (threads or Threads(1)).map(look_up, _pieces(out, values))
        return out


def check_unique(node_type: str, ids: IdColumn) -> None:
    """Raise InputError where a node table has an id twice, naming the id and both rows."""
    if ids.kind is None or len(ids.distinct) == len(ids.values):
        return
    row = _first_repeat(ids)
    value = ids.values[row]
    first = pc.index(ids.values, value).as_py()
    label, first_row = ids.source.locate(first)
    raise ids.source.problem(
        f"the id {value.as_py()!r} of node type {node_type!r} is already in {label}, "
        f"row {first_row}; node ids are unique",
        row=row,
        column=ids.column,
    )


def check_listed(node_type: str, column: IdColumn, positions: npt.NDArray[Any]) -> None:
    """Raise DanglingEdge where a column of edges names a node that is not there.

    Args:
        node_type: of the nodes.
        column: the ids.
        positions: ``int[len(column.values)]``, the stable id of each or `ABSENT`.
    """
    if len(positions) and positions.min() == ABSENT:
        row = int(np.argmax(positions == ABSENT))
        raise column.source.problem(
            f"the edge names {node_type} {column.values[row].as_py()!r}, which the node table "
            'lacks; add it there, or pass missing_nodes="add"',
            row=row,
            column=column.column,
            kind=DanglingEdge,
        )


def _first_repeat(ids: IdColumn) -> int:
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in ids.encoded.chunks])
    repeated = np.ones(len(codes), bool)
    repeated[np.unique(codes, return_index=True)[1]] = False
    return int(np.flatnonzero(repeated)[0])


def _mixed(node_type: str, first: IdColumn, other: IdColumn) -> InputError:
    row = first_text(other) or 0 if other.kind == "string" else 0
    value = other.values[row].as_py()
    kinds = {"int64": "integers", "string": "strings"}
    return other.source.problem(
        f"{value!r} is no id of node type {node_type!r}, whose ids are "
        f"{kinds[str(first.kind)]} ({first.source.label}, column {first.column!r}); "
        "one type has ids of one kind",
        row=row,
        column=other.column,
    )


def first_text(ids: IdColumn) -> int | None:
    """The first row of a column of strings that does not look like an integer, or None."""
    return next((i for i, v in enumerate(ids.values) if not _is_integer(v.as_py())), None)


def _is_integer(text: str) -> bool:
    return text.strip().lstrip("+-").isdigit()


def _first_fraction(values: pa.ChunkedArray) -> int:
    """The first row that makes a column of numbers one of floats, else row 0."""
    return max(0, pc.index(pc.equal(values, pc.floor(values)), False).as_py())


def _fitting(source: Source, column: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Integers below 2**63."""
    if pa.types.is_uint64(values.type):
        try:
            return values.cast(pa.int64())
        except pa.ArrowInvalid:
            row = pc.index(pc.greater(values, pa.scalar(2**63 - 1, pa.uint64())), True).as_py()
            raise source.problem(
                f"the id {values[row]} is above 2**63 - 1", row=row, column=column
            ) from None
    return values


def _is_text(dtype: pa.DataType) -> bool:
    return (
        pa.types.is_string(dtype)
        or pa.types.is_large_string(dtype)
        or (pa.types.is_string_view(dtype))
    )


def _position_dtype(count: int) -> np.dtype[Any]:
    return np.dtype(np.int32) if count < 2**31 else np.dtype(np.int64)


def _pieces(
    out: npt.NDArray[Any], values: pa.ChunkedArray
) -> Iterator[tuple[npt.NDArray[Any], pa.Array]]:
    """Each chunk of the values, with the part of ``out`` beside it."""
    start = 0
    for chunk in values.chunks:
        yield out[start : start + len(chunk)], chunk
        start += len(chunk)


def _span(columns: Iterable[IdColumn]) -> tuple[int, int]:
    bounds = [pc.min_max(column.values).as_py() for column in columns]
    return min(b["min"] for b in bounds), max(b["max"] for b in bounds)
