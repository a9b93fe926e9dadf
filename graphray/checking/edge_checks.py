"""Adjacency: rows and entries against the book, order, ends, and one direction against the other.

The two entries of an edge are compared by sums of hashes of (source, destination, edge id, values),
one sum per pair of partitions and side. One pass over each side suffices, in blocks, and only where
two sums differ are the entries of that pair compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.book import AdjacencyName
from graphray.checking.report import PROBLEMS_MAX, Findings
from graphray.checking.value_hashes import value_hashes
from graphray.kernels.check import add_by_owner, find_dangling, find_disorder, hash_entries
from graphray.schema import RelationType
from graphray.shard import (
    EDGE,
    INDPTR,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    as_shard_array,
    edges_table,
    nodes_table,
    rows_table,
)
from graphray.store.reader import Store

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

BLOCK_ENTRIES = 1 << 20
"""Entries that are hashed at a time."""


class Hashed(NamedTuple):
    """Hashes of a block of entries, and the neighbours that they lead to."""

    first: int
    neighbors: npt.NDArray[np.integer]
    hashes: Words


def check_adjacency(store: Store, name: AdjacencyName, findings: Findings) -> bool:
    """Check one adjacency by itself; returns whether its entries can be followed."""
    sound = [_check_part(store, name, part, findings) for part in range(store.parts)]
    if all(sound):
        for part in range(store.parts):
            _check_order(store, name, part, findings)
    return all(sound)


def check_directions(store: Store, kind: RelationType, findings: Findings) -> None:
    """Check that every edge stands in the rows of both of its ends, with the same values."""
    parts = range(store.parts)
    one: AdjacencyName = (kind.relation, "in")
    # An undirected edge leads from either end to the other.
    other: AdjacencyName = (kind.relation, "out" if kind.directed else "in")
    there = np.array([_sums(store, one, part, towards_row=True) for part in parts])
    back = np.array([_sums(store, other, part, towards_row=False) for part in parts])
    for part, far in np.argwhere(there != back.T).tolist():
        _compare(store, (one, part, True), (other, far, False), findings)
        if kind.directed:
            _compare(store, (other, far, False), (one, part, True), findings)


def _check_part(store: Store, name: AdjacencyName, part: int, findings: Findings) -> bool:
    """Check the bounds of rows, the numbers of the book, and that no end dangles."""
    shard, rows, entries = store.shard(part), rows_table(*name), edges_table(*name)
    near, far = name[0].near_type(name[1]), name[0].far_type(name[1])
    start, stop = store.book.node_range(near, part)
    indptr = np.asarray(shard.array(ArrayKey(rows, INDPTR)))
    neighbors = np.asarray(shard.array(ArrayKey(entries, NEIGHBOR)))
    expected = int(np.diff(store.book.edge_offsets[name])[part])
    problems = len(findings.problems)
    if len(indptr) != stop - start + 1:
        findings.note(part, rows, f"{len(indptr) - 1} rows, but {stop - start} nodes")
    elif indptr[0] != 0 or np.any(np.diff(indptr) < 0) or indptr[-1] != len(neighbors):
        falls = np.flatnonzero(np.diff(indptr) < 0)
        row = int(falls[0]) + 1 if len(falls) else None
        findings.note(part, rows, f"bounds do not rise from 0 to {len(neighbors)}", row)
    if len(neighbors) != expected:
        findings.note(part, entries, f"{len(neighbors)} entries, but the book says {expected}")
    found = np.empty(1, np.int64)
    count = find_dangling(neighbors, store.book.num_nodes(far), found)
    if count:
        findings.note(part, entries, "leads to a node that there is not", int(found[0]), count)
    return len(findings.problems) == problems


def _check_order(store: Store, name: AdjacencyName, part: int, findings: Findings) -> None:
    far, shard = name[0].far_type(name[1]), store.shard(part)
    key, offsets = ArrayKey(nodes_table(far), STABLE), store.book.node_offsets[far]
    stable = [np.asarray(store.shard(owner).array(key)) for owner in range(store.parts)]
    bases = [
        ids.ctypes.data - int(offset) * ids.itemsize
        for ids, offset in zip(stable, offsets, strict=False)
    ]
    found = np.empty(1, np.int64)
    table = edges_table(*name)
    count = find_disorder(
        np.asarray(shard.array(ArrayKey(rows_table(*name), INDPTR))),
        np.asarray(shard.array(ArrayKey(table, NEIGHBOR))),
        np.asarray(shard.array(ArrayKey(table, EDGE))),
        offsets,
        np.array(bases, np.int64),
        stable[0],
        found,
    )
    if count:
        findings.note(part, table, "not in canonical order", int(found[0]), count)


def _sums(store: Store, name: AdjacencyName, part: int, towards_row: bool) -> Words:
    """The sums of the hashes of one partition's entries, by the owner of the neighbour."""
    sums = np.zeros(store.parts, np.uint64)
    offsets = store.book.node_offsets[name[0].far_type(name[1])]
    for block in _blocks(store, name, part, towards_row):
        add_by_owner(block.neighbors, offsets, block.hashes, sums)
    return sums


