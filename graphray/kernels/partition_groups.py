"""Nodes choose their partition while groups of nodes, such as levels, are balanced one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def settle_groups(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    group: npt.NDArray[np.int32],
    limits: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    part: npt.NDArray[np.int32],
    filled: npt.NDArray[np.int64],
) -> int:
    """Let each node go where most of its edge weight is, among the partitions with room.

    A partition that holds its limit of a group takes none of it in; where it holds more, whoever
    of the group is looked at has to leave. Of equal partitions a node's own comes first, then the
    one that holds least of the group.

    Args:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``.
        group: ``int32[n]``.
        limits: ``int64[groups, parts]``, the most nodes of a group in each partition; partitions
            together have room for all of them.
        order: ``int64[:]``, in which nodes choose.
        part: ``int32[n]``, changed.
        filled: ``int64[groups, parts]``, nodes of each group in each partition; changed.

    Returns:
        By how much the edge weight between partitions has fallen; negative where it rose.
    """
    connections = np.zeros(filled.shape[1], np.int64)
    fallen = 0
    for v in order:
        row = filled[group[v]]
        limit = limits[group[v]]
        own = part[v]
        connections[:] = 0
        for e in range(indptr[v], indptr[v + 1]):
            connections[part[neighbours[e]]] += weights[e]
        best = own if row[own] <= limit[own] else -1
        for p in range(len(row)):
            if p == own or row[p] >= limit[p]:
                continue
            if (
                best < 0
                or connections[p] > connections[best]
                or (connections[p] == connections[best] and best != own and row[p] < row[best])
            ):
                best = p
        if best != own:
            row[own] -= 1
            row[best] += 1
            part[v] = best
            fallen += connections[best] - connections[own]
    return fallen


@kernel
def cut_weight(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    part: npt.NDArray[np.int32],
) -> int:
    """The edge weight between partitions, each edge counted from both ends."""
    cut: Any = np.int64(0)
    for v in range(len(part)):
        for e in range(indptr[v], indptr[v + 1]):
            if part[neighbours[e]] != part[v]:
                cut += weights[e]
    return cut
