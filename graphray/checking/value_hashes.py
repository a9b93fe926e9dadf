"""Hashes of rows of property columns of any type: equal values, equal hashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ids import string_buffers
from graphray.kernels.hashing import hash_strings, hash_words
from graphray.shard import ShardArray, as_shard_array

Words = npt.NDArray[np.uint64]

_NULL = np.uint64(0x6E756C6C)


def value_hashes(values: ShardArray) -> Words:
    """A hash of each row, ``uint64[n]``.

    >>> hashes = value_hashes(pa.array([[1, 2], [2, 1], None, [1, 2]]))
    >>> len(set(hashes.tolist())), bool(hashes[0] == hashes[3])
    (3, True)
    """
    if isinstance(values, np.ndarray):
        return _of_numbers(values)
    if values.null_count:
        known = values.is_valid().to_numpy(zero_copy_only=False)
        hashes = np.full(len(values), _NULL)
        hashes[known] = value_hashes(as_shard_array(values.drop_null()))
        return hashes
    kind = values.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _of_lists(value_hashes(as_shard_array(values.flatten())), _bounds(values))
    if pa.types.is_fixed_size_list(kind):
        bounds = np.arange(len(values) + 1) * kind.list_size
        return _of_lists(value_hashes(as_shard_array(values.flatten())), bounds)
    if pa.types.is_boolean(kind):
        return _of_numbers(values.cast(pa.uint8()).to_numpy())
    if pa.types.is_temporal(kind) and kind.bit_width in (32, 64):
        return _of_numbers(
            values.view(pa.int32() if kind.bit_width == 32 else pa.int64()).to_numpy()
        )
    return hash_strings(*string_buffers(values.cast(pa.large_string())))


def _bounds(lists: pa.Array) -> npt.NDArray[np.int64]:
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return offsets - offsets[0]


def _of_numbers(values: npt.NDArray[np.generic]) -> Words:
    if values.ndim == 2:
        flat = _of_numbers(np.ascontiguousarray(values).reshape(-1))
        return _of_lists(flat, np.arange(len(values) + 1) * values.shape[1])
    bits = np.ascontiguousarray(values).view(f"u{values.itemsize}")
    return hash_words(bits.astype(np.uint64))


def _of_lists(items: Words, bounds: npt.NDArray[np.int64]) -> Words:
    """Hashes of lists by those of their items, in order."""
    lengths = np.diff(bounds)
    places = np.arange(len(items)) - np.repeat(bounds[:-1], lengths)
    terms = hash_words(items ^ hash_words(places.astype(np.uint64)))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    return hash_words((sums[bounds[1:]] - sums[bounds[:-1]]) ^ lengths.astype(np.uint64))
