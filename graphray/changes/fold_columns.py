"""One column of a folded table: the stored rows that stay, those that were added, new values.

A column of fixed width without nulls is folded by one pass of `graphray.kernels.fold`, which is
about a copy; any other is taken by Arrow. Columns come with bits in place of bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.kernels.fold import fold_indices, fold_values

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


class ColumnUpdates(NamedTuple):
    """New values of stored rows: ``rows`` int64[u], distinct, none of them dropped."""

    rows: Ints
    values: pa.Array


@dataclass(frozen=True, eq=False)
class Fold:
    """Which rows of a table go, and where others come.

    Attributes:
        count: how many rows are stored.
        dropped: ``int64[d]``, rising.
        places: ``int64[a]``, the row before which each added one comes; non-decreasing.

    Example:
        >>> fold = Fold(3, np.array([1]), np.array([0, 3]))
        >>> fold_column(fold, pa.array([1, 2, 3]), pa.array([7, 8])).to_pylist()
        [7, 1, 3, 8]
    """

    count: int
    dropped: Ints
    places: Ints

    @property
    def size(self) -> int:
        """How many rows there are then."""
        return self.count - len(self.dropped) + len(self.places)

    @property
    def is_nothing(self) -> bool:
        """Whether every row stays and none comes."""
        return not len(self.dropped) and not len(self.places)


def fold_column(
    fold: Fold, base: pa.Array, added: pa.Array, updates: ColumnUpdates | None = None
) -> pa.Array:
    """A column after a fold.

    Args:
        fold: which rows go and come.
        base: ``[count]``, the stored column.
        added: ``[len(fold.places)]``, of the same type.
        updates: new values of stored rows.
    """
    if updates is not None:
        fold, added = _with_updates(fold, added, updates)
    if fold.is_nothing:
        return base
    if _is_flat(base) and _is_flat(added):
        return _fold_flat(fold, base, added)
    indices = np.empty(fold.size, np.int64)
    fold_indices(fold.count, fold.dropped, fold.places, indices)
    return pa.concat_arrays([base, added]).take(pa.array(indices))


def fold_array(fold: Fold, base: Array, added: Array) -> Array:
    """A column of numbers after a fold, in the dtype of the added ones."""
    base = np.ascontiguousarray(base, added.dtype)
    out = np.empty(fold.size, added.dtype)
    fold_values(base, 1, fold.dropped, fold.places, added, out)
    return out


def _with_updates(fold: Fold, added: pa.Array, updates: ColumnUpdates) -> tuple[Fold, pa.Array]:
    """A new value as a row that goes and one that comes, after others that come before that row."""
    places = np.concatenate([fold.places, updates.rows])
    order = np.argsort(places, kind="stable")
    dropped = np.sort(np.concatenate([fold.dropped, updates.rows]))
    values = pa.concat_arrays([added, updates.values]).take(pa.array(order))
    return Fold(fold.count, dropped, places[order]), values


def _is_flat(column: pa.Array) -> bool:
    """Whether rows are of one width in whole bytes, in one buffer, and none is null."""
    if column.null_count:
        return False
    if pa.types.is_fixed_size_list(column.type):
        return _is_flat(column.flatten())
    return pa.types.is_primitive(column.type) and column.type.bit_width in (8, 16, 32, 64)


def _fold_flat(fold: Fold, base: pa.Array, added: pa.Array) -> pa.Array:
    words, width = _words(base)
    out = np.empty(fold.size * width, words.dtype)
    fold_values(words, width, fold.dropped, fold.places, _words(added)[0], out)
    return _from_words(out, base.type)


def _words(column: pa.Array) -> tuple[Array, int]:
    """The values of a flat column as unsigned words, and how many make up a row."""
    if pa.types.is_fixed_size_list(column.type):
        words, width = _words(column.flatten())
        return words, width * column.type.list_size
    dtype = np.dtype(f"u{column.type.bit_width // 8}")
    buffer = column.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype), 1
    return np.frombuffer(buffer, dtype)[column.offset : column.offset + len(column)], 1


def _from_words(words: Array, dtype: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(dtype):
        values = _from_words(words, dtype.value_type)
        return pa.FixedSizeListArray.from_arrays(values, type=dtype)
    return pa.Array.from_buffers(dtype, len(words), [None, pa.py_buffer(words)])
