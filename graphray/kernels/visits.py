"""Counting whom the walks of each seed visit, and keeping those visited most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.walks import NOWHERE

Ints = npt.NDArray[np.int64]


@kernel
def most_visited(
    paths: Ints, walks_per_seed: int, every: int, leave_out_seed: bool, top: int
) -> tuple[Ints, Ints, Ints]:
    """The nodes that the walks of each seed visit most; of equal ones those that were met first.

    Args:
        paths: ``int64[n * walks_per_seed, length + 1]``, as `advance_walks` fills them.
        walks_per_seed: how many walks of a seed stand side by side.
        every: only the nodes after so many steps, twice as many, and so on count.
        leave_out_seed: do not count the seed itself.
        top: how many nodes to keep for each seed.

    Returns:
        ``bounds`` (``int64[n + 1]``): the nodes of seed i are ``bounds[i] : bounds[i + 1]``; their
        global ids, and how often each was visited.
    """
    count = len(paths) // walks_per_seed
    visits_max = walks_per_seed * ((paths.shape[1] - 1) // every)
    size = 4
    while size < 2 * visits_max:
        size *= 2
    slots = np.full(size, -1, np.int64)
    seen, times = np.empty(visits_max, np.int64), np.empty(visits_max, np.int64)
    used = np.empty(visits_max, np.int64)
    bounds = np.zeros(count + 1, np.int64)
    nodes, visits = np.empty(count * top, np.int64), np.empty(count * top, np.int64)
    for i in range(count):
        walks = paths[i * walks_per_seed : (i + 1) * walks_per_seed]
        distinct = _count(walks, every, leave_out_seed, slots, used, seen, times)
        begin = bounds[i]
        bounds[i + 1] = begin + keep_largest(
            seen[:distinct],
            times[:distinct],
            nodes[begin : begin + top],
            visits[begin : begin + top],
        )
    return bounds, nodes[: bounds[count]], visits[: bounds[count]]


@kernel
def _count(
    walks: Ints, every: int, leave_out_seed: bool, slots: Ints, used: Ints, seen: Ints, times: Ints
) -> int:
    """Count the visits of one seed's walks; how many distinct nodes there are, as first met.

    ``slots`` is a hash table of places in ``seen``, empty (-1) before and after.
    """
    mask = np.uint64(len(slots) - 1)
    distinct = 0
    for walk in walks:
        for column in range(every, len(walk), every):
            gid = walk[column]
            if gid == NOWHERE:
                break
            if leave_out_seed and gid == walk[0]:
                continue
            at = mix64(np.uint64(gid) * GOLDEN) & mask
            while slots[at] >= 0 and seen[slots[at]] != gid:
                at = (at + np.uint64(1)) & mask
            if slots[at] < 0:
                slots[at] = distinct
                used[distinct], seen[distinct], times[distinct] = np.int64(at), gid, 0
                distinct += 1
            times[slots[at]] += 1
    for i in range(distinct):
        slots[used[i]] = -1
    return distinct


@kernel
def keep_largest(
    nodes: Ints, values: npt.NDArray, kept_nodes: Ints, kept_values: npt.NDArray
) -> int:
    """Keep the nodes of the largest values, the largest first; of equal ones the earlier.

    Args:
        nodes: ``int64[n]``.
        values: ``[n]``.
        kept_nodes: filled with up to its length of them.
        kept_values: filled likewise.

    Returns:
        How many were kept.
    """
    kept = 0
    for i in range(len(nodes)):
        if kept == len(kept_nodes):
            if kept == 0 or values[i] <= kept_values[kept - 1]:
                continue
        else:
            kept += 1
        at = kept - 1
        while at > 0 and kept_values[at - 1] < values[i]:
            kept_nodes[at], kept_values[at] = kept_nodes[at - 1], kept_values[at - 1]
            at -= 1
        kept_nodes[at], kept_values[at] = nodes[i], values[i]
    return kept
