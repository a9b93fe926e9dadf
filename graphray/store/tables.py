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


def node_table(ids: pa.Array, stable: npt.NDArray[Any], properties: pa.Table) -> pa.Table:
    """The ``nodes`` table of one partition.

    Args:
        ids: users' ids of its nodes, in rising global id.
        stable: their stable ids, in the dtype that the store keeps.
        properties: a row per node of it.
    """
    return _beside({ID: ids, STABLE: pa.array(stable)}, properties)


def node_tables(ids: UserIds, properties: pa.Table, relabelling: Relabelling) -> Iterator[pa.Table]:
    """The ``nodes`` table of each partition, in order."""
    dtype = id_dtype(len(ids))
    for part in range(len(relabelling.offsets) - 1):
        start, stop = relabelling.offsets[part : part + 2]
        stable = pa.array(relabelling.stable_of_gid[start:stop])
        yield node_table(
            pa.array(ids).take(stable), stable.to_numpy().astype(dtype), _taken(properties, stable)
        )


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


def adjacency_pair(
    indptr: npt.NDArray[np.int64],
    neighbors: npt.NDArray[Any],
    edges: npt.NDArray[Any],
    properties: pa.Table,
) -> tuple[pa.Table, pa.Table]:
    """The ``rows`` and ``edges`` tables of one partition.

    Args:
        indptr: ``int64[rows + 1]``, from 0.
        neighbors: global id of each entry's neighbour.
        edges: edge id of each entry.
        properties: a row per entry.
    """
    own = {NEIGHBOR: pa.array(neighbors), EDGE: pa.array(edges)}
    return pa.table({INDPTR: pa.array(indptr)}), _beside(own, properties)


def adjacency_tables(
    adjacency: Adjacency, properties: pa.Table, node_offsets: npt.NDArray[np.int64], part: int
) -> tuple[pa.Table, pa.Table]:
    """The ``rows`` and ``edges`` tables of one partition, from the adjacency of the whole graph."""
    indptr = adjacency.indptr[node_offsets[part] : node_offsets[part + 1] + 1]
    entries = slice(int(indptr[0]), int(indptr[-1]))
    edges = adjacency.edges[entries]
    return adjacency_pair(
        indptr - indptr[0],
        adjacency.neighbors[entries],
        edges,
        _taken(properties, pa.array(edges)),
    )


def _taken(properties: pa.Table, rows: pa.Array) -> pa.Table:
    return properties.take(rows) if properties.num_columns else properties


def _beside(own: dict[str, pa.Array], properties: pa.Table) -> pa.Table:
    return pa.table({**own, **{name: properties.column(name) for name in properties.column_names}})


def _smallest_unsigned(parts: int) -> np.dtype[Any]:
    # NumPy's stable sort of 16-bit integers is a radix sort: linear in their number.
    return np.dtype(np.uint16) if parts <= 2**16 else np.dtype(np.uint32)
