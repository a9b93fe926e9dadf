"""Arrays as plain values, for `graphray.replication.packing`: what payloads and answers consist of.

A column is a block of bytes, so packing costs a copy and unpacking a view, whatever the number of
rows. Arrow columns travel as one IPC message each for schema and rows; bfloat16 as its bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import StoreCorrupt
from graphray.ids import UserIds, string_buffers
from graphray.replication.packing import unpack

Ints: TypeAlias = npt.NDArray[np.int64]
Value = TypeVar("Value")

_NO_COLUMNS = pa.record_batch([], schema=pa.schema([]))
_NO_INTS: Ints = np.empty(0, np.int64)


def no_columns() -> pa.RecordBatch:
    """What stands for the property columns where there are none; it has no rows either."""
    return _NO_COLUMNS


def no_ints() -> Ints:
    """No numbers."""
    return _NO_INTS


def ints_to_plain(values: npt.NDArray[Any], dtype: Any = np.int64) -> bytes:
    """Numbers of a fixed width, as they lie in memory.

    >>> ints_from_plain(ints_to_plain(np.array([1, 2]))).tolist()
    [1, 2]
    """
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def ints_from_plain(plain: bytes, dtype: Any = np.int64) -> npt.NDArray[Any]:
    """The inverse of `ints_to_plain`; read-only."""
    return np.frombuffer(plain, dtype)


def ids_to_plain(ids: UserIds) -> bytes | tuple[bytes, bytes]:
    """Users' ids: integers as one block, strings as one of offsets and one of text.

    >>> ids_from_plain(ids_to_plain(pa.array(["a", "bc"], pa.large_string()))).to_pylist()
    ['a', 'bc']
    """
    if isinstance(ids, np.ndarray):
        return ints_to_plain(ids)
    offsets, text = string_buffers(ids)
    start, stop = int(offsets[0]), int(offsets[-1])
    return ints_to_plain(offsets - start), text[start:stop].tobytes()


def ids_from_plain(plain: bytes | tuple[bytes, bytes]) -> UserIds:
    """The inverse of `ids_to_plain`."""
    if isinstance(plain, bytes):
        return ints_from_plain(plain)
    offsets, text = plain
    count = len(offsets) // np.dtype(np.int64).itemsize - 1
    if count < 0:
        raise ValueError("strings without offsets")
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def batch_to_plain(columns: pa.RecordBatch) -> tuple[bytes, bytes] | None:
    """Property columns; None where there are none.

    >>> batch_from_plain(batch_to_plain(pa.record_batch({"w": [1, 2]}))).to_pydict()
    {'w': [1, 2]}
    """
    if columns.num_columns == 0:
        return None
    return columns.schema.serialize().to_pybytes(), columns.serialize().to_pybytes()


def batch_from_plain(plain: tuple[bytes, bytes] | None) -> pa.RecordBatch:
    """The inverse of `batch_to_plain`."""
    if plain is None:
        return _NO_COLUMNS
    schema = pa.ipc.read_schema(pa.py_buffer(plain[0]))
    return pa.ipc.read_record_batch(pa.py_buffer(plain[1]), schema)


def array_to_plain(values: pa.Array) -> tuple[bytes, bytes]:
    """One Arrow column."""
    plain = batch_to_plain(pa.record_batch([values], names=["values"]))
    assert plain is not None
    return plain


def array_from_plain(plain: tuple[bytes, bytes]) -> pa.Array:
    """The inverse of `array_to_plain`."""
    return batch_from_plain(plain).column(0)


def decoded(data: bytes, what: str, read: Callable[[Any], Value]) -> Value:
    """Unpack bytes and make a value of them.

    Raises:
        StoreCorrupt: where the bytes are not what the writer of such values makes.
    """
    try:
        return read(unpack(data))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError) as error:
        raise StoreCorrupt(f"{len(data)} bytes are no {what}: {error!r}") from error
    except pa.ArrowException as error:
        raise StoreCorrupt(f"{len(data)} bytes are no {what}: {error!r}") from error
