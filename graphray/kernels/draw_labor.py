"""LABOR: rows of a hop draw in agreement, so that together they reach fewer nodes.

Balin and Çatalyürek, "Layer-Neighbor Sampling: Defusing Neighborhood Explosion in GNNs", NeurIPS
2023. Every node t has one random number r_t for the whole hop, and row s draws t where
``r_t <= c_s p_t``. With all p_t 1 and ``c_s = fanout / degree`` (LABOR-0, `draw_labor`) a row draws
as many as the fanout on average, each entry with that chance, as independent (Poisson) draws would;
but rows that share neighbours draw the same ones. Other chances (`draw_by_chance`) come from
`graphray.kernels.labor_chances`.

``r_t`` is keyed by the hop and by the *stable* id of t, which rows have by entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.labor_chances import CHANCE, HopRows, share_of, stable_of
from graphray.kernels.memory import load, prefetch

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

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


@kernel
def draw_by_chance(
    rows: HopRows,
    stable_like: npt.NDArray[Any],
    scales: Floats,
    by_share: bool,
    table: Floats,
    key: np.uint64,
    counts: Ints,
    entries: Ints,
    weights: Floats,
) -> int:
    """Draw every row's entries, end to end, by the chances of the hop.

    Args:
        rows: the rows.
        stable_like: an array of the stable ids' dtype.
        scales: ``float64[n]``, the rows' scales.
        by_share: whether an entry's chance is its share rather than in the table.
        table: ``float64[nodes, 2]``, the table of chances by stable id.
        key: the key of the hop.
        counts: filled, ``int64[n]``, draws per row.
        entries: filled with what was drawn, counted from the row's first.
        weights: filled with the share of each over the chance with which it was drawn.

    Returns:
        How many draws there are; more than ``len(entries)`` where they did not fit, and then
        ``entries`` and ``weights`` have the first of them.
    """
    total = 0
    for i in range(len(rows.degrees)):
        begin = total
        for entry in range(rows.degrees[i]):
            share = share_of(rows.shares[i], entry)
            if share == 0:
                continue
            node = stable_of(rows, i, entry, stable_like, table)
            chance = scales[i] * (share if by_share else table[node, CHANCE])
            if chance < 1 and mix64((np.uint64(node) * GOLDEN) ^ key) >= np.uint64(_2_64 * chance):
                continue
            if total < len(entries):
                entries[total] = entry
                weights[total] = share / min(1.0, chance)
            total += 1
        counts[i] = total - begin
    return total
