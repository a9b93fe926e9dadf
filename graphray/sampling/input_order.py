"""Nodes in the order of the build's input: the one order that no partitioning changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.reading.gather import node_column
from graphray.shard import STABLE

Ints = npt.NDArray[np.int64]


def gids_in_input_order(access: PartitionAccess, node_type: str) -> Ints:
    """The global id of every node of a type, ``int64[n]`` by stable id (its row in the input)."""
    gids = np.arange(access.book.num_nodes(node_type))
    ordered = np.empty_like(gids)
    ordered[input_rows(access, node_type, gids)] = gids
    return ordered


def input_rows(access: PartitionAccess, node_type: str, gids: Ints) -> Ints:
    """The stable ids of nodes given by global id, ``int64[len(gids)]``."""
    return np.asarray(node_column(access, node_type, STABLE, gids), np.int64)
