"""Reading columns and finding ids over all partitions: from mapped arrays, else from the owners."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.access import PartitionAccess
from graphray.errors import NodeNotFound
from graphray.ids import UserIds, as_user_ids, index_keys
from graphray.operations import NOT_FOUND, FindIds, Request, ShardView, TakeRows
from graphray.schema import Direction, Relation
from graphray.shard import (
    GID,
    ID,
    KEY,
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
    owners = access.book.owner(node_type, gids)
    rows = gids - access.book.node_offsets[node_type][owners]
    return _gather(access, ArrayKey(nodes_table(node_type), column), owners, rows)


def edge_column(
    access: PartitionAccess, relation: Relation, direction: Direction, column: str, positions: Ints
) -> ShardArray:
    """A column of edges given by position, aligned with ``positions``."""
    adjacency = (relation, direction)
    owners = access.book.edge_owner(adjacency, positions)
    rows = positions - access.book.edge_offsets[adjacency][owners]
    return _gather(access, ArrayKey(edges_table(relation, direction), column), owners, rows)


def find_nodes(access: PartitionAccess, node_type: str, ids: Any) -> Ints:
    """The global ids of users' ids, as ``int64[n]``.

    Raises:
        NodeNotFound: naming the first ids that the graph does not have.
        ArgumentError: where the ids are of the wrong kind.
    """
    user_ids = as_user_ids(ids, access.schema.node_type(node_type).id_kind)
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


def user_ids_of(access: PartitionAccess, node_type: str, gids: Ints) -> npt.NDArray[Any]:
    """Users' ids of global ids: ``int64[n]``, or ``object[n]`` of strings."""
    return to_numpy(node_column(access, node_type, ID, gids))


def to_numpy(array: ShardArray) -> npt.NDArray[Any]:
    """A NumPy array of whatever a column holds; strings and nulls become objects."""
    return array if isinstance(array, np.ndarray) else array.to_numpy(zero_copy_only=False)


def to_arrow(array: ShardArray) -> pa.Array:
    """An Arrow array of whatever a column holds; a matrix becomes fixed-size lists."""
    if not isinstance(array, np.ndarray):
        return array
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), array.shape[1])


def _gather(access: PartitionAccess, key: ArrayKey, owners: Ints, rows: Ints) -> ShardArray:
    pieces = list(ask_owners(access, [key], owners, lambda at: TakeRows(key, rows[at])))
    if not pieces:
        # Nothing asked for: any partition knows the dtype.
        nothing = np.zeros(0, np.int64)
        pieces = list(ask_owners(access, [key], nothing, lambda at: TakeRows(key, at), 0))
    return merge([at for at, _ in pieces], [answer for _, answer in pieces])


def merge(places: list[Ints], pieces: list[ShardArray]) -> ShardArray:
    """Put pieces of a column back in the order in which they were asked for.

    Args:
        places: where in the whole the rows of each piece go, rising within a piece.
        pieces: the pieces, one or more.
    """
    if len(pieces) == 1:
        return pieces[0]
    if all(isinstance(piece, np.ndarray) for piece in pieces):
        out = np.empty((sum(map(len, places)), *pieces[0].shape[1:]), pieces[0].dtype)
        for place, piece in zip(places, pieces, strict=True):
            out[place] = piece
        return out
    # One partition may have nulls in a column where another has none.
    joined = pa.concat_arrays([to_arrow(piece) for piece in pieces])
    return joined.take(pa.array(np.argsort(np.concatenate(places), kind="stable")))


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
