"""Checks of adjacency: order and ends of entries, and hashes to compare its two directions by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.memory import load
from graphray.kernels.neighbors import owner_of

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@kernel
def find_dangling(neighbors: Array, count: int, found: Ints) -> int:
    """The first entries whose neighbour is no node; returns how many there are in all.

    Args:
        neighbors: global ids.
        count: how many nodes there are.
        found: filled from the front with positions.
    """
    total = 0
    for i in range(len(neighbors)):
        if np.int64(neighbors[i]) < 0 or np.int64(neighbors[i]) >= count:
            if total < len(found):
                found[total] = i
            total += 1
    return total


@kernel
def find_disorder(
    indptr: Ints,
    neighbors: Array,
    edges: Array,
    offsets: Ints,
    stable_bases: Ints,
    like: Array,
    found: Ints,
) -> int:
    """The first entries that do not come after the one before in canonical order, as above.

    Args:
        indptr: ``int64[rows + 1]``.
        neighbors: global ids, all of nodes.
        edges: edge ids.
        offsets: ``int64[parts + 1]``, the book's ranges of the neighbours' type.
        stable_bases: ``int64[parts]``, addresses of the stable ids, by global id.
        like: an array of the dtype of stable ids.
        found: filled from the front with positions.
    """
    total = 0
    for row in range(len(indptr) - 1):
        last_stable = last_edge = np.int64(-1)
        for i in range(indptr[row], indptr[row + 1]):
            gid, edge = np.int64(neighbors[i]), np.int64(edges[i])
            base = stable_bases[owner_of(offsets, gid)]
            stable = np.int64(load(like, base + gid * like.itemsize))
            if stable < last_stable or (stable == last_stable and edge <= last_edge):
                if total < len(found):
                    found[total] = i
                total += 1
            last_stable, last_edge = stable, edge
    return total


@kernel
def hash_entries(
    rows: Ints, neighbors: Array, edges: Array, values: Words, towards_row: bool, out: Words
) -> None:
    """A hash of each entry's edge, which is the same in the rows of both of its ends.

    Args:
        rows: ``int64[n]``, global ids of the nodes that have the rows.
        neighbors: ``[n]``, global ids.
        edges: ``[n]``, edge ids.
        values: ``uint64[n]``, hashes of the edges' columns.
        towards_row: whether edges lead from the neighbour to the node that has the row.
        out: filled, ``uint64[n]``.
    """
    for i in range(len(rows)):
        near, far = np.uint64(rows[i]), np.uint64(neighbors[i])
        source, destination = (far, near) if towards_row else (near, far)
        word = mix64(source + GOLDEN)
        word = mix64((word ^ destination) + GOLDEN)
        word = mix64((word ^ np.uint64(edges[i])) + GOLDEN)
        out[i] = mix64((word ^ values[i]) + GOLDEN)


@kernel
def add_by_owner(gids: Array, offsets: Ints, hashes: Words, sums: Words) -> None:
    """Add each hash to the sum of the partition that owns a node, ``uint64[parts]``."""
    for i in range(len(gids)):
        sums[owner_of(offsets, np.int64(gids[i]))] += hashes[i]
