"""Where nodes are: from users' ids to (owner partition, stable id).

Neither ever changes, so the base version that this process has mapped answers for all nodes that it
knows, without a call; that one of them has been deleted since is noticed by its owner, who has the
last word in any case. What the base does not know is asked of the homes of the ids, in one call
each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.keys import home_parts
from graphray.changes.queries import Locate, Places
from graphray.client.changes.questions import Asks
from graphray.id_index import NOT_FOUND, find_gids
from graphray.ids import UserIds
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import MappedShard
from graphray.shard import GID, ID, KEY, STABLE, ArrayKey, index_table, nodes_table

Ints = npt.NDArray[np.int64]
Parts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NOWHERE = -1


class NodePlaces(NamedTuple):
    """Where some nodes are.

    Attributes:
        part: ``int32[n]``, the owner, or `NOWHERE`.
        stable: ``int64[n]``, the stable id.
    """

    part: Parts
    stable: Ints

    @classmethod
    def nowhere(cls, count: int) -> NodePlaces:
        """That many that are not there."""
        return cls(np.full(count, NOWHERE, np.int32), np.zeros(count, np.int64))

    @property
    def missing(self) -> Flags:
        """Which are not there."""
        return self.part == NOWHERE

    def take(self, rows: Any) -> NodePlaces:
        """Those of some rows."""
        return NodePlaces(self.part[rows], self.stable[rows])

    def put(self, rows: Any, places: NodePlaces) -> None:
        """Fill rows in."""
        self.part[rows], self.stable[rows] = places


class BasePlaces:
    """Looks nodes up in what this process has mapped of a base version.

    Args:
        access: the graph as of that version.
    """

    def __init__(self, access: PartitionAccess) -> None:
        self._access = access

    def find(self, node_type: str, ids: UserIds) -> NodePlaces:
        """Where nodes of the base are; those that are not in it, or not mapped here, nowhere."""
        access, table = self._access, index_table(node_type)
        keys = [ArrayKey(table, KEY), ArrayKey(table, GID)]
        if not isinstance(ids, np.ndarray):
            keys.append(ArrayKey(table, ID))
        mapped = access.mapped(keys)
        if access.book.parts == 1 and mapped[0] is not None:
            return self._of_gids(node_type, find_gids(MappedShard(mapped[0]), node_type, ids))
        gids = np.full(len(ids), NOT_FOUND, np.int64)
        for part, rows in by_part(home_parts(ids, access.book.parts)).items():
            arrays = mapped[part]
            if arrays is not None:
                gids[rows] = find_gids(MappedShard(arrays), node_type, pick_ids(ids, rows))
        return self._of_gids(node_type, gids)

    def _of_gids(self, node_type: str, gids: Ints) -> NodePlaces:
        access, stable_key = self._access, ArrayKey(nodes_table(node_type), STABLE)
        places = NodePlaces.nowhere(len(gids))
        known = (gids != NOT_FOUND).nonzero()[0]
        if len(known) == 0:
            return places
        owners = access.book.owner(node_type, gids[known])
        mapped = access.mapped([stable_key])
        for part, rows in by_part(owners).items():
            arrays = mapped[part]
            if arrays is not None:
                first, _ = access.book.node_range(node_type, part)
                stable: Any = arrays[stable_key]
                at = known[rows]
                places.part[at] = part
                places.stable[at] = stable[gids[at] - first]
        return places


def located(asks: Asks, parts: int, node_type: str, ids: UserIds) -> NodePlaces:
    """Where nodes are now, asked of the homes of their ids.

    Args:
        asks: whom to ask.
        parts: the number of partitions.
        node_type: the nodes' type.
        ids: users' ids.
    """
    places = NodePlaces.nowhere(len(ids))
    groups = by_part(home_parts(ids, parts))
    answers = asks.ask({p: Locate(node_type, pick_ids(ids, rows)) for p, rows in groups.items()})
    for part, rows in groups.items():
        answer = answers[part]
        assert isinstance(answer, Places)
        there = rows[answer.exists]
        places.part[there] = answer.part[answer.exists]
        places.stable[there] = answer.stable[answer.exists]
    return places


def by_part(parts: npt.NDArray[Any]) -> dict[int, Ints]:
    """The rows of each partition, in rising order.

    >>> {part: rows.tolist() for part, rows in by_part(np.array([1, 0, 1])).items()}
    {0: [1], 1: [0, 2]}
    """
    if len(parts) == 0:
        return {}
    first = int(parts[0])
    if len(parts) == 1 or (parts == first).all():
        return {first: np.arange(len(parts))}
    order = np.argsort(parts, kind="stable")
    starts = np.flatnonzero(np.diff(parts[order])) + 1
    return {int(parts[rows[0]]): rows for rows in np.split(order, starts)}


def pick_ids(ids: UserIds, rows: Any) -> UserIds:
    """Some of the ids."""
    return ids[rows] if isinstance(ids, np.ndarray) else ids.take(pa.array(rows))
