"""Columns as torch tensors, in the dtype of the column; imported only when asked for.

NumPy has no bfloat16, torch has: the bits go over as they are, and no other package is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from graphray.bfloat16 import is_bfloat16
from graphray.errors import ArgumentError
from graphray.reading.column_values import plain_values
from graphray.reading.ragged import RaggedArray
from graphray.shard import ShardArray


def column_tensor(array: ShardArray, words: str, name: str) -> Any:
    """Rows of a column as a tensor.

    Args:
        array: as a shard holds them.
        words: the column's type in the schema.
        name: the column, for messages.

    Returns:
        A tensor ``[n]`` or ``[n, d]``; for lists a nested (jagged) tensor; for what is no number,
        such as strings, a list.

    Raises:
        ArgumentError: where integers or booleans are null, for which a tensor has no value.
    """
    is_bits = is_bfloat16(words)
    values = plain_values(array, is_bits)
    if isinstance(values, np.ma.MaskedArray):
        raise ArgumentError(
            f"column {name!r} has nulls here, and {values.dtype} has no value to spare for them; "
            "take the NumPy array and fill it: features(...).filled(-1)"
        )
    if isinstance(values, RaggedArray):
        offsets = torch.from_numpy(values.offsets)
        return torch.nested.nested_tensor_from_jagged(_tensor(values.values, is_bits), offsets)
    return _tensor(values, is_bits)


def as_tensor(values: Any) -> Any:
    """A tensor of an array, or a list where it holds objects.

    Shares the array's memory, unless that is read-only: torch has no read-only tensors, and what is
    mapped must not be written through one.
    """
    if values.dtype == object or values.dtype.kind in "mM":
        return values.tolist()
    return torch.from_numpy(values if values.flags.writeable else values.copy())


def _tensor(values: Any, is_bits: bool) -> Any:
    if not is_bits:
        return as_tensor(values)
    return as_tensor(values.view(np.int16)).view(torch.bfloat16)
