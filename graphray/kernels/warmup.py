"""Compiling the kernels before they are needed, with a word to the user while that lasts.

Numba compiles a kernel when it first meets its argument types, and keeps the result on disk: the
first process on a machine waits for some seconds, all later ones load it in a fraction of one.
"""

from __future__ import annotations

import functools
import sys
import threading

import numpy as np

from graphray.kernels.among import entries_among
from graphray.kernels.event_chains import (
    EMPTY,
    find_in_rows,
    first_times,
    last_seen,
    link_rows,
    move_slots,
    rows_seen,
)
from graphray.kernels.hashing import hash_strings, hash_words
from graphray.kernels.neighbors import draw_rows, find_rows, place_rows
from graphray.kernels.relabel import NARROW, number_edges, number_nodes
from graphray.kernels.rows import Rows
from graphray.kernels.stored_rows import find_sorted, list_entries
from graphray.kernels.take_rows import copy_rows, copy_values, find_sources, slot_table
from graphray.kernels.walks import advance_walks, walker_keys
from graphray.kernels.walks_second_order import NO_CANDIDATE, SecondOrder, advance_second_order

_SILENT_FOR_S = 1.5
_NOTICE = "graphray: compiling kernels; this happens once, the result is cached on disk"


@functools.cache
def ensure_compiled() -> None:
    """Compile the kernels that read and sample for the common dtypes, or load them from the cache.

    Does so once a process, and says so on stderr where it takes longer than loading would.
    """
    notice = threading.Timer(_SILENT_FOR_S, print, [_NOTICE], {"file": sys.stderr, "flush": True})
    notice.daemon = True
    notice.start()
    try:
        _sample_once()
        _read_once()
        _walk_once()
        _change_once()
    finally:
        notice.cancel()


def _read_once() -> None:
    """Read a value and a row of a table of one row."""
    numbers, offsets, nothing = np.zeros(1, np.int64), np.array([0, 1]), np.empty(0, np.int64)
    sources, rows = np.empty(1, np.int32), np.empty(1, np.int64)
    is_mapped = np.ones(1, np.bool_)
    find_sources(numbers, offsets, is_mapped, nothing, slot_table(nothing), sources, rows)
    table, out = np.zeros(1, np.uint64), np.empty(1, np.uint64)
    bases = np.array([table.ctypes.data])
    copy_values(sources, rows, bases, out)
    copy_values(sources, rows, bases, out.view(np.uint32))
    copy_rows(sources, rows, bases, out.nbytes, out.ctypes.data)


def _walk_once() -> None:
    """Walk from a node without edges, the two ways, and look its row up."""
    indptr, node = np.zeros(2, np.int64), np.zeros(1, np.int64)
    offsets, base = np.array([[0, 1]]), np.array([[indptr.ctypes.data]])
    rows = Rows(offsets, offsets, base, base, np.array([4]), np.zeros((1, 1), np.int64))
    keys, paths = walker_keys(node, node, 1, np.uint64(1)), np.zeros((1, 2), np.int64)
    advance_walks(paths, np.zeros(1, np.int64), node.copy(), keys, np.uint64(0), rows)
    states = (np.zeros(1, np.int64), np.full(1, NO_CANDIDATE, np.int64))
    order = SecondOrder(2.0, 2.0, True)
    advance_second_order(paths, np.zeros(1, np.int64), node.copy(), keys, *states, order, rows)
    entries_among(node, rows, node)


def _change_once() -> None:
    """Enter a row of a table of changes, and find it: a replica that compiles is silent."""
    one = np.zeros(1, np.int64)
    slots, previous = np.full(2, EMPTY, np.int32), np.empty(1, np.int32)
    link_rows(one, 0, 1, slots, previous)
    move_slots(one, slots, np.full(4, EMPTY, np.int32))
    rows_seen(one, one, slots, previous, one, -1, 1)
    last_seen(one, one, one, one, slots, previous, one, one, -1, 1)
    first_times(one, one, one, one, slots, previous, one, 1)
    for stored in (np.zeros(2, np.uint32), np.zeros(2, np.int64)):
        stored.flags.writeable = False  # As arrays of a store are.
        find_in_rows(stored, one, one, one)
        find_sorted(stored, one)
        list_entries(stored, one)


def _sample_once() -> None:
    """Sample the one edge of a graph of two nodes."""
    indptr, zero = np.array([0, 1, 1]), np.zeros(1, np.int64)
    offsets, node = np.array([0, 2]), np.zeros(1, np.int64)
    stable, neighbor = np.arange(2, dtype=np.uint32), np.ones(1, np.uint32)
    owners, row_stable = np.empty(1, np.int32), np.empty(1, np.uint32)
    first, degrees = np.empty(1, np.int64), np.empty(1, np.int64)
    bases = [np.array([array.ctypes.data]) for array in (indptr, stable, neighbor)]
    find_rows(node, offsets, offsets, bases[0], bases[1], owners, first, degrees, row_stable)
    bounds = np.array([0, 1])
    positions, neighbors = np.empty(1, np.int64), np.empty(1, np.uint32)
    draw_rows(
        first, degrees, row_stable, owners, bounds, 1, np.uint64(1), bases[2], positions, neighbors
    )
    place_rows(zero, np.ones(1, np.int64), positions, neighbors, bounds, positions, neighbors)
    slots, nodes = np.zeros(2, NARROW), np.empty(3, np.int64)
    edge_index = np.empty((2, 1), np.int64)
    count = number_nodes(node, slots, 1, nodes, 0)
    number_edges(neighbors, bounds, 0, slots, 1, nodes, count, edge_index[0], edge_index[1])
    hash_words(np.zeros(1, np.uint64))
    hash_strings(np.zeros(2, np.int64), np.empty(0, np.uint8))
