"""Reading columns and finding ids over all partitions: from mapped arrays, else from the owners."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.bfloat16 import from_bits
from graphray.errors import NodeNotFound
from graphray.ids import UserIds, as_user_ids, index_keys
from graphray.reading.access import PartitionAccess
from graphray.reading.column_values import Values, column_values
from graphray.reading.hot_rows import RowsOf
from graphray.reading.operations import NOT_FOUND, FindIds, Request, ShardView
from graphray.reading.row_reading import TableRows, as_arrow, read_rows
from graphray.schema import Direction, Relation, require_column
from graphray.shard import (
    GID,
    ID,
    KEY,
    RESERVED_PREFIX,
    ArrayKey,
    ShardArray,
    edges_table,
    index_table,
    nodes_table,
)

Ints = npt.NDArray[np.int64]
_NAMED_IN_ERRORS_MAX = 5


def node_column(access: PartitionAccess, node_type: str, column: str, gids: Ints) -> ShardArray:
    """A column of nodes given by global id, aligned with ``gids``."""
    return node_columns(access, node_type, [column], gids)[column]


def node_columns(
    access: PartitionAccess, node_type: str, columns: Sequence[str], gids: Ints
) -> dict[str, ShardArray]:
    """Columns of nodes given by global id, each aligned with ``gids``, in one call per owner.

    What the node's hot rows hold is read from them (see `graphray.reading.node_cache`).
    """
    table = nodes_table(node_type)
    mapped = access.mapped([ArrayKey(table, column) for column in columns])
    is_local = all(arrays is not None for arrays in mapped)
    of = RowsOf(node_type)
    hot = None if is_local else access.cache.hot_rows(of)
    rows = TableRows(table, access.book.node_offsets[node_type], gids)
    read = read_rows(rows, columns, mapped, hot, access.call_all)
    if not is_local and not all(column.startswith(RESERVED_PREFIX) for column in columns):
        access.cache.note(of, read.elsewhere, read.hits, read.misses)
    return read.columns


def edge_column(
    access: PartitionAccess, relation: Relation, direction: Direction, column: str, positions: Ints
) -> ShardArray:
    """A column of edges given by position, aligned with ``positions``."""
    return edge_columns(access, relation, direction, [column], positions)[column]


def edge_columns(
    access: PartitionAccess,
    relation: Relation,
    direction: Direction,
    columns: Sequence[str],
    positions: Ints,
) -> dict[str, ShardArray]:
    """Columns of edges given by position, as `node_columns`; edges are not cached."""
    table = edges_table(relation, direction)
    mapped = access.mapped([ArrayKey(table, column) for column in columns])
    rows = TableRows(table, access.book.edge_offsets[relation, direction], positions)
    return read_rows(rows, columns, mapped, None, access.call_all).columns


def node_values(
    access: PartitionAccess, node_type: str, columns: Sequence[str], gids: Ints
) -> dict[str, Values]:
    """Properties of nodes as they are handed out (see `graphray.reading.column_values`).

    Raises:
        ColumnNotFound: where the node type has no such column.
    """
    kind = access.schema.node_type(node_type)
    words = {c: require_column(kind.columns, c, f"node type {node_type!r}").dtype for c in columns}
    found = node_columns(access, node_type, columns, gids)
    return {column: column_values(found[column], words[column]) for column in columns}


def find_nodes(access: PartitionAccess, node_type: str, ids: Any) -> Ints:
    """The global ids of users' ids, as ``int64[n]``.

    Raises:
        NodeNotFound: naming the first ids that the graph does not have.
        ArgumentError: where the ids are of the wrong kind.
    """
    user_ids = as_user_ids(ids, access.schema.node_type(node_type).id_kind)
    found = look_up(access, node_type, user_ids)
    missing = np.flatnonzero(found == NOT_FOUND)
    if len(missing):
        named = _pick(user_ids, missing[:_NAMED_IN_ERRORS_MAX]).tolist()
        more = len(missing) - len(named)
        raise NodeNotFound(
            f"{len(missing)} of {len(found)} ids are no nodes of type {node_type!r}: "
            f"{', '.join(map(repr, named))}{f' and {more} more' if more else ''}",
            node_type=node_type,
            ids=named,
        )
    return found


def look_up(access: PartitionAccess, node_type: str, user_ids: UserIds) -> Ints:
    """The global ids of users' ids, as ``int64[n]``; `NOT_FOUND` for those that are not there."""
    holders = (index_keys(user_ids) % np.uint64(access.book.parts)).astype(np.int64)
    table = index_table(node_type)
    keys = [ArrayKey(table, KEY), ArrayKey(table, GID)]
    if not isinstance(user_ids, np.ndarray):
        keys.append(ArrayKey(table, ID))

    def request(rows: Ints) -> Request[Ints]:
        return FindIds(node_type, _pick(user_ids, rows))

    found = np.full(len(holders), NOT_FOUND, np.int64)
    for rows, answer in ask_owners(access, keys, holders, request):
        found[rows] = answer
    return found


