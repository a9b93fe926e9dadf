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
        node_weights: ``uint32[n, k]``, size, load and further weights of each node.
        limits: ``int64[parts, k]``, at least 1, the most that each partition takes of each.
        part: ``int32[n]``, filled for these nodes.
        filled: ``int64[parts, k]``, the sums of each partition, changed.
    """
    for i in range(len(nodes)):
        weights = node_weights[nodes[i]]
        best: Any = -1
        fallback: Any = 0
        least_over = np.inf
        for p in range(len(filled)):
            over = 0.0
            for c in range(len(weights)):
                over = max(over, (filled[p, c] + np.int64(weights[c])) / limits[p, c])
            if over <= 1.0 and (best < 0 or costs[i, p] < costs[i, best]):
                best = p
            if over < least_over:
                fallback, least_over = p, over
        if best < 0:
            best = fallback
        part[nodes[i]] = best
        for c in range(len(weights)):
            filled[best, c] += np.int64(weights[c])
