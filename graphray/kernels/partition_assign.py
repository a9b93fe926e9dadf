"""Nodes choose their partition: the one step that streaming and refinement share.

Like clustering it goes in batches of two steps: `count_connections` reads the assignment as it was
when the batch began and may be shared among threads; `choose_parts` then decides in order, with
exact account of how full every partition is. Hence the result is the same for any number of
threads, and no limit is ever overstepped by two nodes that did not know of each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel

_ONE32 = np.uint32(1)
_ZERO32 = np.uint32(0)


@kernel
def count_connections(
    indptr: npt.NDArray[np.int64],
    neighbours: npt.NDArray[np.uint32],
    weights: Any,
    part: npt.NDArray[Any],
    nodes: npt.NDArray[np.uint32],
    start: int,
    stop: int,
    connections: npt.NDArray[np.uint32],
    first: int,
) -> None:
    """Sum each node's edge weight by the partition of the other end.

    Args:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        part: ``uint[n]``, the partition of each node; `parts` where it has none yet.
        nodes: ``uint32[:]``; those at positions ``start : stop`` are looked at.
        start: first position.
        stop: last position plus 1.
        connections: ``uint32[:, parts + 1]``; row ``i - first`` is filled for position i.
        first: the position of row 0.
    """
    for i in range(start, stop):
        row = i - first
        for p in range(connections.shape[1]):
            connections[row, p] = _ZERO32
        for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            weight = _ONE32 if weights is None else weights[e]
            connections[row, part[neighbours[e]]] += weight


@inlined
def has_room(
    filled: npt.NDArray[np.int64],
    limits: npt.NDArray[np.int64],
    p: int,
    weights: npt.NDArray[Any],
) -> bool:
    """Whether a partition stays within all its limits with one node more."""
    room = True
    for c in range(len(weights)):
        room &= filled[p, c] + np.int64(weights[c]) <= limits[p, c]
    return room


@kernel
def choose_parts(
    nodes: npt.NDArray[np.uint32],
    start: int,
    stop: int,
    connections: npt.NDArray[np.uint32],
    node_weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    targets: npt.NDArray[np.float64],
    steering: int,
    pressure: float,
    part: npt.NDArray[Any],
    filled: npt.NDArray[np.int64],
) -> int:
    """Move each node where it has most edge weight, less a penalty for how full the place is.

    The score of a partition is ``connections - pressure * load * filled / target``: Fennel's
    objective with the exponent 2 (Tsourakakis et al., WSDM 2014), on loads instead of nodes. A
    partition at its limit takes nobody in, and one beyond it keeps nobody who could go elsewhere.

    Args:
        nodes: ``uint32[:]``; those at positions ``start : stop`` choose.
        start: first position.
        stop: last position plus 1.
        connections: ``uint32[stop - start, parts + 1]``, from `count_connections`.
        node_weights: ``uint32[n, k]``, size, load and further weights of each node.
        limits: ``int64[parts, k]``, the most that each partition takes of each.
        targets: ``float64[parts]``, how much of the steering weight is wanted in each.
        steering: which of the weights ``filled`` means in the score.
        pressure: weight of the penalty; 0 looks at the cut alone.
        part: ``uint[n]``, changed.
        filled: ``int64[parts, k]``, the sums of each partition, changed.

    Returns:
        By how much edge weight the cut has shrunk, as far as the batch could know.
    """
    parts = len(filled)
    gain: Any = 0
    for i in range(start, stop):
        v = nodes[i]
        row = i - start
        weights = node_weights[v]
        load = np.int64(weights[1])
        own = np.int64(part[v])
        if own < parts:
            for c in range(len(weights)):
                filled[own, c] -= np.int64(weights[c])
        best: Any = -1
        best_score = -np.inf
        for p in range(parts):
            if has_room(filled, limits, p, weights):
                fullness = filled[p, steering] / targets[p]
                score = connections[row, p] - pressure * load * fullness
                if score > best_score or (score == best_score and p == own):
                    best, best_score = p, score
        if best < 0:
            best = own if own < parts else _least_full(filled, limits, weights)
        for c in range(len(weights)):
            filled[best, c] += np.int64(weights[c])
        if best != own:
            part[v] = best
            before = np.int64(connections[row, own]) if own < parts else 0
            gain += np.int64(connections[row, best]) - before
    return gain


@kernel
def fill_parts(
    nodes: npt.NDArray[np.uint32],
    node_weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    part: npt.NDArray[Any],
    filled: npt.NDArray[np.int64],
) -> None:
    """Put nodes without neighbours, in order, wherever least is: they even the balance out.

    Args:
        nodes: ``uint32[:]``.
        node_weights: ``uint32[n, k]``, size, load and further weights of each node.
        limits: ``int64[parts, k]``, the most that each partition takes of each.
        part: ``uint[n]``, changed.
        filled: ``int64[parts, k]``, the sums of each partition, changed.
    """
    for i in range(len(nodes)):
        weights = node_weights[nodes[i]]
        best = _least_full(filled, limits, weights)
        for c in range(len(weights)):
            filled[best, c] += np.int64(weights[c])
        part[nodes[i]] = best


@kernel
def _least_full(
    filled: npt.NDArray[np.int64], limits: npt.NDArray[np.int64], weights: npt.NDArray[Any]
) -> int:
    """Where a node would leave most room; a weight does not count for a node that has none."""
    best = 0
    best_share = np.inf
    for p in range(len(filled)):
        share = 0.0
        for c in range(len(weights)):
            if weights[c]:
                share = max(share, (filled[p, c] + np.int64(weights[c])) / limits[p, c])
        if share < best_share:
            best, best_share = p, share
    return best
