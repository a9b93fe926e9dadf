"""One level of a multilevel partitioner: a weighted graph, and how to get a coarser one.

A node of a coarse level is a cluster of nodes of the finer one. It carries weights that add up over
its members, its *size* (how many nodes), its *load* (how many edge ends) and whatever else has to
balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_contract import crossing_edges, number_clusters
from graphray.threads import Threads
from partitioners.adjacency import SymmetricAdjacency, combine
from partitioners.parallel import Work, batches, share
from partitioners.problem import AnyProblem
from partitioners.weights import with_loads

_CONTRACT_BATCHES = 16


@dataclass(frozen=True)
class Level:
    """A symmetric graph in CSR form with node and edge weights.

    Attributes:
        indptr: ``int64[n + 1]``.
        neighbours: ``uint32[m]``.
        weights: ``uint32[m]``, or None where every edge weighs 1.
        node_weights: ``uint32[n, k]``, size, load and further weights of each node.
    """

    indptr: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.uint32] | None
    node_weights: npt.NDArray[np.uint32]

    @property
    def num_nodes(self) -> int:
        """Number of nodes, with and without neighbours."""
        return len(self.node_weights)

    @cached_property
    def degrees(self) -> npt.NDArray[np.int64]:
        """``int64[n]``, the number of neighbours of each node."""
        return np.diff(self.indptr)

    @cached_property
    def nodes(self) -> npt.NDArray[np.uint32]:
        """``uint32[:]``, the nodes that have neighbours, rising."""
        return np.flatnonzero(self.degrees).astype(np.uint32)

    @cached_property
    def isolated(self) -> npt.NDArray[np.uint32]:
        """``uint32[:]``, the nodes that have none, the largest loads first."""
        isolated = np.flatnonzero(self.degrees == 0).astype(np.uint32)
        loads = self.node_weights[isolated, 1]
        return isolated[np.argsort(-loads.astype(np.int64), kind="stable")]

    @cached_property
    def work(self) -> Work:
        """``int64[len(nodes)]``, adjacency entries up to and including each of `nodes`."""
        return np.cumsum(self.degrees[self.nodes])

    @cached_property
    def edge_weight(self) -> int:
        """The sum of all adjacency entries' weights: every edge counts twice."""
        if self.weights is None:
            return len(self.neighbours)
        return int(self.weights.sum(dtype=np.int64))


def finest_level(problem: AnyProblem, graph: SymmetricAdjacency) -> Level:
    """The graph itself as a level; raises as `node_weights_of` does."""
    return Level(graph.indptr, graph.neighbours, graph.weights, with_loads(problem, graph.loads))


def contract(level: Level, label: npt.NDArray[np.uint32], threads: Threads) -> Level:
    """The level whose nodes are the clusters of this one.

    Args:
        level: the finer level.
        label: ``uint32[n]``, the cluster of each node. Changed: clusters are renumbered from 0 in
            order of appearance, and nodes without neighbours get the number after the last.
        threads: share the work.
    """
    count = number_clusters(label, level.nodes)

    def crossing(start: int, stop: int) -> tuple[npt.NDArray[np.uint32], ...]:
        return crossing_edges(
            level.indptr, level.neighbours, level.weights, label, level.nodes, start, stop
        )

    # In batches, because how many edges cross is only known afterwards: the excess stays small.
    pieces = [
        piece
        for start, stop in batches(level.work, _CONTRACT_BATCHES)
        for piece in share(threads, start, stop, level.work, crossing)
    ]
    edges = [(low, high, weights) for low, high, weights in pieces]
    indptr, neighbours, weights, _ = combine(edges, count, threads)
    node_weights = np.empty((count, level.node_weights.shape[1]), np.uint32)
    clusters = label[level.nodes]
    for column in range(node_weights.shape[1]):
        members_weights = level.node_weights[level.nodes, column]
        node_weights[:, column] = np.bincount(clusters, members_weights, minlength=count)
    return Level(indptr, neighbours, weights, node_weights)
