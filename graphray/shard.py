"""The arrays of one partition, and how they are named.

A *shard* is the stored form of a partition: a folder of Arrow tables. Everything that reads a
partition, in this process or in an actor, names an array by the table and the column it stands in
(`ArrayKey`), and does not care whether it comes from a mapped file or from the object store.

Tables of a shard, and the columns that GraphRay itself keeps in them (they start with ``@``, which
users' columns may not):

=====================================  ==========================================================
``nodes/<type>``                       a row per owned node, in rising global id: ``@id`` (the
                                       user's), ``@stable``, and the property columns
``index/<type>``                       from user ids to global ids: ``@key`` (uint64, rising),
                                       ``@gid``, and for string ids ``@id``. An id stands in the
                                       index of partition ``key % parts``, whoever owns the node
``edges/<src>~<name>~<dst>/<dir>``     a row per adjacency entry: ``@neighbor`` (global id),
                                       ``@edge`` (edge id: its row in the build's input), and the
                                       property columns
``rows/<src>~<name>~<dst>/<dir>``      ``@indptr``: the entries of owned node i are the rows
                                       ``indptr[i] : indptr[i + 1]`` of the table above
=====================================  ==========================================================

Direction "in" holds, for every owned destination, its sources; "out" the reverse. Rows are in
**canonical order**: within one adjacency row, entries rise by the neighbour's *stable* id, then by
edge id, so that the k-th neighbour of a node is the same under every partitioning.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.bfloat16 import as_bits
from graphray.schema import Direction, Relation

ShardArray: TypeAlias = npt.NDArray[Any] | pa.Array

ID, STABLE, KEY, GID = "@id", "@stable", "@key", "@gid"
NEIGHBOR, EDGE, INDPTR = "@neighbor", "@edge", "@indptr"
RESERVED_PREFIX = "@"

NAME_LENGTH_MAX = 80
"""Longer names are cut in file names and end in a hash: three have to fit into 255 characters."""


class ArrayKey(NamedTuple):
    """The name of one array of a shard: a table and a column of it."""

    table: str
    column: str


class Shard(Protocol):
    """One partition's arrays."""

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name.

        Fixed-width columns without nulls come as a read-only ``ndarray`` (a fixed-size list as a
        2-D one); strings, lists and columns with nulls as a ``pyarrow.Array``. bfloat16 comes as
        its bits, ``uint16`` (see `graphray.bfloat16`).
        """
        ...


def nodes_table(node_type: str) -> str:
    """The table of a node type's owned nodes."""
    return f"nodes/{file_safe(node_type)}"


def index_table(node_type: str) -> str:
    """The table that leads from users' ids to global ids."""
    return f"index/{file_safe(node_type)}"


def edges_table(relation: Relation, direction: Direction) -> str:
    """The table of a relation's adjacency entries."""
    return f"edges/{'~'.join(map(file_safe, relation))}/{direction}"


def rows_table(relation: Relation, direction: Direction) -> str:
    """The table of the row bounds of `edges_table`."""
    return f"rows/{'~'.join(map(file_safe, relation))}/{direction}"


def id_dtype(count: int) -> np.dtype[Any]:
    """The dtype in which ids below ``count`` are stored: uint32 where it suffices, else int64.

    Half the width is half the memory traffic of a sampled edge.
    """
    return np.dtype(np.uint32) if count <= 2**32 else np.dtype(np.int64)


def as_shard_array(column: pa.Array) -> ShardArray:
    """An Arrow array in the form `Shard.array` promises, without copying fixed-width values.

    >>> as_shard_array(pa.array([1, 2, 3])).tolist()
    [1, 2, 3]
    """
    column = as_bits(column)
    if column.null_count:
        return column
    if pa.types.is_fixed_size_list(column.type) and _is_fixed_width(column.type.value_type):
        values = column.flatten()
        if values.null_count:
            return column
        return values.to_numpy(zero_copy_only=True).reshape(len(column), column.type.list_size)
    if _is_fixed_width(column.type):
        return column.to_numpy(zero_copy_only=True)
    return column


def _is_fixed_width(dtype: pa.DataType) -> bool:
    return pa.types.is_integer(dtype) or pa.types.is_floating(dtype)


@lru_cache(maxsize=4096)
def file_safe(name: str) -> str:
    """A name of anything as the name of a file, two names never the same.

    >>> file_safe("papers/2024")
    'papers%2F2024'
    """
    # "~" parts the names of a relation and "/" the levels of a path, so both are escaped in names.
    escaped = quote(name, safe=" ").replace("~", "%7E").replace(".", "%2E")
    if len(escaped) <= NAME_LENGTH_MAX:
        return escaped
    # "+" is escaped as well: no other name reads like this.
    digest = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{escaped[: NAME_LENGTH_MAX - len(digest) - 1]}+{digest}"
