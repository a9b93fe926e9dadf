"""Reading files: Parquet and CSV, one or many, by path, folder, glob or URI."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import csv, fs
from pyarrow import parquet as pq

from graphray.errors import InputError, InputNotFound
from graphray.ingest.source import Piece, Source
from graphray.progress import progress

FilePath: TypeAlias = str | os.PathLike[str]

PARQUET_SUFFIXES = (".parquet", ".pq")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".zst", ".lz4")

# The first row of data in a CSV file is its second line.
CSV_FIRST_ROW = 2
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?\s*")
_BLOCK_BYTES_MAX = 2**31 - 1


def read_files(paths: FilePath | Sequence[FilePath]) -> Source:
    """Read one or more files of the same columns as one table, in the order given.

    Args:
        paths: a file (``.parquet``, ``.csv``, ``.tsv``, these also compressed), a folder of such
            files, a glob, a URI that ``pyarrow.fs`` knows, or a sequence of them. A folder and a
            glob stand for their files in rising order of name.

    Raises:
        InputNotFound: where a file is absent, or a folder or glob has none.
        InputError: where a file cannot be read, or the files do not fit together.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found = [file for path in listed for file in _expand(os.fspath(path))]
    if not found:
        raise InputNotFound("no files to read: the list of paths is empty")
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


class _File:
    """A file to read, on its filesystem."""

    def __init__(self, filesystem: fs.FileSystem, path: str, label: str) -> None:
        self.filesystem, self.path, self.label = filesystem, path, label
        self.suffix = _suffix(path)
        if self.suffix not in (*PARQUET_SUFFIXES, *DELIMITERS):
            known = ", ".join((*PARQUET_SUFFIXES, *DELIMITERS))
            raise InputError(
                f"files of type {self.suffix!r} are not read; use {known}", source=label
            )

    @property
    def first_row(self) -> int:
        return CSV_FIRST_ROW if self.suffix in DELIMITERS else 0

    def read(self) -> pa.Table:
        try:
            if self.suffix in PARQUET_SUFFIXES:
                return pq.read_table(self.path, filesystem=self.filesystem, partitioning=None)
            return self._read_csv()
        except FileNotFoundError as error:
            raise InputNotFound("there is no such file", source=self.label) from error
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"cannot be read: {error}", source=self.label) from error

    def _read_csv(self) -> pa.Table:
        table = self._convert_csv()
        if all(map(_NUMBER.fullmatch, table.column_names)):
            raise InputError(
                "the first row holds numbers, not the names of columns; add a header such as "
                "src,dst",
                source=self.label,
                row=1,
            )
        return table

    def _convert_csv(self) -> pa.Table:
        try:
            return self._parse_csv()
        except pa.ArrowInvalid as error:
            if "conversion error" in str(error):
                # A value further down does not fit the type that the first block suggests: let
                # the whole file decide. An id that does not parse is then found by its row.
                return self._parse_csv(block_bytes=_BLOCK_BYTES_MAX)
            raise self._csv_problem(error) from error

    def _parse_csv(self, block_bytes: int | None = None, **parse: Any) -> pa.Table:
        with self.filesystem.open_input_stream(self.path) as stream:
            return csv.read_csv(
                stream,
                read_options=csv.ReadOptions(block_size=block_bytes, use_threads=not parse),
                parse_options=csv.ParseOptions(delimiter=DELIMITERS[self.suffix], **parse),
                # Only an empty cell is null: "NA" may be somebody's id.
                convert_options=csv.ConvertOptions(
                    null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
                ),
            )

    def _csv_problem(self, error: pa.ArrowInvalid) -> InputError:
        """The error for a file that does not parse, with the row where it can be found."""
        ragged: list[csv.InvalidRow] = []

        def note(row: csv.InvalidRow) -> str:
            ragged.append(row)
            return "skip"

        try:
            self._parse_csv(invalid_row_handler=note)
        except pa.ArrowInvalid:
            ragged.clear()  # something else is wrong as well: say what Arrow says
        if not ragged:
            what = "the file is empty" if "Empty CSV" in str(error) else str(error)
            return InputError(what, source=self.label)
        first = ragged[0]
        return InputError(
            f"has {first.actual_columns} values instead of {first.expected_columns}: {first.text}",
            source=self.label,
            row=first.number,
        )


def _expand(path: str) -> list[_File]:
    """The files that a path, folder, glob or URI stands for."""
    filesystem, inner = filesystem_of(path)
    local = isinstance(filesystem, fs.LocalFileSystem)
    if local and glob.has_magic(inner) and not os.path.exists(inner):
        matches = sorted(glob.glob(inner, recursive=True))
        if not matches:
            raise InputNotFound("no file matches", source=path)
        return [_File(filesystem, match, match) for match in matches if os.path.isfile(match)]
    info = filesystem.get_file_info(inner)
    if info.type == fs.FileType.NotFound:
        raise InputNotFound("there is no such file", source=path)
    if info.type == fs.FileType.Directory:
        return _in_folder(filesystem, inner, path)
    return [_File(filesystem, inner, path)]


def _in_folder(filesystem: fs.FileSystem, folder: str, label: str) -> list[_File]:
    inside = sorted(filesystem.get_file_info(fs.FileSelector(folder)), key=lambda info: info.path)
    known = [
        info
        for info in inside
        if info.is_file and _suffix(info.path) in (*PARQUET_SUFFIXES, *DELIMITERS)
    ]
    if not known:
        raise InputNotFound("no Parquet or CSV file in this folder", source=label)
    return [_File(filesystem, i.path, f"{label.rstrip('/')}/{i.base_name}") for i in known]


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


def _concatenated(files: list[_File], tables: list[pa.Table]) -> pa.Table:
    first = tables[0]
    Source.of(first, files[0].label).check_names()
    for file, table in zip(files, tables, strict=True):
        if table.column_names != first.column_names:
            raise InputError(
                f"has the columns {', '.join(table.column_names)}, but {files[0].label} has "
                f"{', '.join(first.column_names)}; files read together need the same columns",
                source=file.label,
            )
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"{files[0].label} and the files after it have columns of different types: {error}"
        ) from error
