"""The loops of balanced k-means: means per partition, and placing nodes where there is room."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def sum_by_part(
    features: npt.NDArray[np.float32], part: npt.NDArray[np.int64], parts: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The sum of the features in each partition, ``float64[parts, d]``, and how many they are."""
    sums = np.zeros((parts, features.shape[1]))
    counts = np.zeros(parts, np.int64)
    for i in range(len(features)):
        counts[part[i]] += 1
        for j in range(features.shape[1]):
            sums[part[i], j] += features[i, j]
    return sums, counts


@kernel
def place_cheapest(
    nodes: npt.NDArray[np.int64],
    costs: npt.NDArray[np.float32],
    node_weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    part: npt.NDArray[np.int32],
    filled: npt.NDArray[np.int64],
) -> None:
    """Put each node, in order, into the cheapest partition that has room for it.

    Where none has, into the one that is least over its limits.

    Args:
        nodes: ``int64[b]``.
        costs: ``float32[b, parts]``.
        node_weights: ``uint32[n, 2]``, size and load of each node.
        limits: ``int64[2]``, the most that a partition takes of each.
        part: ``int32[n]``, filled for these nodes.
        filled: ``int64[parts, 2]``, size and load of each partition, changed.
    """
    for i in range(len(nodes)):
        v = nodes[i]
        size, load = np.int64(node_weights[v, 0]), np.int64(node_weights[v, 1])
        best: Any = -1
        fallback: Any = 0
        least_over = np.inf
        for p in range(len(filled)):
            over = max((filled[p, 0] + size) / limits[0], (filled[p, 1] + load) / limits[1])
            if over <= 1.0 and (best < 0 or costs[i, p] < costs[i, best]):
                best = p
            if over < least_over:
                fallback, least_over = p, over
        if best < 0:
            best = fallback
        part[v] = best
        filled[best, 0] += size
        filled[best, 1] += load
