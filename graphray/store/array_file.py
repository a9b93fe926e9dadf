"""One array of a shard in a file of its own, for the processes of a node to map.

The files of a store hold whole tables, and are checked and kept. These are made from them for a
while: what a snapshot of a changed graph has that no stored version has.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from graphray.shard import ShardArray, as_shard_array
from graphray.store.place import Place


def save_array(place: Place, name: str, array: ShardArray) -> None:
    """Write an array as an Arrow file of one column; raises StoreError where that cannot be."""
    column = _as_column(array)
    schema = pa.schema([("array", column.type)])
    with (
        place.writing(name) as stream,
        pa.ipc.new_file(pa.PythonFile(stream, mode="w"), schema) as file,
    ):
        file.write_batch(pa.record_batch([column], schema=schema))


def map_array(place: Place, name: str) -> ShardArray:
    """An array as `save_array` wrote it, mapped; raises StoreError where the file is gone.

    Example:
        >>> import tempfile
        >>> place = Place(tempfile.mkdtemp())
        >>> save_array(place, "x.arrow", np.array([[1.0, 2.0]]))
        >>> map_array(place, "x.arrow").tolist()
        [[1.0, 2.0]]
    """
    return as_shard_array(pa.ipc.open_file(place.buffer(name)).get_batch(0).column(0))


def _as_column(array: ShardArray) -> pa.Array:
    if not isinstance(array, np.ndarray):
        return array
    flat = pa.array(array.reshape(-1))
    if array.ndim == 1:
        return flat
    return pa.FixedSizeListArray.from_arrays(flat, array.shape[1])
