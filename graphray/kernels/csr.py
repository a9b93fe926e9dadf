"""Edge lists to compressed sparse rows (CSR) in canonical order: linear time, in the nearest cache.

Canonical order: within a row, entries rise by the neighbour's stable id, then by edge id. That is
an order by three keys (row, neighbour, edge), reached in two steps:

1. *Scatter*: entries go into buckets, each a range of rows, in rising edge id. Writing is
   sequential per bucket.
2. *Sort*: each bucket is small enough for the cache, and is sorted by stable counting sorts, the
   least significant key first (Knuth, TAOCP vol. 3, section 5.2.5): digit by digit of the
   neighbour, then by row.

Each pass reads and writes every entry once, whatever the degrees. Both steps run on all threads of
a pool: the first on ranges of edges, the second on ranges of buckets. The result does not depend on
how many there are.

A directed edge has one entry, in the row of the end that owns the adjacency. An undirected edge has
one in the row of each of its ends, and a self-loop only one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.threads import Threads

Array = npt.NDArray[Any]

# A bucket and its copy take 24 bytes an entry: together they fit a second-level cache.
BUCKET_ENTRIES = 2**15
# A scatter writes to all buckets in turn; beyond this many its writes miss the cache themselves.
_BUCKETS_MAX = 2**12
_DIGIT_BITS_MAX = 11
# More tasks than threads, so that a thread that meets a hub's bucket does not hold up the others.
_TASKS_PER_THREAD = 8


class Adjacency(NamedTuple):
    """The rows of one relation in one direction, by global id.

    Attributes:
        indptr: ``int64[rows + 1]``; row r is the entries ``indptr[r] : indptr[r + 1]``.
        neighbors: global id of each entry's neighbour.
        edges: edge id of each entry.
    """

    indptr: npt.NDArray[np.int64]
    neighbors: Array
    edges: Array


def build_adjacency(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    neighbor_gids: Array,
    *,
    both_ends: bool,
    neighbor_dtype: np.dtype[Any],
    edge_dtype: np.dtype[Any],
    threads: Threads | None = None,
) -> Adjacency:
    """Sort the edges of a relation into rows of rising global id, in canonical order.

    Args:
        rows: ``int[m]``, stable id of the end in whose row edge e stands.
        neighbors: ``int[m]``, stable id of its other end.
        row_gids: ``int[n]``, global id by stable id of the row's node type.
        neighbor_gids: likewise for the neighbour's node type.
        both_ends: enter each edge in the row of both its ends (an undirected relation, whose two
            node types are one).
        neighbor_dtype: what holds a neighbour's global id.
        edge_dtype: what holds an edge id.
        threads: who does the work; None for the caller's own thread.

    Returns:
        The `Adjacency`.

    Example:
        >>> ids = np.arange(3)
        >>> csr = build_adjacency(
        ...     np.array([2, 0, 2]), np.array([1, 1, 0]), ids, ids, both_ends=False,
        ...     neighbor_dtype=np.dtype(np.uint32), edge_dtype=np.dtype(np.uint32))
        >>> csr.indptr.tolist(), csr.neighbors.tolist(), csr.edges.tolist()
        ([0, 1, 1, 3], [1, 0, 1], [1, 2, 0])
    """
    threads = threads or Threads(1)
    num_rows = len(row_gids)
    shift = _bucket_shift(num_rows, len(rows) * (1 + both_ends))
    wide = max(num_rows, len(neighbor_gids), len(rows)) > 2**32
    dtype = np.int64 if wide else np.uint32
    entries, bounds = _scatter(rows, neighbors, row_gids, both_ends, shift, dtype, threads)
    indptr = np.zeros(num_rows + 1, np.int64)
    sorted_neighbors = np.empty(len(entries), neighbor_dtype)
    sorted_edges = np.empty(len(entries), edge_dtype)
    passes, digit_bits = _digits(len(neighbor_gids))

    def sort(span: tuple[int, int]) -> None:
        sort_buckets(
            entries,
            bounds[span[0] : span[1] + 1],
            span[0] << shift,
            1 << shift,
            passes,
            digit_bits,
            neighbor_gids,
            indptr,
            sorted_neighbors,
            sorted_edges,
        )

    threads.map(sort, _spans(bounds, threads.count * _TASKS_PER_THREAD))
    return Adjacency(indptr, sorted_neighbors, sorted_edges)


def _scatter(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    both_ends: bool,
    shift: int,
    dtype: Any,
    threads: Threads,
) -> tuple[Array, npt.NDArray[np.int64]]:
    """The entries by bucket, and the bounds of the buckets."""
    num_buckets = (max(1, len(row_gids)) - 1 >> shift) + 1
    edges = np.linspace(0, len(rows), threads.count + 1).astype(np.int64).tolist()
    spans = list(pairwise(edges))
    counts = threads.map(
        lambda span: count_by_bucket(
            rows, neighbors, row_gids, both_ends, shift, num_buckets, span[0], span[1]
        ),
        spans,
    )
    # In a bucket, the entries of an earlier span of edges stand before those of a later one.
    ends = np.cumsum(np.stack(counts, axis=1).ravel()).reshape(num_buckets, len(spans))
    starts = ends - np.stack(counts, axis=1)
    entries = np.empty((int(ends[-1, -1]), 3), dtype)
    threads.map(
        lambda task: scatter_by_bucket(
            rows, neighbors, row_gids, both_ends, shift, *task[0], task[1], entries
        ),
        [(span, starts[:, number].copy()) for number, span in enumerate(spans)],
    )
    return entries, np.append(0, ends[:, -1])


def _bucket_shift(num_rows: int, num_entries: int) -> int:
    """The logarithm of how many rows share a bucket."""
    num_buckets = min(max(1, num_entries // BUCKET_ENTRIES), _BUCKETS_MAX)
    return max(0, (-(-num_rows // num_buckets) - 1).bit_length())


def _digits(num_values: int) -> tuple[int, int]:
    """How many digits make up a value, and the bits of each."""
    bits = max(1, (num_values - 1).bit_length())
    passes = -(-bits // _DIGIT_BITS_MAX)
    return passes, -(-bits // passes)


def _spans(bounds: npt.NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    """All buckets in about ``count`` ranges with about as many entries each."""
    marks = bounds[-1] * np.arange(1, count) // count
    inner = np.searchsorted(bounds, marks)
    cuts = np.unique(np.concatenate([[0], inner, [len(bounds) - 1]])).tolist()
    return list(pairwise(cuts))


@kernel
def count_by_bucket(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    both_ends: bool,
    shift: int,
    num_buckets: int,
    start: int,
    stop: int,
) -> npt.NDArray[np.int64]:
    """How many entries the edges ``start : stop`` have in each bucket, ``int64[num_buckets]``."""
    counts = np.zeros(num_buckets, np.int64)
    for e in range(start, stop):
        counts[np.int64(row_gids[rows[e]]) >> shift] += 1
        if both_ends and rows[e] != neighbors[e]:
            counts[np.int64(row_gids[neighbors[e]]) >> shift] += 1
    return counts


@kernel
def scatter_by_bucket(
    rows: Array,
    neighbors: Array,
    row_gids: Array,
    both_ends: bool,
    shift: int,
    start: int,
    stop: int,
    cursor: npt.NDArray[np.int64],
    entries: Array,
) -> None:
    """Write the entries of the edges ``start : stop`` to their buckets, in rising edge id.

    An entry is (row's global id, neighbour's stable id, edge id). ``cursor`` holds where each
    bucket's first goes, and is used up.
    """
    for e in range(start, stop):
        row, neighbor = rows[e], neighbors[e]
        gid = np.int64(row_gids[row])
        at = cursor[gid >> shift]
        cursor[gid >> shift] = at + 1
        entries[at, 0] = gid
        entries[at, 1] = neighbor
        entries[at, 2] = e
        if both_ends and row != neighbor:
            gid = np.int64(row_gids[neighbor])
            at = cursor[gid >> shift]
            cursor[gid >> shift] = at + 1
            entries[at, 0] = gid
            entries[at, 1] = row
            entries[at, 2] = e


@kernel
def sort_buckets(
    entries: Array,
    bounds: npt.NDArray[np.int64],
    first_row: int,
    rows_per_bucket: int,
    passes: int,
    digit_bits: int,
    neighbor_gids: Array,
    indptr: npt.NDArray[np.int64],
    sorted_neighbors: Array,
    sorted_edges: Array,
) -> None:
    """Sort consecutive buckets by (row, neighbour, edge), and bound their rows.

    ``bounds`` are those of the buckets, whose first row is ``first_row``. ``entries`` is used up.
    """
    spare = np.empty((np.max(np.diff(bounds)), 3), entries.dtype)
    counts = np.empty(1 << digit_bits, np.int64)
    ends = np.empty(rows_per_bucket, np.int64)
    for bucket in range(len(bounds) - 1):
        start, stop = bounds[bucket], bounds[bucket + 1]
        source, target = entries[start:stop], spare[: stop - start]
        for digit in range(passes):
            _sort_by_digit(source, target, digit * digit_bits, counts)
            source, target = target, source
        low = first_row + bucket * rows_per_bucket
        ends[:] = 0
        for i in range(len(source)):
            ends[np.int64(source[i, 0]) - low] += 1
        # The end of a row is its start until its entries have moved there.
        for row in range(min(rows_per_bucket, len(indptr) - 1 - low)):
            count = ends[row]
            ends[row] = start
            start += count
            indptr[low + row + 1] = start
        for i in range(len(source)):
            local = np.int64(source[i, 0]) - low
            at = ends[local]
            ends[local] = at + 1
            sorted_neighbors[at] = neighbor_gids[source[i, 1]]
            sorted_edges[at] = source[i, 2]


@kernel
def _sort_by_digit(source: Array, target: Array, shift: int, counts: npt.NDArray[np.int64]) -> None:
    """A stable counting sort by some bits of the neighbour; ``counts`` is scratch."""
    mask = len(counts) - 1
    counts[:] = 0
    for i in range(len(source)):
        counts[(np.int64(source[i, 1]) >> shift) & mask] += 1
    start = 0
    for value in range(len(counts)):
        count = counts[value]
        counts[value] = start
        start += count
    for i in range(len(source)):
        digit = (np.int64(source[i, 1]) >> shift) & mask
        at = counts[digit]
        counts[digit] = at + 1
        target[at, 0] = source[i, 0]
        target[at, 1] = source[i, 1]
        target[at, 2] = source[i, 2]
