"""Columns as they are handed out: NumPy arrays in the dtype of the column, whatever rows they hold.

The type of a column decides, not the rows of one batch, so that no dtype changes between batches:

=======================  ========================================================================
scalars                  ``[n]`` in their dtype; bfloat16 as ``ml_dtypes.bfloat16``
fixed-size lists         ``[n, d]`` likewise
lists                    `RaggedArray`; a null list is an empty one
strings, others          ``object[n]``, nulls are None
dates and times          ``datetime64[n]``, ``timedelta64[n]``, nulls are NaT
=======================  ========================================================================

A null among floats is a NaN. Integers and booleans have no value to spare, so rows with a null come
as a ``numpy.ma.MaskedArray``, whose ``filled(value)`` puts a value in their place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.bfloat16 import NAN_BITS, as_floats, as_ml_dtypes, is_bfloat16
from graphray.reading.ragged import RaggedArray
from graphray.shard import ShardArray, as_shard_array

Values = npt.NDArray[Any] | RaggedArray


def column_values(array: ShardArray, words: str) -> Values:
    """Rows of a column as they are handed out (see the module).

    Args:
        array: as a shard holds them.
        words: the column's type in the schema.

    Raises:
        MissingDependency: where the column is bfloat16 and ml_dtypes is not installed.

    Example:
        >>> column_values(pa.array([1, None], pa.int8()), "int8").filled(-1).tolist()
        [1, -1]
    """
    values = plain_values(array, is_bfloat16(words))
    if not is_bfloat16(words):
        return values
    if isinstance(values, RaggedArray):
        return RaggedArray(as_ml_dtypes(values.values), values.offsets)
    return as_ml_dtypes(values)


def plain_values(array: ShardArray, is_bits: bool) -> Values:
    """As `column_values`, but bfloat16 (``is_bits``) as its bits, ``uint16``."""
    if isinstance(array, np.ndarray):
        return array
    dtype = array.type
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return _ragged(array, is_bits)
    if pa.types.is_fixed_size_list(dtype):
        return _matrix(array, is_bits)
    if pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_boolean(dtype):
        return _scalars(array, is_bits)
    return array.to_numpy(zero_copy_only=False)


def plain_value(array: ShardArray, words: str) -> Any:
    """The first row of a column as a plain Python value; None for a null.

    >>> plain_value(np.array([0x3F80], np.uint16), "bfloat16")
    1.0
    """
    if not isinstance(array, np.ndarray) and not is_bfloat16(words):
        return array[0].as_py()
    if not isinstance(array, np.ndarray) and not array[0].is_valid:
        return None
    values: Any = plain_values(array, is_bfloat16(words))
    row = values[0]
    return (as_floats(row) if is_bfloat16(words) else row).tolist()


def _ragged(array: pa.Array, is_bits: bool) -> RaggedArray:
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(lengths.to_numpy(zero_copy_only=False), out=offsets[1:])
    # flatten() leaves out what stands under null lists.
    values = plain_values(array.flatten(), is_bits)
    return RaggedArray(_as_objects(values) if isinstance(values, RaggedArray) else values, offsets)


def _as_objects(rows: RaggedArray) -> npt.NDArray[Any]:
    """Lists of lists: the inner ones as arrays, ``object[n]``."""
    objects = np.empty(len(rows), object)
    for number, row in enumerate(rows):
        objects[number] = row
    return objects


def _matrix(array: pa.Array, is_bits: bool) -> npt.NDArray[Any]:
    dense = as_shard_array(array)
    if isinstance(dense, np.ndarray):
        return dense
    width = array.type.list_size
    # The child array has room for null rows, too; flatten() would leave them out.
    values = array.values.slice(array.offset * width, len(array) * width)
    valid = np.repeat(np.asarray(array.is_valid()), width)
    nulls = pa.nulls(len(values), values.type)
    flat: Any = plain_values(pc.if_else(pa.array(valid), values, nulls), is_bits)
    return flat.reshape(-1, width)


def _scalars(array: pa.Array, is_bits: bool) -> npt.NDArray[Any]:
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False)
    if pa.types.is_floating(array.type):
        return pc.fill_null(array, float("nan")).to_numpy()
    if is_bits:
        return pc.fill_null(array, NAN_BITS).to_numpy()
    filled = pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0)
    return np.ma.MaskedArray(
        filled.to_numpy(zero_copy_only=False), mask=np.asarray(array.is_null())
    )
