"""A table that comes in batches, as often as asked for, and never as a whole.

A stream is cut into *sections*, which can be read apart, in any order and in other processes: the
row groups of Parquet files, stretches of whole lines of text, slices of a table in memory. Each
knows the place of its rows among all, so that what is made of them does not depend on who reads
them when. A batch is a `Source`: what is wrong with a row of it is said of the file and row where
it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from graphray.ingest.source import Source

SECTION_BYTES = 2**24
"""About what a section holds: little enough that many workers end at about the same time."""

# What a value of variable length is taken to be as long as, before any has been seen.
_TEXT_BYTES = 32


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a stream.

    Attributes:
        first_row: the place of its first row among the stream's rows.
        source: the rows.
    """

    first_row: int
    source: Source


class Section(Protocol):
    """Consecutive rows of a stream that can be read without the others; it can be pickled."""

    @property
    def first_row(self) -> int:
        """The place of its first row among the stream's rows."""
        ...

    @property
    def num_rows(self) -> int:
        """How many rows it has."""
        ...

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """Its rows, with some of the columns, in batches of about that size."""
        ...


class Stream(Protocol):
    """A table in sections."""

    @property
    def label(self) -> str:
        """What to call it in messages."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Its columns; every batch has exactly these types."""
        ...

    @property
    def sections(self) -> Sequence[Section]:
        """All rows from the first on."""
        ...

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        ...

    @property
    def estimated_bytes(self) -> int:
        """About what the whole would take in memory."""
        ...

    @property
    def identity(self) -> Any:
        """A plain structure that changes when the rows do; None where nobody can tell."""
        ...


class TableStream:
    """A table that is in memory already, in slices."""

    def __init__(self, source: Source) -> None:
        self.label = source.label
        self.schema: pa.Schema = source.table.schema
        self.num_rows = source.table.num_rows
        self.estimated_bytes = source.table.nbytes
        self.identity = None
        step = rows_of(self.schema, SECTION_BYTES)
        self.sections = [
            TableSection(start, source.slice(start, step))
            for start in range(0, self.num_rows, step)
        ]


@dataclass(frozen=True)
class TableSection:
    """A slice of a table in memory."""

    first_row: int
    source: Source

    @property
    def num_rows(self) -> int:
        """How many rows it has."""
        return self.source.table.num_rows

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """Its rows; see `Section`."""
        source = Source(self.source.table.select(list(columns)), self.source.pieces)
        step = rows_of(source.table.schema, batch_bytes)
        for start in range(0, self.num_rows, step):
            yield Batch(self.first_row + start, source.slice(start, step))

    def __reduce__(self) -> Any:
        # A pickled slice would take the whole table with it; in this form it takes its own rows.
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.source.table.schema) as writer:
            writer.write_table(self.source.table)
        return _unpickled, (self.first_row, sink.getvalue(), self.source.pieces)


def _unpickled(first_row: int, content: pa.Buffer, pieces: Any) -> TableSection:
    return TableSection(first_row, Source(pa.ipc.open_stream(content).read_all(), pieces))


def row_bytes(schema: pa.Schema) -> int:
    """About how many bytes a row takes.

    >>> row_bytes(pa.schema({"src": pa.int64(), "x": pa.list_(pa.float32(), 8)}))
    40
    """
    return sum(_value_bytes(field.type) for field in schema)


def rows_of(schema: pa.Schema, batch_bytes: int) -> int:
    """How many rows make a batch of about that size; at least one.

    >>> rows_of(pa.schema({"src": pa.int64()}), 800)
    100
    """
    return max(1, batch_bytes // max(1, row_bytes(schema)))


def _value_bytes(dtype: pa.DataType) -> int:
    if pa.types.is_fixed_size_list(dtype):
        return dtype.list_size * _value_bytes(dtype.value_type)
    if pa.types.is_struct(dtype):
        return sum(_value_bytes(field.type) for field in dtype)
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return _TEXT_BYTES * _value_bytes(dtype.value_type)
    try:
        return max(1, dtype.bit_width // 8)
    except ValueError:
        return _TEXT_BYTES