def user_ids_of(access: PartitionAccess, node_type: str, gids: Ints) -> npt.NDArray[Any]:
    """Users' ids of global ids: ``int64[n]``, or ``object[n]`` of strings."""
    return to_numpy(node_column(access, node_type, ID, gids))


def to_numpy(array: ShardArray) -> npt.NDArray[Any]:
    """A NumPy array of whatever a column holds; strings and nulls become objects."""
    return array if isinstance(array, np.ndarray) else array.to_numpy(zero_copy_only=False)


def to_arrow(array: ShardArray, words: str = "") -> pa.Array:
    """An Arrow array of whatever a column holds; a matrix becomes fixed-size lists.

    Args:
        array: rows of a column.
        words: the column's type in the schema, without which bfloat16 stays its bits.
    """
    return from_bits(as_arrow(array), words)


def ask_owners(
    access: PartitionAccess,
    keys: list[ArrayKey],
    owners: Ints,
    request: Callable[[Ints], Request[Any]],
    empty_part: int | None = None,
) -> Iterator[tuple[Ints, Any]]:
    """Run one request per owner, here where its arrays are mapped, else at the owner.

    Args:
        access: the graph.
        keys: the arrays that the request reads; none to ask the owners, and map nothing.
        owners: ``int64[n]``, the partition that each row asked about belongs to.
        request: makes the request for some of the rows.
        empty_part: a partition to ask even where no row is its own.

    Yields:
        Which of the rows asked about a piece answers (in rising order), and the answer.
    """
    groups = dict(_groups(owners))
    if empty_part is not None:
        groups.setdefault(empty_part, np.zeros(0, np.int64))
    mapped = access.mapped(keys) if keys else [None] * access.book.parts
    remote = {part: request(at) for part, at in groups.items() if mapped[part] is None}
    answers = access.call_all(remote) if remote else {}
    for part, at in groups.items():
        arrays = mapped[part]
        if arrays is None:
            yield at, answers[part]
        else:
            view = ShardView(part, access.schema, access.book, MappedShard(arrays))
            yield at, request(at).run(view)


def _groups(owners: Ints) -> Iterator[tuple[int, Ints]]:
    """The rows of each owner, for owners that have any."""
    if len(owners) == 0:
        return
    order = np.argsort(owners, kind="stable")
    starts = np.flatnonzero(np.diff(owners[order], prepend=-1))
    for at in np.split(order, starts[1:]):
        yield int(owners[at[0]]), at


def _pick(ids: UserIds, rows: Ints) -> UserIds:
    return ids[rows] if isinstance(ids, np.ndarray) else ids.take(pa.array(rows))


class MappedShard:
    """A shard whose arrays are already in this process."""

    def __init__(self, arrays: dict[ArrayKey, ShardArray]) -> None:
        self._arrays = arrays

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name."""
        return self._arrays[key]
