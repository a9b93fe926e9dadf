"""Nodes in the order of the build's input: the one order that no partitioning changes.

Stable ids rise in that order. As long as no node has been deleted they *are* the rows of the input;
after that they have gaps, and a node's row is the number of nodes with a smaller stable id.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.reading.gather import node_column
from graphray.shard import STABLE

Ints = npt.NDArray[np.int64]

_known: WeakKeyDictionary[PartitionAccess, dict[str, Ints | None]] = WeakKeyDictionary()


def stable_ids(access: PartitionAccess, node_type: str, gids: Ints) -> Ints:
    """The stable ids of nodes given by global id, ``int64[len(gids)]``."""
    return np.asarray(node_column(access, node_type, STABLE, gids), np.int64)


def gids_in_input_order(access: PartitionAccess, node_type: str) -> Ints:
    """The global id of every node of a type, ``int64[n]``, in the order of the build's input."""
    every = np.arange(access.book.num_nodes(node_type))
    stable = stable_ids(access, node_type, every)
    if _has_gaps(access, node_type):
        return np.argsort(stable)
    ordered = np.empty_like(every)
    ordered[stable] = every
    return ordered


def input_rows(access: PartitionAccess, node_type: str, gids: Ints) -> Ints:
    """The place of nodes among all in the order of the build's input, ``int64[len(gids)]``."""
    stable = stable_ids(access, node_type, gids)
    existing = _stable_ids_with_gaps(access, node_type)
    return stable if existing is None else np.searchsorted(existing, stable)


def _stable_ids_with_gaps(access: PartitionAccess, node_type: str) -> Ints | None:
    """All stable ids of a type, rising; None where they are those from 0 on."""
    by_type = _known.setdefault(access, {})
    if node_type not in by_type:
        found = None
        if _has_gaps(access, node_type):
            every = np.arange(access.book.num_nodes(node_type))
            found = np.sort(stable_ids(access, node_type, every))
        by_type[node_type] = found
    return by_type[node_type]


def _has_gaps(access: PartitionAccess, node_type: str) -> bool:
    """Whether some stable id is not used: they rise within a partition, so its last is enough."""
    offsets = access.book.node_offsets[node_type]
    last = np.unique(offsets[1:][np.diff(offsets) > 0]) - 1
    return bool(len(last)) and int(stable_ids(access, node_type, last).max()) >= int(offsets[-1])
