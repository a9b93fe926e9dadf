"""CSV files without a header that hold one matrix: a row per node or edge."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, fs

from graphray.errors import InputError, InputNotFound
from graphray.ingest.files import filesystem_of


def find_csv(stem: str) -> str | None:
    """The path ``stem.csv.gz`` or ``stem.csv``, whichever is there; None where neither is."""
    for path in (f"{stem}.csv.gz", f"{stem}.csv"):
        filesystem, inner = filesystem_of(path)
        if filesystem.get_file_info(inner).type == fs.FileType.File:
            return path
    return None


def require_csv(stem: str) -> str:
    """As `find_csv`; raises InputNotFound where neither is there."""
    path = find_csv(stem)
    if path is None:
        raise InputNotFound("there is no such file", source=f"{stem}.csv.gz")
    return path


def read_headless(path: str) -> pa.Table:
    """The cells of a file; a file of no bytes has no rows and no columns.

    Raises:
        InputError: where it cannot be read, or its rows are of different lengths.
    """
    filesystem, inner = filesystem_of(path)
    try:
        with filesystem.open_input_stream(inner) as stream:
            content = stream.read_buffer()
        if content.size == 0:
            return pa.table({})
        return csv.read_csv(
            pa.BufferReader(content), csv.ReadOptions(autogenerate_column_names=True)
        )
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read: {error}", source=path) from error


def read_integers(path: str, width: int) -> pa.Table:
    """A file of integers, ``width`` in a row.

    Raises:
        InputError: where a cell is none; naming its row, counted from 1.
    """
    table = read_headless(path)
    if table.num_columns == 0:
        return pa.table([pa.array([], pa.int64())] * width, [f"f{i}" for i in range(width)])
    if table.num_columns != width:
        raise InputError(f"has {table.num_columns} columns; expected {width}", source=path)
    for column in table.columns:
        if column.null_count or not pa.types.is_integer(column.type):
            bad = pc.is_null(column) if column.null_count else None
            row = 1 if bad is None else pc.index(bad, True).as_py() + 1
            raise InputError(f"expected integers, not {column.type}", source=path, row=row)
    return table


def read_features(path: str, rows: int, what: str) -> pa.Array:
    """A file of numbers as one column: integers, or 32-bit floats; lists where rows are longer.

    Args:
        path: the file.
        rows: how many rows it should have.
        what: what a row is about, for messages.

    Raises:
        InputError: where a cell is no number, or there are more rows or fewer.
    """
    table = read_headless(path)
    if table.num_rows != rows:
        raise InputError(f"has {table.num_rows} rows, but there are {rows} {what}", source=path)
    for column in table.columns:
        dtype = column.type
        if not (
            pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_null(dtype)
        ):
            raise InputError(f"expected numbers, not {dtype}", source=path)
    whole = all(pa.types.is_integer(column.type) for column in table.columns)
    dtype = pa.int64() if whole else pa.float32()
    columns = [column.cast(dtype).combine_chunks() for column in table.columns]
    if len(columns) == 1:
        return columns[0]
    # As float, what is missing is NaN.
    matrix = np.column_stack([column.to_numpy(zero_copy_only=False) for column in columns])
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), len(columns))
