"""Properties of nodes as cells: what the replicas of the *eventual* strategy hold.

A cell is one column of one node (`graphray.replication.cells`). Its key is the node's own id, not
one that a partition gave it, so that any replica of the id's home takes a write without asking
anybody. Its column is named with the node type, ``"paper.score"``, as it is where merge functions
are chosen.

A value is a row of Arrow IPC without the schema, which the graph's own schema supplies; it is made
of a copy of that row alone, so equal values have equal bytes. A null is a value like any other: it
is not the same as no cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from graphray.bfloat16 import as_bits
from graphray.column_types import arrow_type
from graphray.errors import StoreCorrupt
from graphray.ids import UserIds
from graphray.schema import NodeType, require_column

_KEY_BYTES = 8


def cell_column(node_type: str, column: str) -> str:
    """The name of a column among all cells.

    >>> cell_column("paper", "score")
    'paper.score'
    """
    return f"{node_type}.{column}"


def cell_keys(ids: UserIds) -> list[bytes]:
    r"""The keys of nodes: integers as 8 bytes, strings as UTF-8.

    >>> cell_keys(np.array([1]))
    [b'\x01\x00\x00\x00\x00\x00\x00\x00']
    """
    if isinstance(ids, np.ndarray):
        raw = ids.astype("<i8", copy=False).tobytes()
        return [raw[at : at + _KEY_BYTES] for at in range(0, len(raw), _KEY_BYTES)]
    return [text.encode() for text in ids.to_pylist()]


def value_type(kind: NodeType, column: str) -> pa.DataType:
    """The Arrow type of a column's values in cells: the column's own, bfloat16 as its bits.

    Raises:
        ColumnNotFound: where the node type has no such column.
    """
    words = require_column(kind.columns, column, f"node type {kind.name!r}").dtype
    bits: pa.DataType = as_bits(pa.nulls(0, arrow_type(words))).type
    return bits


def encode_cells(values: pa.Array) -> list[bytes]:
    """Each row as the bytes of a cell.

    Args:
        values: bfloat16 as its bits.

    Example:
        >>> ages = pa.array([36, None], pa.int16())
        >>> decode_cells(encode_cells(ages), pa.int16()).equals(ages)
        True
    """
    schema = _schema(values.type)
    return [_encoded(values.take(pa.array([row])), schema) for row in range(len(values))]


def decode_cells(cells: Sequence[bytes], dtype: pa.DataType) -> pa.Array:
    """The inverse of `encode_cells`.

    Raises:
        StoreCorrupt: where bytes are no value of that type.
    """
    schema = _schema(dtype)
    return pa.concat_arrays([pa.nulls(0, dtype), *(_decoded(cell, schema) for cell in cells)])


def _schema(dtype: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field("value", dtype)])


def _encoded(row: pa.Array, schema: pa.Schema) -> bytes:
    encoded: bytes = pa.record_batch([row], schema=schema).serialize().to_pybytes()
    return encoded


def _decoded(cell: bytes, schema: pa.Schema) -> pa.Array:
    try:
        row = pa.ipc.read_record_batch(pa.py_buffer(cell), schema).column(0)
    except (pa.ArrowException, OSError) as error:
        raise StoreCorrupt(f"{len(cell)} bytes are no {schema.field(0).type}: {error}") from error
    if len(row) != 1:
        raise StoreCorrupt(f"{len(cell)} bytes are {len(row)} values of a cell; expected 1")
    return row
