"""Reading files: Parquet, CSV and JSON Lines, one or many, by path, folder, glob or URI."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import fs
from pyarrow import parquet as pq

from graphray.bfloat16 import empty_table
from graphray.errors import InputError, InputNotFound
from graphray.ingest.delimited import Delimited
from graphray.ingest.extents import Extent, ExtentStream, newlines_between
from graphray.ingest.json_lines import JSON_LINES_SUFFIXES, JsonLines
from graphray.ingest.source import Piece, Source
from graphray.progress import progress

FilePath: TypeAlias = str | os.PathLike[str]

PARQUET_SUFFIXES = (".parquet", ".pq")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
FILE_SUFFIXES = (*PARQUET_SUFFIXES, *DELIMITERS, *JSON_LINES_SUFFIXES)
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".zst", ".lz4")

# The first row of data in a CSV file is its second line.
CSV_FIRST_ROW = 2


def read_files(paths: FilePath | Sequence[FilePath]) -> Source:
    """Read one or more files of the same columns as one table, in the order given.

    Args:
        paths: a file (``.parquet``, ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson``, text also
            compressed), a folder of such files, a glob, a URI that ``pyarrow.fs`` knows, or a
            sequence of them. A folder and a glob stand for their files in rising order of name.

    Raises:
        InputNotFound: where a file is absent, or a folder or glob has none.
        InputError: where a file cannot be read, or the files do not fit together.
    """
    found = find_files(paths)
    tables = []
    with progress("reading", total=len(found), unit="files") as bar:
        for file in found:
            tables.append(file.read())
            bar.advance()
    pieces = tuple(
        Piece(file.label, table.num_rows, file.first_row)
        for file, table in zip(found, tables, strict=True)
    )
    return Source(_concatenated(found, tables), pieces)


def find_files(paths: FilePath | Sequence[FilePath]) -> list[InputFile]:
    """The files that paths stand for, in the order in which their rows are numbered.

    Raises:
        InputNotFound: where a file is absent, or a folder or glob has none.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found = [file for path in listed for file in _expand(os.fspath(path))]
    if not found:
        raise InputNotFound("no files to read: the list of paths is empty")
    return found


class InputFile:
    """A file to read, on its filesystem."""

    def __init__(self, filesystem: fs.FileSystem, path: str, label: str) -> None:
        if isinstance(filesystem, fs.LocalFileSystem):
            path = os.path.abspath(path)  # other processes work in other folders
        self.filesystem, self.path, self.label = filesystem, path, label
        self.suffix = _suffix(path)
        if self.suffix not in FILE_SUFFIXES:
            raise InputError(
                f"files of type {self.suffix!r} are not read; use {', '.join(FILE_SUFFIXES)}",
                source=label,
            )

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file, and else one of text."""
        return self.suffix in PARQUET_SUFFIXES

    @property
    def is_compressed(self) -> bool:
        """Whether a file of text is compressed."""
        return self.path.lower().endswith(COMPRESSED_SUFFIXES)

    @property
    def first_row(self) -> int:
        """What the first row of data is called in messages."""
        if self.is_parquet:
            return 0
        return CSV_FIRST_ROW if self.suffix in DELIMITERS else 1

    @property
    def has_header(self) -> bool:
        """Whether the first line of a file of text names the columns."""
        return self.suffix in DELIMITERS

    def text(self, extent: Extent | None = None) -> Delimited | JsonLines:
        """The file, or some of its lines, as text."""

        def open_stream() -> Any:
            if extent is not None:
                return ExtentStream(self.open_at_random(), extent)
            return self.filesystem.open_input_stream(self.path)

        if self.has_header:
            return Delimited(open_stream, DELIMITERS[self.suffix], self.label)
        return JsonLines(open_stream, self.label)

    def open_at_random(self) -> pa.NativeFile:
        """The file as it lies there, to be read from any position."""
        return self.filesystem.open_input_file(self.path)

    @contextmanager
    def reported(self, extent: Extent | None = None) -> Iterator[None]:
        """Turn what is raised about the file, or some of its lines, into an error that names it."""
        try:
            yield
        except FileNotFoundError as error:
            raise InputNotFound("there is no such file", source=self.label) from error
        except InputError as error:
            if extent is None or error.row is None:
                raise
            with self.open_at_random() as file:
                before = newlines_between(file, len(extent.header), extent.start)
            raise InputError(
                error.problem, source=error.source, row=error.row + before, column=error.column
            ) from error
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"cannot be read: {error}", source=self.label) from error

    def read(self) -> pa.Table:
        """The whole file."""
        with self.reported():
            if self.is_parquet:
                return pq.read_table(self.path, filesystem=self.filesystem, partitioning=None)
            return self.text().read()


def _expand(path: str) -> list[InputFile]:
    """The files that a path, folder, glob or URI stands for."""
    filesystem, inner = filesystem_of(path)
    local = isinstance(filesystem, fs.LocalFileSystem)
    if local and glob.has_magic(inner) and not os.path.exists(inner):
        matches = sorted(glob.glob(inner, recursive=True))
        if not matches:
            raise InputNotFound("no file matches", source=path)
        return [InputFile(filesystem, match, match) for match in matches if os.path.isfile(match)]
    info = filesystem.get_file_info(inner)
    if info.type == fs.FileType.NotFound:
        raise InputNotFound("there is no such file", source=path)
    if info.type == fs.FileType.Directory:
        return _in_folder(filesystem, inner, path)
    return [InputFile(filesystem, inner, path)]


def _in_folder(filesystem: fs.FileSystem, folder: str, label: str) -> list[InputFile]:
    inside = sorted(filesystem.get_file_info(fs.FileSelector(folder)), key=lambda info: info.path)
    known = [info for info in inside if info.is_file and _suffix(info.path) in FILE_SUFFIXES]
    if not known:
        raise InputNotFound("no Parquet, CSV or JSON Lines file in this folder", source=label)
    return [InputFile(filesystem, i.path, f"{label.rstrip('/')}/{i.base_name}") for i in known]


def filesystem_of(path: str) -> tuple[fs.FileSystem, str]:
    """The filesystem that a path or URI is on, and the path there.

    Raises:
        InputError: where no filesystem knows the URI.
    """
    if not re.match(r"[a-z][a-z0-9+.-]*://", path):
        return fs.LocalFileSystem(), os.path.expanduser(path)
    try:
        return fs.FileSystem.from_uri(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be opened: {error}", source=path) from error


def _suffix(path: str) -> str:
    pure = PurePosixPath(path.lower())
    return pure.with_suffix("").suffix if pure.suffix in COMPRESSED_SUFFIXES else pure.suffix


def check_columns(labels: Sequence[str], schemas: Sequence[pa.Schema]) -> None:
    """Raise InputError where files that are read together have other columns than the first."""
    first = schemas[0]
    Source.of(empty_table(first), labels[0]).check_names()
    for label, schema in zip(labels, schemas, strict=True):
        if schema.names != first.names:
            raise InputError(
                f"has the columns {', '.join(schema.names)}, but {labels[0]} has "
                f"{', '.join(first.names)}; files read together need the same columns",
                source=label,
            )


def different_types(label: str, error: Exception) -> InputError:
    """The error for files whose columns have no common type."""
    return InputError(f"{label} and the files after it have columns of different types: {error}")


def _concatenated(files: list[InputFile], tables: list[pa.Table]) -> pa.Table:
    check_columns([file.label for file in files], [table.schema for table in tables])
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise different_types(files[0].label, error) from error
