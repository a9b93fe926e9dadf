"""Users' ids, integers or strings, and the 64-bit key under which a store's index finds them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import ArgumentError
from graphray.kernels.hashing import hash_strings, hash_word, hash_words
from graphray.schema import IdKind

UserIds: TypeAlias = npt.NDArray[Any] | pa.Array


def as_user_ids(values: Any, id_kind: IdKind) -> UserIds:
    """Ids as a caller may pass them, in the one form that GraphRay works on.

    Args:
        values: one id or several: scalar, sequence, ndarray, Arrow array, pandas Series.
        id_kind: what the graph's ids are.

    Returns:
        ``int64[n]`` for integer ids, a ``pyarrow.LargeStringArray`` for strings.

    Raises:
        ArgumentError: where the values are of the other kind, null, or no integers.

    Example:
        >>> as_user_ids([3, 1], "int64").tolist()
        [3, 1]
    """
    if isinstance(values, (str, bytes, int, np.integer)):
        values = [values]
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if id_kind == "int64":
        return _as_integers(values)
    return _as_strings(values)


def _as_integers(values: Any) -> npt.NDArray[np.int64]:
    if isinstance(values, pa.Array) and values.null_count:
        raise ArgumentError("the ids contain nulls; every id has to be an integer")
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ArgumentError(
            f"this graph's ids are integers; got {array.dtype} of shape {array.shape}, "
            f"such as {array.ravel()[0]!r}"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def _as_strings(values: Any) -> pa.LargeStringArray:
    if not isinstance(values, pa.Array):
        values = list(values)
        wrong = next((v for v in values if not isinstance(v, str)), None)
        if wrong is not None:
            raise ArgumentError(f"this graph's ids are strings; got {wrong!r}")
        values = pa.array(values, pa.large_string())
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise ArgumentError(f"this graph's ids are strings; got an Arrow array of {values.type}")
    if values.null_count:
        raise ArgumentError("the ids contain nulls; every id has to be a string")
    return values.cast(pa.large_string())


def index_keys(ids: UserIds) -> npt.NDArray[np.uint64]:
    """The key of each id in the index: distinct for distinct integers, a hash of strings.

    >>> len(set(index_keys(np.arange(1000)).tolist()))
    1000
    """
    if isinstance(ids, np.ndarray):
        words = ids.view(np.uint64)
        if len(words) == 1:
            return np.array([hash_word(int(words[0]))], np.uint64)
        return hash_words(words)
    offsets, data = string_buffers(ids)
    return hash_strings(offsets, data)


def string_buffers(strings: pa.LargeStringArray) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The offsets ``int64[n + 1]`` and bytes ``uint8[:]`` of a string array, without copying."""
    _, offsets, data = strings.buffers()
    count = len(strings)
    if count == 0:
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int64)[strings.offset : strings.offset + count + 1]
    return bounds, np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
