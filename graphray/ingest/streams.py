"""A table that comes in batches, as often as asked for, and never as a whole.

A stream of files reads a Parquet file by pages and one of text by blocks, so that the size of a
file, or of a row group, does not matter. A batch is a `Source`: what is wrong with a row of it is
said of the file and row where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import parquet as pq

from graphray.ingest.files import InputFile, check_columns, different_types
from graphray.ingest.source import Piece, Source

# What a value of variable length is taken to be as long as, before any has been seen.
_TEXT_BYTES = 32
# Delimited text unpacks to about this many times its size.
_COMPRESSION = 5
_BLOCK_BYTES_MIN = 2**20
_BLOCK_BYTES_MAX = 2**26
_ROWS_UNKNOWN = 2**40
_PAGE_BUFFER_BYTES = 2**20


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a stream.

    Attributes:
        number: its place among the stream's batches, from 0.
        first_row: the place of its first row among the stream's rows.
        source: the rows.
    """

    number: int
    first_row: int
    source: Source


class Stream(Protocol):
    """A table in batches."""

    @property
    def label(self) -> str:
        """What to call it in messages."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Its columns; every batch has exactly these types."""
        ...

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """All rows from the first on, with some of the columns, in about equal batches."""
        ...

    def estimated_bytes(self) -> int:
        """About what the whole would take in memory, without reading it."""
        ...

    def num_rows(self) -> int | None:
        """How many rows there are; None where only reading them tells."""
        ...

    def rows_max(self) -> int:
        """At least as many as there are rows."""
        ...


class TableStream:
    """A table that is in memory already, in slices."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.label = source.label
        self.schema: pa.Schema = source.table.schema

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """All rows; see `Stream`."""
        source = Source(self._source.table.select(list(columns)), self._source.pieces)
        step = rows_of(source.table.schema, batch_bytes)
        for number, start in enumerate(range(0, source.table.num_rows, step)):
            yield Batch(number, start, source.slice(start, step))

    def estimated_bytes(self) -> int:
        """The size of the table."""
        return self._source.table.nbytes

    def num_rows(self) -> int | None:
        """The rows of the table."""
        return self._source.table.num_rows

    def rows_max(self) -> int:
        """The rows of the table."""
        return self._source.table.num_rows


class FileStream:
    """One or more files of the same columns, one after the other.

    Args:
        files: what to read, in order.
        block_bytes: how much of a file of text is parsed at once.

    Raises:
        InputError: where a file cannot be read, or the files do not fit together.
    """

    def __init__(self, files: Sequence[InputFile], block_bytes: int) -> None:
        self._files = tuple(files)
        self._block_bytes = min(max(block_bytes, _BLOCK_BYTES_MIN), _BLOCK_BYTES_MAX)
        self._schemas = [self._schema_of(file) for file in files]
        more = len(files) - 1
        self.label = files[0].label + (f" and {more} more" if more else "")
        check_columns([file.label for file in files], self._schemas)
        try:
            self.schema: pa.Schema = pa.unify_schemas(
                [schema.remove_metadata() for schema in self._schemas], promote_options="permissive"
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise different_types(files[0].label, error) from error

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """All rows; see `Stream`."""
        schema = pa.schema([self.schema.field(name) for name in columns])
        number = first_row = 0
        for file, own in zip(self._files, self._schemas, strict=True):
            start = file.first_row
            with file.reported():
                for table in self._read(file, own, schema, batch_bytes):
                    piece = Piece(file.label, table.num_rows, start)
                    yield Batch(number, first_row, Source(table, (piece,)))
                    number += 1
                    first_row += table.num_rows
                    start += table.num_rows

    def estimated_bytes(self) -> int:
        """From the number of rows in Parquet, and from the size of other files."""
        return sum(map(self._bytes_of, self._files))

    def num_rows(self) -> int | None:
        """From Parquet's metadata."""
        return self.rows_max() if all(file.is_parquet for file in self._files) else None

    def rows_max(self) -> int:
        """From Parquet's metadata; a row of any other file is two bytes at least."""
        return sum(map(self._rows_of, self._files))

    def _rows_of(self, file: InputFile) -> int:
        with file.reported():
            if file.is_parquet:
                with _open_parquet(file) as parquet:
                    return parquet.metadata.num_rows
            if file.is_compressed:
                return _ROWS_UNKNOWN
            return file.filesystem.get_file_info(file.path).size

    def _schema_of(self, file: InputFile) -> pa.Schema:
        with file.reported():
            if not file.is_parquet:
                return file.text.settle_schema(self._block_bytes)
            with _open_parquet(file) as parquet:
                return parquet.schema_arrow

    def _read(
        self, file: InputFile, own: pa.Schema, schema: pa.Schema, batch_bytes: int
    ) -> Iterator[pa.Table]:
        """The batches of one file, each cast to the common types."""
        if file.is_parquet:
            with _open_parquet(file) as parquet:
                rows = rows_of(schema, batch_bytes)
                for batch in parquet.iter_batches(rows, columns=schema.names):
                    yield _fitted(batch, schema)
            return
        for batch in file.text.batches(own, schema.names, self._block_bytes):
            yield _fitted(batch, schema)

    def _bytes_of(self, file: InputFile) -> int:
        with file.reported():
            if file.is_parquet:
                with _open_parquet(file) as parquet:
                    metadata = parquet.metadata
                    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
                    stored = sum(group.total_byte_size for group in groups)
                    return max(stored, metadata.num_rows * row_bytes(parquet.schema_arrow))
            size = file.filesystem.get_file_info(file.path).size
            return size * (_COMPRESSION if file.is_compressed else 1)


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


def _open_parquet(file: InputFile) -> Any:
    # A row group may be larger than memory: its columns are read through a buffer, page by page.
    stream = file.filesystem.open_input_file(file.path)
    return pq.ParquetFile(stream, buffer_size=_PAGE_BUFFER_BYTES, pre_buffer=False)


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    # Rows are handed on also where no column is asked for.
    table = pa.Table.from_batches([batch]).select(schema.names)
    return table.cast(schema)
