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
def group_members(
    label: npt.NDArray[np.uint32], nodes: npt.NDArray[np.uint32], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """The nodes of each cluster: ``bounds int64[count + 1]`` into ``members uint32[:]``."""
    bounds = np.zeros(count + 1, np.int64)
    for i in range(len(nodes)):
        bounds[label[nodes[i]] + 1] += 1
    for cluster in range(count):
        bounds[cluster + 1] += bounds[cluster]
    cursor = bounds[:-1].copy()
    members = np.empty(len(nodes), np.uint32)
    for i in range(len(nodes)):
        cluster = label[nodes[i]]
        members[cursor[cluster]] = nodes[i]
        cursor[cluster] += 1
    return bounds, members


@kernel
def contract_rows(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    label: npt.NDArray[np.uint32],
    bounds: npt.NDArray[np.int64],
    members: npt.NDArray[np.uint32],
    start: int,
    stop: int,
    lengths: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The rows of clusters ``start : stop`` in the coarser graph.

    Args:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        label: ``uint32[n]``.
        bounds: ``int64[count + 1]``, of each cluster in `members`.
        members: ``uint32[:]``.
        start: first cluster.
        stop: last cluster plus 1.
        lengths: ``int64[count]``, filled with the length of each row.

    Returns:
        Neighbours and weights of these rows, ``uint32[:]`` each.
    """
    capacity = 0
    for i in range(bounds[start], bounds[stop]):
        capacity += indptr[members[i] + 1] - indptr[members[i]]
    coarse_neighbours = np.empty(capacity, np.uint32)
    coarse_weights = np.empty(capacity, np.uint32)
    last_seen = np.full(len(lengths), -1, np.int64)
    filled = 0
    for cluster in range(start, stop):
        row_start = filled
        for i in range(bounds[cluster], bounds[cluster + 1]):
            for e in range(indptr[members[i]], indptr[members[i] + 1]):
                other = label[neighbours[e]]
                if other == cluster:
                    continue
                weight = np.uint32(1) if weights is None else weights[e]
                seen = last_seen[other]
                if seen >= row_start:
                    coarse_weights[seen] += weight
                else:
                    last_seen[other] = filled
                    coarse_neighbours[filled] = other
                    coarse_weights[filled] = weight
                    filled += 1
        lengths[cluster] = filled - row_start
    return coarse_neighbours[:filled].copy(), coarse_weights[:filled].copy()
