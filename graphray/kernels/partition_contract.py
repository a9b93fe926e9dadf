"""Contraction: clusters become the nodes of a coarser graph, parallel edges add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_UNSEEN = np.uint32(0xFFFFFFFF)


@kernel
def number_clusters(label: npt.NDArray[np.uint32], nodes: npt.NDArray[np.uint32]) -> int:
    """Renumber the labels of `nodes` to ``0 .. count - 1`` in order of appearance, in place.

    All other nodes get the label ``count``. Returns the count.
    """
    number = np.full(len(label), _UNSEEN, np.uint32)
    count = np.uint32(0)
    for i in range(len(nodes)):
        cluster = label[nodes[i]]
        if number[cluster] == _UNSEEN:
            number[cluster] = count
            count += np.uint32(1)
    renumbered = np.full(len(label), count, np.uint32)
    for i in range(len(nodes)):
        renumbered[nodes[i]] = number[label[nodes[i]]]
    label[:] = renumbered
    return int(count)


@kernel
def crossing_edges(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    label: npt.NDArray[np.uint32],
    nodes: npt.NDArray[np.uint32],
    start: int,
    stop: int,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The edges between clusters, each once: from the rows of the lower cluster's nodes.

    Args:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        label: ``uint32[n]``, the cluster of each node.
        nodes: ``uint32[:]``; those at positions ``start : stop`` are looked at.
        start: first position.
        stop: last position plus 1.

    Returns:
        The lower cluster, the higher cluster and the weight of each edge, ``uint32[:]`` each.
    """
    capacity = 1
    for i in range(start, stop):
        capacity += indptr[nodes[i] + 1] - indptr[nodes[i]]
    low = np.empty(capacity, np.uint32)
    high = np.empty(capacity, np.uint32)
    edge_weights = np.empty(capacity, np.uint32)
    filled = 0
    for i in range(start, stop):
        cluster = label[nodes[i]]
        for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            other = label[neighbours[e]]
            # Written always and kept where it counts: nothing for the processor to guess.
            low[filled], high[filled] = cluster, other
            edge_weights[filled] = np.uint32(1) if weights is None else weights[e]
            filled += cluster < other
    return low[:filled].copy(), high[:filled].copy(), edge_weights[:filled].copy()
