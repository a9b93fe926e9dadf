"""The graph that structural partitioners see: symmetric, simple, weighted, all relations in one.

A partition's owner stores the edges of its nodes whatever their direction and relation, so
direction and relation do not matter for the cut. Self-loops never cross a border and are dropped;
parallel edges become one edge of their number as weight. What a node costs its owner to store is
counted before that: `loads` holds every edge end, of self-loops and repeats too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_adjacency import (
    build_rows,
    close_gaps,
    count_buckets,
    deal_ends,
)
from graphray.threads import Threads
from partitioners.problem import PartitionProblem

MAX_NODES = 2**32 - 1

WeightedEdges = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.uint32] | None]

# A bucket of this size is put together within the cache; more buckets than this would not be
# written to all at once without missing it.
_BUCKET_ENDS = 2**14
_BUCKETS_MAX = 2048


@dataclass(frozen=True)
class SymmetricAdjacency:
    """An undirected graph in CSR form; every edge is in the rows of both its ends.

    Attributes:
        indptr: ``int64[n + 1]``; row v is the positions ``indptr[v] : indptr[v + 1]``.
        neighbours: ``uint32[indptr[-1]]``, without repeats within a row and without the row itself.
        weights: ``uint32[indptr[-1]]``, or None where all edges weigh the same.
        loads: ``int64[n]``, the edge ends at each node, self-loops and repeats counted.
    """

    indptr: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.uint32] | None
    loads: npt.NDArray[np.int64]

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.loads)


def symmetric_adjacency(
    problem: PartitionProblem, threads: Threads | None = None
) -> SymmetricAdjacency:
    """Combine all relations of a problem into one symmetric graph.

    Takes time linear in nodes and edges, and 16 bytes an edge. Rows list their neighbours in the
    order of the edges, whatever the number of threads.

    Args:
        problem: the graph.
        threads: share the work; None for the caller's own thread.

    Raises:
        ArgumentError: where the graph has more than 2**32 - 1 nodes.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> from partitioners.problem import EdgeSet
        >>> edges = EdgeSet(DEFAULT_RELATION, np.array([0, 1, 2]), np.array([1, 0, 2]))
        >>> graph = symmetric_adjacency(PartitionProblem(("node",), np.array([0, 3]), (edges,)))
        >>> graph.indptr.tolist(), graph.neighbours.tolist(), graph.loads.tolist()
        ([0, 1, 2, 2], [1, 0], [2, 2, 2])
    """
    n = problem.num_nodes
    if n > MAX_NODES:
        raise ArgumentError(
            f"the graph has {n} nodes; this partitioner numbers them in 32 bits, up to "
            f"{MAX_NODES}; use 'hash' or 'range'"
        )
    edges = [(e.sources, e.destinations, None) for e in problem.edges]
    indptr, neighbours, weights, loads = combine(edges, n, threads or Threads(1))
    # Listing every edge in both directions doubles all weights alike, which says nothing.
    uniform = len(weights) == 0 or weights.min() == weights.max()
    return SymmetricAdjacency(indptr, neighbours, None if uniform else weights, loads)


def combine(
    edges: Sequence[WeightedEdges], num_nodes: int, threads: Threads
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.int64],
]:
    """Put edges into the rows of both their ends, without self-loops; weights of repeats add up.

    Args:
        edges: sources, destinations ``int[m]`` and weights ``uint32[m]`` or None for 1; all of
            them have weights, or none.
        num_nodes: number of nodes.
        threads: share the work.

    Returns:
        ``indptr: int64[n + 1]``, ``neighbours: uint32[entries]``, ``weights: uint32[entries]`` and
        ``loads: int64[n]``, the edge ends at each node.
    """
    shift, bounds, rows, others, dealt_weights = _deal(edges, num_nodes, threads)
    starts, sizes = bounds[:-1], np.zeros(len(bounds) - 1, np.int64)
    loads, lengths = np.empty(num_nodes, np.int64), np.empty(num_nodes, np.int64)

    def build(buckets: range) -> None:
        last_seen = np.empty(num_nodes, np.uint32)
        for bucket in buckets:
            ends = slice(bounds[bucket], bounds[bucket + 1])
            nodes = slice(bucket << shift, (bucket + 1) << shift)
            weights = None if dealt_weights is None else dealt_weights[ends]
            sizes[bucket] = build_rows(
                rows[ends], others[ends], weights, nodes.start, loads[nodes], lengths[nodes],
                last_seen,
            )  # fmt: skip

    threads.map(build, [range(t, len(starts), threads.count) for t in range(threads.count)])
    close_gaps(others, starts, sizes)
    close_gaps(rows, starts, sizes)
    indptr = np.zeros(num_nodes + 1, np.int64)
    np.cumsum(lengths, out=indptr[1:])
    return indptr, others[: indptr[-1]], rows[: indptr[-1]], loads


def _deal(
    edges: Sequence[WeightedEdges], num_nodes: int, threads: Threads
) -> tuple[
    int,
    npt.NDArray[np.int64],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32] | None,
]:
    """Deal all edge ends into buckets of ``2**shift`` nodes each.

    Returns:
        The shift; the bounds of the buckets, ``int64[buckets + 1]``; and per end its own node, the
        other, and the weight, ``uint32[ends]`` each.
    """
    ends = 2 * sum(len(sources) for sources, _, _ in edges)
    wanted = min(_BUCKETS_MAX, 1 + ends // _BUCKET_ENDS)
    shift = max(0, max(0, num_nodes - 1).bit_length() - (wanted - 1).bit_length())
    buckets = -(-num_nodes // (1 << shift))

    pieces = [
        (sources[piece], destinations[piece], None if weights is None else weights[piece])
        for sources, destinations, weights in edges
        for piece in _slices(len(sources), threads.count)
    ]
    counts = np.zeros((len(pieces), buckets), np.int64)
    threads.map(lambda i: count_buckets(*pieces[i][:2], shift, counts[i]), range(len(pieces)))
    # Within a bucket the pieces follow each other, as they would if one thread wrote them all.
    cursors = np.zeros(counts.size + 1, np.int64)
    np.cumsum(counts.T, out=cursors[1:])
    cursor = np.ascontiguousarray(cursors[:-1].reshape(buckets, len(pieces)).T)
    bounds = np.zeros(buckets + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=bounds[1:])
    rows, others = np.empty(ends, np.uint32), np.empty(ends, np.uint32)
    weighted = any(weights is not None for _, _, weights in edges)
    dealt_weights = np.empty(ends, np.uint32) if weighted else None
    threads.map(
        lambda i: deal_ends(*pieces[i], shift, cursor[i], rows, others, dealt_weights),
        range(len(pieces)),
    )
    return shift, bounds, rows, others, dealt_weights


def _slices(length: int, count: int) -> list[slice]:
    bounds = [length * i // count for i in range(count + 1)]
    return [slice(*pair) for pair in pairwise(bounds)]
