"""bfloat16 columns: what Arrow and NumPy have no type for.

A bfloat16 is the upper half of a float32. In a store it is the Arrow extension type
``graphray.bfloat16`` over uint16, the bits as they are, so that Arrow readers without GraphRay see
uint16. Within GraphRay columns are those bits (``uint16``); the schema alone knows better. Handed
out they are arrays of the package ml_dtypes, whose bfloat16 NumPy, JAX and others understand, or
``torch.bfloat16`` tensors.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import ArgumentError, missing_dependency

BFLOAT16 = "bfloat16"
"""The type in words, as the schema states it."""

NAN_BITS = 0x7FC0


class BFloat16Type(pa.ExtensionType):
    """The Arrow type."""

    def __init__(self) -> None:
        super().__init__(pa.uint16(), "graphray.bfloat16")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> BFloat16Type:
        return cls()


_TYPE = BFloat16Type()
_ARROWS_WORDS = str(pa.list_(_TYPE)).removeprefix("list<item: ").removesuffix(">")
pa.register_extension_type(_TYPE)


def bfloat16_array(values: Any) -> pa.Array:
    """A column of bfloat16 for a node or edge table.

    Args:
        values: an array of the dtype ``ml_dtypes.bfloat16``, a ``torch.bfloat16`` tensor, or the
            bits as ``uint16``: ``[n]`` for scalars, ``[n, d]`` for vectors.

    Raises:
        ArgumentError: where it is something else.

    Example:
        >>> ones = bfloat16_array(np.full((3, 2), 0x3F80, np.uint16))
        >>> type_words(ones.type)
        'fixed_size_list<item: bfloat16>[2]'
    """
    bits = _bits(values)
    flat = pa.ExtensionArray.from_storage(_TYPE, pa.array(np.ascontiguousarray(bits).reshape(-1)))
    return flat if bits.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, bits.shape[1])


def type_words(dtype: pa.DataType) -> str:
    """An Arrow type in words, as the schema states it.

    >>> type_words(pa.list_(pa.float16(), 8))
    'fixed_size_list<item: halffloat>[8]'
    """
    return BFLOAT16 if dtype == _TYPE else str(dtype).replace(_ARROWS_WORDS, BFLOAT16)


def is_bfloat16(words: str) -> bool:
    """Whether a column of this type holds bfloat16, alone or in lists.

    >>> is_bfloat16("large_list<item: bfloat16>")
    True
    """
    return words == BFLOAT16 or f": {BFLOAT16}>" in words


def empty_table(schema: pa.Schema) -> pa.Table:
    """A table without rows; `pyarrow.Schema.empty_table` knows no lists of bfloat16."""
    return pa.table([pa.nulls(0, field.type) for field in schema], schema=schema)


def as_bits(column: pa.Array) -> pa.Array:
    """The column with bits in place of bfloat16, uncopied; any other column as it is."""
    dtype = column.type
    if dtype == _TYPE:
        return column.storage
    if _is_list(dtype) and dtype.value_type == _TYPE:
        return column.cast(_list_like(dtype, pa.uint16()))
    return column


def from_bits(column: pa.Array, words: str) -> pa.Array:
    """The inverse of `as_bits`, for a column that is stated as ``words``."""
    if not is_bfloat16(words):
        return column
    if _is_list(column.type):
        return column.cast(_list_like(column.type, _TYPE))
    return pa.ExtensionArray.from_storage(_TYPE, column)


def as_ml_dtypes(bits: npt.NDArray[np.uint16]) -> npt.NDArray[Any]:
    """Bits as an array of ``ml_dtypes.bfloat16``, uncopied.

    Raises:
        MissingDependency: where ml_dtypes is not installed.
    """
    try:
        import ml_dtypes
    except ImportError as error:
        raise missing_dependency("ml_dtypes", "bfloat16", "a bfloat16 column in NumPy") from error
    return bits.view(ml_dtypes.bfloat16)


def as_floats(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """The same numbers as float32, which holds each of them exactly.

    >>> as_floats(np.array([0x3F80, 0xC000], np.uint16)).tolist()
    [1.0, -2.0]
    """
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)


def _bits(values: Any) -> npt.NDArray[np.uint16]:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor) and values.dtype == torch.bfloat16:
        values = values.detach().cpu().contiguous().view(torch.int16).numpy().view(np.uint16)
    dtype = getattr(values, "dtype", None)
    if not isinstance(values, np.ndarray) or str(dtype) not in (BFLOAT16, "uint16"):
        raise ArgumentError(
            f"got {f'an array of {dtype}' if dtype is not None else type(values).__name__}; "
            "expected ml_dtypes.bfloat16, torch.bfloat16, or its bits as uint16"
        )
    if values.ndim not in (1, 2):
        raise ArgumentError(f"got an array of shape {values.shape}; expected [n] or [n, d]")
    return values.view(np.uint16)


def _is_list(dtype: pa.DataType) -> bool:
    return (
        pa.types.is_fixed_size_list(dtype)
        or pa.types.is_list(dtype)
        or pa.types.is_large_list(dtype)
    )


def _list_like(dtype: pa.DataType, values: pa.DataType) -> pa.DataType:
    """A list type of other values."""
    if pa.types.is_fixed_size_list(dtype):
        return pa.list_(values, dtype.list_size)
    return pa.large_list(values) if pa.types.is_large_list(dtype) else pa.list_(values)
