"""Pieces of the kernels that go from row to row: whose a node is, what an entry says, where it is.

Adjacency is given as base addresses per partition, as in `graphray.kernels.neighbors`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.memory import load_int64, load_uint32, prefetch
from graphray.kernels.neighbors import ELSEWHERE, owner_of

Ints = npt.NDArray[np.int64]
NARROW_BYTES = 4
_LOOK_AHEAD = 16


class Rows(NamedTuple):
    """The rows of one adjacency, or of several that are followed in turn.

    Attributes:
        node_offsets: ``int64[cycle, parts + 1]``, the book's ranges of the nodes that have rows.
        edge_offsets: ``int64[cycle, parts + 1]``, the book's ranges of edge positions.
        indptr_bases: ``int64[cycle, parts]``, address of the row bounds by global id, or 0 where a
            partition is not mapped.
        neighbor_bases: ``int64[cycle, parts]``, address of the neighbours by edge position.
        widths: ``int64[cycle]``, bytes of a neighbour.
        alias_bases: ``int64[cycle, parts]``, address of the cells of alias tables by edge position
            (`graphray.kernels.derive_weights`); 0 where entries have no weights.
    """

    node_offsets: Ints
    edge_offsets: Ints
    indptr_bases: Ints
    neighbor_bases: Ints
    widths: Ints
    alias_bases: Ints


@inlined
def entry_at(address: Any, width: Any) -> Any:
    """The node id at an address: ``uint32`` where ``width`` is 4, else ``int64``."""
    return np.int64(load_uint32(address)) if width == NARROW_BYTES else load_int64(address)


@kernel
def row_spans(gids: Ints, rows: Rows, firsts: Ints, degrees: Ints) -> None:
    """Where the rows of nodes are.

    Args:
        gids: ``int64[n]``, global ids.
        rows: one adjacency.
        firsts: filled with the address of each row's first entry, ``int64[n]``.
        degrees: filled with each row's length, or `ELSEWHERE` where it is not mapped, ``int64[n]``.
    """
    for i in range(len(gids) + _LOOK_AHEAD):
        if i < len(gids):
            owner = owner_of(rows.node_offsets[0], gids[i])
            prefetch(rows.indptr_bases[0, owner] + gids[i] * 8)
        at = i - _LOOK_AHEAD
        if at >= 0:
            firsts[at], degrees[at] = row_span(gids[at], rows)


@kernel
def row_span(gid: int, rows: Rows) -> tuple[int, int]:
    """The address of a row's first entry and its length; `ELSEWHERE` where it is not mapped."""
    owner = owner_of(rows.node_offsets[0], gid)
    if rows.indptr_bases[0, owner] == 0:
        return 0, ELSEWHERE
    bound = rows.indptr_bases[0, owner] + gid * 8
    start = load_int64(bound)
    position = start + rows.edge_offsets[0, owner]
    first = rows.neighbor_bases[0, owner] + position * rows.widths[0]
    return first, load_int64(bound + 8) - start


@kernel
def copy_rows(firsts: Ints, degrees: Ints, width: int) -> Ints:
    """The entries of some rows, end to end: ``int64[sum(degrees)]``."""
    entries = np.empty(degrees.sum(), np.int64)
    at = 0
    for i in range(len(firsts)):
        for j in range(degrees[i]):
            entries[at] = entry_at(firsts[i] + j * width, width)
            at += 1
    return entries


@kernel
def find_entry(
    first: int, degree: int, width: int, gid: int, owned_from: int, owned_to: int
) -> int:
    """Which entry of a row is the first to name a node, or -1.

    A row rises by *stable* id, which the row does not hold. But among the nodes of one partition
    global ids rise with stable ids, so that the entries which the wanted node's partition owns are
    in order by themselves: a search that, from where it looks, goes on to the next such entry.

    Where it looks is by turns where the node would stand if ids were spread evenly, as hashing
    spreads them, and the middle, so that other orders cost at most twice the steps of bisection.

    Args:
        first: address of the row's first entry.
        degree: how many entries the row has.
        width: bytes of an entry.
        gid: the node to find.
        owned_from: the first global id of the partition that owns ``gid``.
        owned_to: the first one beyond it.
    """
    found, high, evenly = -1, degree, True
    low: Any = 0
    below: Any = owned_from - 1
    above: Any = owned_to
    while low < high:
        if evenly:
            share: Any = (gid - below) / (above - below)
            start = low + min(high - low - 1, np.int64(share * (high - low)))
        else:
            start = (low + high) >> 1
        evenly = not evenly
        at = start
        entry: Any = np.int64(-1)
        while at < high:
            entry = entry_at(first + at * width, width)
            if owned_from <= entry < owned_to:
                break
            at += 1
        if at < high and entry < gid:
            low, below = at + 1, entry
            continue
        if at < high:
            above = entry
            if entry == gid:
                found, above = at, gid + 1
        high = start
    return found


@kernel
def entry_words(stable: Ints, degrees: Ints, key: np.uint64) -> npt.NDArray[np.uint64]:
    """A random word for every entry of some rows: a function of key, node and place in the row.

    Args:
        stable: ``int64[n]``, the stable ids of the nodes that have the rows.
        degrees: ``int64[n]``.
        key: of the draw.

    Returns:
        ``uint64[sum(degrees)]``.
    """
    words = np.empty(degrees.sum(), np.uint64)
    at = 0
    for i in range(len(stable)):
        state = mix64((np.uint64(stable[i]) * GOLDEN) ^ key)
        for _ in range(degrees[i]):
            state += GOLDEN
            words[at] = mix64(state)
            at += 1
    return words
