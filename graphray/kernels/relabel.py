"""From global ids to the small numbers of one batch, without a hash table.

A slot per node of the graph holds ``stamp << 32 | local``: the batch that last saw the node, and
the number it got there. A slot of an older stamp counts as empty, so nothing is ever cleared. One
random access per sampled edge, and the table costs 8 bytes a node and thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.memory import prefetch

Ints = npt.NDArray[np.int64]

MAX_STAMP = 2**31 - 1
_LOCAL_MASK = 0xFFFFFFFF
_LOOK_AHEAD = 32


@kernel
def number_nodes(gids: Ints, slots: Ints, stamp: int, nodes: Ints, count: int) -> int:
    """Give every node a local number; a node that has one already keeps it.

    Args:
        gids: ``int64[n]``, global ids, repeats allowed.
        slots: ``int64[nodes of the type]``, the table.
        stamp: this batch's stamp, in 1..`MAX_STAMP`.
        nodes: filled from ``count`` on with the global ids of new nodes.
        count: how many nodes of the type the batch has so far.

    Returns:
        How many it has now.
    """
    for gid in gids:
        if slots[gid] >> 32 != stamp:
            slots[gid] = (stamp << 32) | count
            nodes[count] = gid
            count += 1
    return count


@kernel
def number_edges(
    neighbors: npt.NDArray[Any],
    bounds: Ints,
    first_row: int,
    slots: Ints,
    stamp: int,
    nodes: Ints,
    count: int,
    near: Ints,
    far: Ints,
) -> int:
    """Give the drawn neighbours of a frontier their local numbers, and write the edges in them.

    Args:
        neighbors: global ids, row after row.
        bounds: ``int64[rows + 1]``, the draws of each row.
        first_row: local number of the frontier's first node.
        slots: the table of the neighbours' node type.
        stamp: this batch's stamp.
        nodes: filled from ``count`` on with new nodes; room for ``count + len(neighbors) + 1``.
        count: how many nodes of the neighbours' type the batch has so far.
        near: filled with the local number of the frontier's end of each edge.
        far: filled with the local number of the neighbour's end.

    Returns:
        How many nodes of the neighbours' type the batch has now.
    """
    base = slots.ctypes.data
    total = len(neighbors)
    for row in range(len(bounds) - 1):
        for at in range(bounds[row], bounds[row + 1]):
            if at + _LOOK_AHEAD < total:
                prefetch(base + np.int64(neighbors[at + _LOOK_AHEAD]) * 8)
            gid = np.int64(neighbors[at])
            slot = slots[gid]
            # Whether a node is new is a coin toss that a branch predictor loses every other time,
            # so both outcomes are written without a branch: a known node rewrites its own slot,
            # and the entry after the last node is overwritten by the next new one.
            known: Any = np.int64(slot >> 32 == stamp)
            local = known * (slot & _LOCAL_MASK) + (1 - known) * count
            slots[gid] = (stamp << 32) | local
            nodes[count] = gid
            count += 1 - known
            near[at] = first_row + row
            far[at] = local
    return count
