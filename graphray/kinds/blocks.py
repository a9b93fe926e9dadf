"""All nodes of a type, a block at a time: whoever reads them all holds no more than one block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess

BLOCK_NODES = 1 << 16


def blocks_of(access: PartitionAccess, node_type: str) -> Iterator[npt.NDArray[np.int64]]:
    """The global ids of a node type, in rising order, up to `BLOCK_NODES` at a time."""
    count = access.book.num_nodes(node_type)
    for start in range(0, count, BLOCK_NODES):
        yield np.arange(start, min(start + BLOCK_NODES, count))
