"""Disjoint batches: a tree per seed, in which a node stands once however often it was drawn.

Local numbers are given tree by tree. What a tree holds so far and what it draws in a hop is little,
so the hash table that tells known nodes from new ones is as small and stays in the nearest cache;
it is filled anew for each tree and hop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64

Ints = npt.NDArray[np.int64]

_SMALLEST_TABLE_BITS = 4
_64 = np.uint64(64)


@kernel
def tree_words(stable: npt.NDArray[Any], trees: Ints) -> npt.NDArray[np.uint64]:
    """What the streams of rows are keyed by, so that a node draws anew in each tree.

    Args:
        stable: integers ``[n]``, stable ids.
        trees: ``int64[n]``, the tree in which each stands.
    """
    words = np.empty(len(stable), np.uint64)
    for i in range(len(stable)):
        words[i] = mix64(np.uint64(stable[i]) ^ mix64(np.uint64(trees[i]) + GOLDEN))
    return words


@kernel
def group_by_tree(trees: Ints, num_trees: int) -> tuple[Ints, Ints]:
    """The places of each tree's entries, in rising order: a counting sort.

    Args:
        trees: ``int64[n]``, numbers below ``num_trees``.
        num_trees: how many there are.

    Returns:
        ``order: int64[n]`` and ``starts: int64[num_trees + 1]``; tree t has the places
        ``order[starts[t] : starts[t + 1]]``.
    """
    starts = np.zeros(num_trees + 2, np.int64)
    for tree in trees:
        starts[tree + 2] += 1
    for tree in range(num_trees):
        starts[tree + 2] += starts[tree + 1]
    order = np.empty(len(trees), np.int64)
    # One further to the left than it will be: each start moves to its tree's end as that is filled.
    for place in range(len(trees)):
        tree = trees[place]
        order[starts[tree + 1]] = place
        starts[tree + 1] += 1
    return order, starts[:-1]


@kernel
def number_tree_edges(
    neighbors: npt.NDArray[Any],
    bounds: Ints,
    row_trees: Ints,
    first_row: int,
    num_trees: int,
    nodes: Ints,
    trees: Ints,
    count: int,
    near: Ints,
    far: Ints,
) -> int:
    """Give the drawn neighbours of a frontier their local numbers, and write the edges in them.

    New nodes are numbered by tree, and in a tree in the order in which they were drawn.

    Args:
        neighbors: global ids, row after row.
        bounds: ``int64[rows + 1]``, the draws of each row.
        row_trees: ``int64[rows]``, the tree of each row.
        first_row: local number of the frontier's first node.
        num_trees: how many trees there are.
        nodes: global ids by local number; filled from ``count`` on with new nodes.
        trees: the tree of each node; likewise.
        count: how many nodes of the neighbours' type the batch has so far.
        near: filled with the local number of the frontier's end of each edge.
        far: filled with the local number of the neighbour's end.

    Returns:
        How many nodes of the neighbours' type the batch has now.
    """
    rows, row_starts = group_by_tree(row_trees, num_trees)
    known, known_starts = group_by_tree(trees[:count], num_trees)
    slots = np.empty(0, np.int64)
    for tree in range(num_trees):
        tree_rows = rows[row_starts[tree] : row_starts[tree + 1]]
        tree_known = known[known_starts[tree] : known_starts[tree + 1]]
        draws = 0
        for row in tree_rows:
            draws += bounds[row + 1] - bounds[row]
        if draws == 0:
            continue
        bits = _SMALLEST_TABLE_BITS
        while (1 << bits) < 2 * (len(tree_known) + draws):
            bits += 1
        if len(slots) < 1 << bits:
            slots = np.empty(1 << bits, np.int64)
        slots[: 1 << bits] = -1
        shift, mask = _64 - np.uint64(bits), (1 << bits) - 1
        for local in tree_known:
            at = np.int64((np.uint64(nodes[local]) * GOLDEN) >> shift)
            while slots[at] >= 0:
                at = (at + 1) & mask
            slots[at] = local
        for row in tree_rows:
            for draw in range(bounds[row], bounds[row + 1]):
                gid = np.int64(neighbors[draw])
                at = np.int64((np.uint64(gid) * GOLDEN) >> shift)
                while slots[at] >= 0 and nodes[slots[at]] != gid:
                    at = (at + 1) & mask
                if slots[at] < 0:
                    slots[at] = count
                    nodes[count] = gid
                    trees[count] = tree
                    count += 1
                near[draw] = first_row + row
                far[draw] = slots[at]
    return count
