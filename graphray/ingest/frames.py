"""Tables in memory: Arrow, pandas, polars, NumPy, and lists."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.errors import InputError
from graphray.ingest.source import Source

SRC, DST, ID = "src", "dst", "id"


def is_frame(value: Any) -> bool:
    """Whether the value is a table: Arrow, pandas, or anything of the Arrow C stream interface."""
    return isinstance(value, (pa.Table, pa.RecordBatch)) or hasattr(value, "__arrow_c_stream__")


def read_frame(frame: Any, label: str) -> Source:
    """A table in memory as Arrow, without copying what is Arrow already.

    Raises:
        InputError: where a column cannot be converted.
    """
    # Another thread may just be importing pandas, which then has no data frames yet.
    data_frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
    try:
        if data_frame is not None and isinstance(frame, data_frame):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            return Source.of(table.replace_schema_metadata(None), label)
        return Source.of(pa.table(frame), label)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"cannot be converted to Arrow: {error}", source=label) from error


def read_pairs(pairs: Any, label: str) -> Source:
    """Edges as NumPy pairs: an array (2, m) or (m, 2), a tuple (src, dst), or a list of pairs.

    An array of shape (2, 2) is read as two rows: sources and destinations.

    Raises:
        InputError: where the value is nothing of that.
    """
    if isinstance(pairs, tuple) and len(pairs) == 2:
        sources, destinations = (_column(part, label) for part in pairs)
    else:
        array = _array(pairs, label)
        if array.size == 0 and array.ndim < 2:
            array = np.empty((2, 0), np.int64)
        if array.ndim != 2 or 2 not in array.shape:
            raise InputError(
                f"an array of shape {array.shape} is no edge list; expected (2, m) or (m, 2), "
                "or a tuple (src, dst)",
                source=label,
            )
        by_row = array.shape[1] != 2 or (isinstance(pairs, np.ndarray) and len(array) == 2)
        sources, destinations = (_column(c, label) for c in (array if by_row else array.T))
    if len(sources) != len(destinations):
        raise InputError(
            f"{len(sources)} sources and {len(destinations)} destinations; expected as many",
            source=label,
        )
    return Source.of(pa.table({SRC: sources, DST: destinations}), label)


def read_id_list(ids: Any, label: str) -> Source:
    """A node table from its ids alone."""
    return Source.of(pa.table({ID: _column(ids, label)}), label)


def _array(values: Any, label: str) -> np.ndarray:
    try:
        if isinstance(values, Sequence) and len(values) and isinstance(values[0], Sequence):
            ends = {type(end) for pair in values for end in pair}
            if str in ends:  # NumPy would turn numbers among them into strings
                return np.array([list(pair) for pair in values], object)
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise InputError(f"is no edge list: {error}", source=label) from error


def _column(values: Any, label: str) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    try:
        if isinstance(values, np.ndarray) and values.dtype.kind == "U":
            return pa.array(values.tolist(), pa.large_string())
        return pa.array(values if hasattr(values, "__len__") else list(values), from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"ids cannot be read: {error}", source=label) from error
