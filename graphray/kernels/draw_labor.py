"""LABOR: rows of a hop draw in agreement, so that together they reach fewer nodes.

Balin and Çatalyürek, "Layer-Neighbor Sampling: Defusing Neighborhood Explosion in GNNs", NeurIPS
2023. Every node t has one random number r_t for the whole hop, and row s draws t where
``r_t <= c_s``. With ``c_s = fanout / degree`` (LABOR-0) a row draws as many as the fanout on
average, each entry with that chance, as independent (Poisson) draws would; but rows that share
neighbours draw the same ones.

``r_t`` is keyed by the hop and by the *stable* id of t, which rows have by entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.memory import load, prefetch

Ints = npt.NDArray[np.int64]

_CHUNK_ROWS = 16
_2_64 = 2.0**64


@kernel
def draw_labor(
    first: Ints,
    degrees: Ints,
    owners: npt.NDArray[np.int32],
    fanout: int,
    key: np.uint64,
    stable_bases: Ints,
    stable_like: npt.NDArray[Any],
    counts: Ints,
    positions: Ints,
) -> int:
    """Draw every row's entries, end to end.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``, the row's length; below 1, the row is passed over.
        owners: ``int32[n]``, the row's partition.
        fanout: draws per row, on average; rows that are not longer are taken whole.
        key: the key of the hop.
        stable_bases: ``int64[parts]``, addresses of the neighbours' stable ids by edge position.
        stable_like: an array of their dtype.
        counts: filled, ``int64[n]``, draws per row.
        positions: filled with edge positions.

    Returns:
        How many draws there are; more than ``len(positions)`` where they did not fit, and then
        ``positions`` has the first of them.
    """
    width = stable_like.itemsize
    total = 0
    for i in range(len(first)):
        counts[i] = 0
        if i + 1 < len(first):
            prefetch(stable_bases[owners[i + 1]] + first[i + 1] * width)
        if degrees[i] <= 0:
            continue
        begin = total
        base = stable_bases[owners[i]] + first[i] * width
        everything = degrees[i] <= fanout
        limit = np.uint64(0) if everything else np.uint64(_2_64 * (fanout / degrees[i]))
        for entry in range(degrees[i]):
            stable = np.uint64(load(stable_like, base + entry * width))
            if everything or mix64((stable * GOLDEN) ^ key) < limit:
                if total < len(positions):
                    positions[total] = first[i] + entry
                total += 1
        counts[i] = total - begin
    return total
