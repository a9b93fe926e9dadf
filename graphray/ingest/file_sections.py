"""Sections of files: row groups of a Parquet file, extents of a text file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import parquet as pq

from graphray.ingest.extents import Extent
from graphray.ingest.files import InputFile
from graphray.ingest.source import Piece, Source
from graphray.ingest.streams import Batch, rows_of

_BLOCK_BYTES_MIN = 2**20
_BLOCK_BYTES_MAX = 2**26
_PAGE_BUFFER_BYTES = 2**20


@dataclass(frozen=True)
class RowGroups:
    """Some consecutive row groups of a Parquet file."""

    start: int
    stop: int


@dataclass(frozen=True)
class FileSection:
    """Consecutive rows of a file.

    Attributes:
        file: where they are.
        part: which of it: row groups of Parquet, lines of text, or None for all of a text.
        own: the columns as the file has them.
        schema: the columns in the types that the files have in common.
        first_row: the place of the first row among the rows of all files.
        row_in_file: likewise in the file, as messages count.
        num_rows: how many rows.
    """

    file: InputFile
    part: RowGroups | Extent | None
    own: pa.Schema
    schema: pa.Schema
    first_row: int
    row_in_file: int
    num_rows: int

    def batches(self, columns: Sequence[str], batch_bytes: int) -> Iterator[Batch]:
        """Its rows; see `graphray.ingest.streams.Section`."""
        schema = pa.schema([self.schema.field(name) for name in columns])
        done = 0
        with self.file.reported():
            for batch in self._read(schema, batch_bytes):
                # Rows are handed on also where no column is asked for.
                table = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
                piece = Piece(self.file.label, table.num_rows, self.row_in_file + done)
                yield Batch(self.first_row + done, Source(table, (piece,)))
                done += table.num_rows

    def _read(self, schema: pa.Schema, batch_bytes: int) -> Iterator[pa.RecordBatch]:
        if isinstance(self.part, RowGroups):
            with open_parquet(self.file) as parquet:
                yield from parquet.iter_batches(
                    rows_of(schema, batch_bytes),
                    row_groups=range(self.part.start, self.part.stop),
                    columns=schema.names,
                )
            return
        text = self.file.text(self.part)
        yield from text.batches(self.own, schema.names, block_bytes(batch_bytes))


def block_bytes(batch_bytes: int) -> int:
    """How much text is parsed at once for batches of about that size."""
    return min(max(batch_bytes, _BLOCK_BYTES_MIN), _BLOCK_BYTES_MAX)


def open_parquet(file: InputFile) -> pq.ParquetFile:
    """A Parquet file, to be closed; only its footer is read.

    A row group may be larger than memory: columns are read through a buffer, page by page.
    """
    stream = file.open_at_random()
    return pq.ParquetFile(stream, buffer_size=_PAGE_BUFFER_BYTES, pre_buffer=False)
