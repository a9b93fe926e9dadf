"""Finding resources whatever their node type, with one call per partition.

An id lies in the index of the same partition under every node type (`graphray.shard`), so that a
single request asks for all types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ids import UserIds, as_user_ids, index_keys
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import ask_owners
from graphray.reading.operations import NOT_FOUND, FindIds, ShardView
from graphray.shard import GID, ID, KEY, ArrayKey, index_table

Ints = npt.NDArray[np.int64]


class Resource(NamedTuple):
    """A resource as it is stored: its node type and global id."""

    node_type: str
    gid: int


@dataclass(frozen=True)
class FindAmong:
    """Look string ids up under several node types, in the index that a partition holds."""

    node_types: tuple[str, ...]
    ids: UserIds

    def run(self, view: ShardView) -> Ints:
        """Type and global id of each, as ``int64[n, 2]``; `NOT_FOUND` where there is none."""
        found = np.full((len(self.ids), 2), NOT_FOUND, np.int64)
        for code, node_type in enumerate(self.node_types):
            gids = FindIds(node_type, self.ids).run(view)
            here = gids != NOT_FOUND
            found[here, 0] = code
            found[here, 1] = gids[here]
            if (found[:, 0] != NOT_FOUND).all():
                break
        return found


def find_resources(
    access: PartitionAccess, node_types: Sequence[str], ids: Sequence[str]
) -> tuple[Ints, Ints]:
    """Which of some node types each id is of, and its global id.

    Args:
        access: the graph.
        node_types: types with string ids, the largest first for speed; no id is of two of them.
        ids: users' ids.

    Returns:
        ``int64[n]`` positions in ``node_types`` and ``int64[n]`` global ids; `NOT_FOUND` where no
        type has the id.
    """
    user_ids = as_user_ids(ids, "string")
    holders = (index_keys(user_ids) % np.uint64(access.book.parts)).astype(np.int64)
    keys = [
        ArrayKey(index_table(node_type), column)
        for node_type in node_types
        for column in (KEY, GID, ID)
    ]
    found = np.full((len(user_ids), 2), NOT_FOUND, np.int64)
    for rows, answer in ask_owners(
        access, keys, holders, lambda at: FindAmong(tuple(node_types), user_ids.take(pa.array(at)))
    ):
        found[rows] = answer
    return found[:, 0], found[:, 1]
