"""The tables of every shard (see `graphray.shard`), made from arrays of the whole graph.

Partitions own ranges of global ids, so a table over all nodes in rising global id, or over all
adjacency entries in rising row, is every partition's table laid end to end: a shard's is a slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import Relabelling
from graphray.ids import UserIds, index_keys
from graphray.kernels.csr import Adjacency
from graphray.shard import EDGE, GID, ID, INDPTR, KEY, NEIGHBOR, STABLE, id_dtype


def node_tables(ids: UserIds, properties: pa.Table, relabelling: Relabelling) -> Iterator[pa.Table]:
    """The ``nodes`` table of each partition, in order."""
    dtype = id_dtype(len(ids))
    for part in range(len(relabelling.offsets) - 1):
        start, stop = relabelling.offsets[part : part + 2]
        stable = pa.array(relabelling.stable_of_gid[start:stop])
        own = {
            ID: pa.array(ids).take(stable),
            STABLE: pa.array(stable.to_numpy().astype(dtype)),
        }
        yield _table(own, properties, stable)


def index_tables(ids: UserIds, gid_of_stable: npt.NDArray[Any], parts: int) -> Iterator[pa.Table]:
    """The ``index`` table of each partition, in order.

    Equal keys (two strings of one hash) stand in rising stable id.
    """
    keys = index_keys(ids)
    by_key = np.argsort(keys, kind="stable")
    shelf = keys[by_key] % np.uint64(parts)
    by_shelf = by_key[np.argsort(shelf.astype(_smallest_unsigned(parts)), kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(shelf.astype(np.int64), minlength=parts))])
    dtype = id_dtype(len(ids))
    for part in range(parts):
        stable = by_shelf[bounds[part] : bounds[part + 1]]
        columns = {
            KEY: pa.array(keys[stable]),
            GID: pa.array(gid_of_stable[stable].astype(dtype)),
        }
        if not isinstance(ids, np.ndarray):
            columns[ID] = ids.take(pa.array(stable))
        yield pa.table(columns)


def adjacency_tables(
    adjacency: Adjacency, properties: pa.Table, node_offsets: npt.NDArray[np.int64]
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """The ``rows`` and ``edges`` tables of each partition, in order."""
    for part in range(len(node_offsets) - 1):
        indptr = adjacency.indptr[node_offsets[part] : node_offsets[part + 1] + 1]
        entries = slice(int(indptr[0]), int(indptr[-1]))
        edges = pa.array(adjacency.edges[entries])
        own = {NEIGHBOR: pa.array(adjacency.neighbors[entries]), EDGE: edges}
        yield pa.table({INDPTR: pa.array(indptr - indptr[0])}), _table(own, properties, edges)


def _table(own: dict[str, pa.Array], properties: pa.Table, rows: pa.Array) -> pa.Table:
    taken = properties.take(rows) if properties.num_columns else properties
    return pa.table({**own, **{name: taken.column(name) for name in taken.column_names}})


def _smallest_unsigned(parts: int) -> np.dtype[Any]:
    # NumPy's stable sort of 16-bit integers is a radix sort: linear in their number.
    return np.dtype(np.uint16) if parts <= 2**16 else np.dtype(np.uint32)
