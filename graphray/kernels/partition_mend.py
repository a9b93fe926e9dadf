"""Mending a balance that greedy choices left broken: moves that lessen what is beyond the limits.

The *excess* of a partition is, summed over its weights, what it holds beyond each limit as a share
of that limit. Every move lessens the excess of all partitions together, so the moves come to an
end; a node of large load may still go where sizes are beyond their limit, and many of small load
come back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

# Less is rounding, and moves must come to an end.
_RELIEF_MIN = 1e-9
_NOWHERE = -1


@kernel
def relieve_part(
    nodes: npt.NDArray[np.uint32],
    connections: npt.NDArray[np.uint32],
    node_weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    p: int,
    weight: int,
    wanted: int,
    part: npt.NDArray[Any],
    filled: npt.NDArray[np.int64],
) -> int:
    """Move nodes out of partition p until one of its weights is no more than wanted.

    Those leave first whose leaving cuts least edge weight for what they weigh.

    Args:
        nodes: ``uint32[b]``, nodes of p with some of that weight.
        connections: ``uint32[b, parts + 1]``, the edge weight of each to each partition.
        node_weights: ``uint32[n, k]``.
        limits: ``int64[parts, k]``.
        p: the partition.
        weight: which weight is beyond its limit.
        wanted: what is to be left of it, the limit or more.
        part: ``uint[n]``, changed.
        filled: ``int64[parts, k]``, the sums of each partition, changed.

    Returns:
        The number of nodes moved; 0 where no single move lessens the excess.
    """
    losses = np.empty(len(nodes), np.float64)
    for i in range(len(nodes)):
        most: Any = np.int64(0)
        for q in range(len(filled)):
            if q != p:
                most = max(most, np.int64(connections[i, q]))
        loss = np.int64(connections[i, p]) - most
        own = node_weights[nodes[i], weight]
        # Where something is gained, the most first; where it is lost, the least for the weight.
        losses[i] = loss / own if loss > 0 else float(loss)
    moved = 0
    for i in np.argsort(losses, kind="mergesort"):
        if filled[p, weight] <= wanted:
            break
        weights = node_weights[nodes[i]]
        target = _best_relief(connections[i], weights, limits, p, filled)
        if target == _NOWHERE:
            continue
        for c in range(len(weights)):
            filled[p, c] -= np.int64(weights[c])
            filled[target, c] += np.int64(weights[c])
        part[nodes[i]] = target
        moved += 1
    return moved


@kernel
def _best_relief(
    connections: npt.NDArray[np.uint32],
    weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    p: int,
    filled: npt.NDArray[np.int64],
) -> int:
    """Where a node of p should go for there to be less excess: where room is, then to its kin."""
    leaving = 0.0
    for c in range(len(weights)):
        leaving += _beyond(filled[p, c], limits[p, c])
        leaving -= _beyond(filled[p, c] - np.int64(weights[c]), limits[p, c])
    best: Any = _NOWHERE
    best_fits = False
    for q in range(len(filled)):
        if q == p:
            continue
        arriving = 0.0
        fits = True
        for c in range(len(weights)):
            after = filled[q, c] + np.int64(weights[c])
            arriving += _beyond(after, limits[q, c]) - _beyond(filled[q, c], limits[q, c])
            fits &= after <= limits[q, c]
        if leaving - arriving <= _RELIEF_MIN:
            continue
        if best == _NOWHERE or (fits and not best_fits):
            best, best_fits = q, fits
        elif fits == best_fits and connections[q] > connections[best]:
            best = q
    return best


@kernel
def _beyond(amount: int, limit: int) -> float:
    """By how much a limit is overstepped, as a share of it."""
    return max(0, amount - limit) / max(1, limit)