def _blocks(store: Store, name: AdjacencyName, part: int, towards_row: bool) -> Iterator[Hashed]:
    """The entries of a partition, hashed block by block."""
    batch = store.shard(part).table(edges_table(*name))
    indptr = np.asarray(store.shard(part).array(ArrayKey(rows_table(*name), INDPTR)))
    first_gid = store.book.node_range(name[0].near_type(name[1]), part)[0]
    for first in range(0, batch.num_rows, BLOCK_ENTRIES):
        block = batch.slice(first, BLOCK_ENTRIES)
        places = np.arange(first, first + block.num_rows)
        rows = np.searchsorted(indptr, places, "right") - 1 + first_gid
        values, hashes = np.zeros((2, block.num_rows), np.uint64)
        for column in block.schema.names:
            if column not in (NEIGHBOR, EDGE):
                # Turned, so that columns that swap their values do not cancel out.
                values = (values << np.uint64(1)) ^ (values >> np.uint64(63))
                values ^= value_hashes(as_shard_array(block.column(column)))
        neighbors = np.asarray(block.column(NEIGHBOR))
        edges = np.asarray(block.column(EDGE))
        hash_entries(rows, neighbors, edges, values, towards_row, hashes)
        yield Hashed(first, neighbors, hashes)


def _compare(
    store: Store,
    one: tuple[AdjacencyName, int, bool],
    other: tuple[AdjacencyName, int, bool],
    findings: Findings,
) -> None:
    """Note the entries of one side that have no equal on the other."""
    (name, part, _), (_, far, _) = one, other
    places, hashes = _between(store, one, far)
    _, expected = _between(store, other, part)
    alone = places[~np.isin(hashes, expected)]
    for place in alone[:PROBLEMS_MAX].tolist():
        edge = store.shard(part).array(ArrayKey(edges_table(*name), EDGE))[place]
        findings.note(
            part,
            edges_table(*name),
            f"edge {int(edge)} is not in the row of its other end in partition {far}, or has "
            "other values there",
            place,
            len(alone),
        )


def _between(store: Store, side: tuple[AdjacencyName, int, bool], far: int) -> tuple[Ints, Words]:
    """The entries of one partition that lead to another one: where they stand, and their hashes."""
    name, part, towards_row = side
    start, stop = store.book.node_range(name[0].far_type(name[1]), far)
    places, hashes = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    for block in _blocks(store, name, part, towards_row):
        there = np.flatnonzero((block.neighbors >= start) & (block.neighbors < stop))
        places.append(there + block.first)
        hashes.append(block.hashes[there])
    return np.concatenate(places), np.concatenate(hashes)
