"""The first look at files: their columns, and the parts in which they will be read.

A Parquet file tells both itself; what text files say is settled in `graphray.ingest.settling`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from graphray.executor import Executor
from graphray.ingest import streams
from graphray.ingest.extents import Extent
from graphray.ingest.file_sections import RowGroups, open_parquet
from graphray.ingest.files import InputFile
from graphray.ingest.settling import SettledText, settle_texts

# Text unpacks to about this many times its compressed size.
_COMPRESSION = 5


class OutlinedPart(NamedTuple):
    """A part of a file that is read by itself: row groups, lines, or None for the whole."""

    part: RowGroups | Extent | None
    num_rows: int


@dataclass(frozen=True)
class Outline:
    """What there is to know about a file before it is read.

    Attributes:
        schema: its columns.
        parts: all of its rows.
        estimated_bytes: about what it would take in memory.
    """

    schema: pa.Schema
    parts: tuple[OutlinedPart, ...]
    estimated_bytes: int


def outline_files(
    files: Sequence[InputFile], batch_bytes: int, executor: Executor
) -> list[Outline]:
    """Look at all files.

    Args:
        files: Parquet and text.
        batch_bytes: about how much of a text is parsed at once.
        executor: who does it.

    Raises:
        InputError: where a file cannot be read, naming the row where it can be found.
    """
    parquet = [file for file in files if file.is_parquet]
    text = [file for file in files if not file.is_parquet]
    found = dict(executor.run(_outline_parquet, None, parquet))
    outlined = iter([found[number] for number in range(len(parquet))])
    settled = iter(settle_texts(text, batch_bytes, executor))
    return [
        next(outlined) if file.is_parquet else _outline_text(file, next(settled)) for file in files
    ]


def _outline_parquet(_: None, file: InputFile) -> Outline:
    """The row groups of a file, small ones together."""
    with file.reported(), open_parquet(file) as parquet:
        metadata, schema = parquet.metadata, parquet.schema_arrow
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    sizes = [max(g.total_byte_size, g.num_rows * streams.row_bytes(schema)) for g in groups]
    parts = []
    start = held_bytes = 0
    for number, size in enumerate(sizes):
        held_bytes += size
        if held_bytes >= streams.SECTION_BYTES or number == len(sizes) - 1:
            rows = sum(group.num_rows for group in groups[start : number + 1])
            parts.append(OutlinedPart(RowGroups(start, number + 1), rows))
            start, held_bytes = number + 1, 0
    return Outline(schema, tuple(parts), sum(sizes))


def _outline_text(file: InputFile, text: SettledText) -> Outline:
    with file.reported():
        size = file.filesystem.get_file_info(file.path).size
    return Outline(
        text.schema,
        tuple(OutlinedPart(extent, rows) for extent, rows in text.rows),
        size * (_COMPRESSION if file.is_compressed else 1),
    )
