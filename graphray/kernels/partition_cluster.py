"""One round of label propagation under size limits: every node asks for its neighbours' cluster.

Meyerhenke, Sanders and Schulz, "Partitioning Complex Networks via Size-Constrained Clustering",
SEA 2014. A round goes in batches, each in two steps. `propose_clusters` reads the labels as they
were when the batch began, so that threads may share it and the outcome does not depend on how many
they are; `accept_clusters` then moves the nodes in order, as far as the limits allow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

# Longer rows are hubs: they lie between communities, so others may join them but they join nobody.
ROW_MAX = 1024
# Labels are counted in a table that stays in the cache, by their low bits; few bits for most rows,
# so that the table stays in the nearest. Labels that agree in these bits are counted together:
# rare, and at worst a poorer choice.
_LOW_BITS = np.uint32(2**14 - 1)
_LOW_BITS_SHORT = np.uint32(2**11 - 1)
_SHORT_ROW = 64
_BLOCK = 2**14

_ONE32 = np.uint32(1)
_ZERO32 = np.uint32(0)
_HALF = np.uint64(32)
_STAY = np.uint32(0xFFFFFFFF)


@kernel
def propose_clusters(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    label: npt.NDArray[np.uint32],
    full: npt.NDArray[np.uint8],
    salt: np.uint32,
    nodes: npt.NDArray[np.uint32],
    start: int,
    stop: int,
    proposal: npt.NDArray[np.uint32],
    settled: npt.NDArray[np.bool_],
) -> tuple[int, int]:
    """Find the cluster that holds most of each node's edge weight; its own one wins ties.

    Args:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        label: ``uint32[n]``, the cluster of each node.
        full: ``uint8[n]``, 1 for clusters that take nobody in.
        salt: orders the other clusters of equal weight.
        nodes: ``uint32[:]``; those at positions ``start : stop`` are looked at.
        start: first position.
        stop: last position plus 1.
        proposal: ``uint32[len(nodes)]``, filled at these positions.
        settled: ``bool[len(nodes)]``, set for nodes with most of their weight to one cluster.

    Returns:
        The edge weight between these nodes and the clusters proposed, and all their edge weight.
    """
    table = np.zeros(_LOW_BITS + 1, np.uint32)
    gathered = np.empty(_BLOCK, np.uint32)
    kept: Any = 0
    total: Any = 0
    block = start
    while block < stop:
        # A block's labels are gathered first: independent loads, which the processor overlaps.
        filled = 0
        block_stop = block
        while block_stop < stop and filled + ROW_MAX <= _BLOCK:
            row = indptr[nodes[block_stop]]
            length = indptr[nodes[block_stop] + 1] - row
            if length <= ROW_MAX:
                for j in range(length):
                    gathered[filled + j] = label[neighbours[row + j]]
                filled += length
            block_stop += 1

        filled = 0
        for i in range(block, block_stop):
            v = nodes[i]
            row = indptr[v]
            length = indptr[v + 1] - row
            own = label[v]
            proposal[i] = own
            if length > ROW_MAX:
                continue
            low_bits = _LOW_BITS_SHORT if length <= _SHORT_ROW else _LOW_BITS
            row_total: Any = 0
            for j in range(length):
                weight = _ONE32 if weights is None else weights[row + j]
                table[gathered[filled + j] & low_bits] += weight
                row_total += weight
            # Weight in the upper half, preference in the lower: one maximum without branches.
            stay = (np.uint64(table[own & low_bits]) << _HALF) | np.uint64(_STAY)
            best = stay
            for j in range(length):
                cluster = gathered[filled + j]
                key = (np.uint64(table[cluster & low_bits]) << _HALF) | np.uint64(cluster ^ salt)
                best = max(best, key)
            if best != stay and full[np.uint32(best) ^ salt]:
                best = stay
                for j in range(length):
                    cluster = gathered[filled + j]
                    if not full[cluster]:
                        weight = np.uint64(table[cluster & low_bits])
                        best = max(best, (weight << _HALF) | np.uint64(cluster ^ salt))
            for j in range(length):
                table[gathered[filled + j] & low_bits] = _ZERO32
            row_kept = np.int64(best >> _HALF)
            settled[i] = 2 * row_kept > row_total
            kept += row_kept
            total += row_total
            if best != stay:
                proposal[i] = np.uint32(best) ^ salt
            filled += length
        block = block_stop
    return kept, total


@kernel
def accept_clusters(
    nodes: npt.NDArray[np.uint32],
    start: int,
    stop: int,
    proposal: npt.NDArray[np.uint32],
    node_weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    label: npt.NDArray[np.uint32],
    cluster_weights: npt.NDArray[np.uint32],
    full: npt.NDArray[np.uint8],
) -> int:
    """Move nodes to the clusters proposed, in order, as long as these stay within the limits.

    Args:
        nodes: ``uint32[:]``.
        start: first position.
        stop: last position plus 1.
        proposal: ``uint32[len(nodes)]``.
        node_weights: ``uint32[n, k]``, size, load and further weights of each node.
        limits: ``int64[k]``, most that each may sum to in a cluster, below 2**32.
        label: ``uint32[n]``, changed.
        cluster_weights: ``uint32[n, k]``, sums per cluster, changed.
        full: ``uint8[n]``, set for clusters that had to refuse.

    Returns:
        The number of nodes moved.
    """
    moved = 0
    for i in range(start, stop):
        v = nodes[i]
        cluster, own = proposal[i], label[v]
        if cluster == own:
            continue
        room = True
        for c in range(len(limits)):
            joined = np.int64(cluster_weights[cluster, c]) + np.int64(node_weights[v, c])
            room &= joined <= limits[c]
        if not room:
            full[cluster] = 1
            continue
        for c in range(len(limits)):
            cluster_weights[cluster, c] += node_weights[v, c]
            cluster_weights[own, c] -= node_weights[v, c]
        label[v] = cluster
        moved += 1
    return moved
