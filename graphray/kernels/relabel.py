"""From global ids to the small numbers of one batch, without a hash table.

A slot per node of the graph holds ``stamp << bits | local``: the batch that last saw the node, and
the number it got there. A slot of another stamp counts as empty, so nothing has to be cleared until
the stamps run out. That is one random access per sampled edge.

Slots are 32 bits wide, 22 of them for the local number: half the memory and a quarter less time, as
more of the table stays in the cache. A batch of more nodes takes slots of 64 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.memory import prefetch

Ints = npt.NDArray[np.int64]

NARROW, WIDE = np.dtype(np.uint32), np.dtype(np.int64)
LOCAL_BITS = {NARROW: 22, WIDE: 32}
MAX_STAMP = {NARROW: 2**10 - 1, WIDE: 2**31 - 1}
_LOOK_AHEAD = 64


@inlined
def _local_bits(slots: Any) -> Any:
    # A constant of the compiled kernel: the width is part of the array's type.
    return 22 if slots.itemsize == 4 else 32


@kernel
def number_nodes(gids: Ints, slots: npt.NDArray[Any], stamp: int, nodes: Ints, count: int) -> int:
    """Give every node a local number; a node that has one already keeps it.

    Args:
        gids: ``int64[n]``, global ids, repeats allowed.
        slots: the table, `NARROW` or `WIDE` ``[nodes of the type]``.
        stamp: this batch's stamp, from 1 to the `MAX_STAMP` of the table's dtype.
        nodes: filled from ``count`` on with the global ids of new nodes.
        count: how many nodes of the type the batch has so far.

    Returns:
        How many it has now.
    """
    bits = _local_bits(slots)
    for gid in gids:
        if np.int64(slots[gid]) >> bits != stamp:
            slots[gid] = (stamp << bits) | count
            nodes[count] = gid
            count += 1
    return count


@kernel
def number_edges(
    neighbors: npt.NDArray[Any],
    bounds: Ints,
    first_row: int,
    slots: npt.NDArray[Any],
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
    for row in range(len(bounds) - 1):
        for at in range(bounds[row], bounds[row + 1]):
            near[at] = first_row + row
    # A loop of its own, because rows are short: where one ends, the processor guesses wrong.
    base = slots.ctypes.data
    bits = _local_bits(slots)
    local_mask = (1 << bits) - 1
    total = len(neighbors)
    for at in range(total):
        if at + _LOOK_AHEAD < total:
            prefetch(base + np.int64(neighbors[at + _LOOK_AHEAD]) * slots.itemsize)
        gid = np.int64(neighbors[at])
        slot = np.int64(slots[gid])
        # Whether a node is new is a coin toss that a branch predictor loses every other time,
        # so both outcomes are written without a branch: a known node rewrites its own slot,
        # and the entry after the last node is overwritten by the next new one.
        known: Any = np.int64(slot >> bits == stamp)
        local = known * (slot & local_mask) + (1 - known) * count
        slots[gid] = (stamp << bits) | local
        nodes[count] = gid
        count += 1 - known
        far[at] = local
    return count
