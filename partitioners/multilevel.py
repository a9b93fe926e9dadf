"""GraphRay's own partitioner: about METIS's cut, a tenth of its time, nodes and edges balanced.

1. Coarsen by size-constrained label propagation, as long as the graph shows communities
   (Meyerhenke, Sanders and Schulz, SEA 2014).
2. Partition the few thousand clusters that remain with METIS. A graph without communities is not
   coarsened at all; its nodes stream in, hubs first (Fennel, WSDM 2014).
3. Project back level by level, and refine on each within limits on nodes *and* edges; isolated
   nodes come last and even the node counts out.

Peak memory is 10 to 17 bytes per edge end. The result is a function of the problem and
`rng_seed` alone, whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.threads import Threads, available_threads
from partitioners.adjacency import symmetric_adjacency
from partitioners.balance import Balance
from partitioners.clustering import STRUCTURE_MIN, cluster
from partitioners.goal import ANY_CRITERIA
from partitioners.level import Level, contract, finest_level
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.metis_call import call_metis
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import Parts, mend, refine, unassigned
from partitioners.streaming_start import stream

_COARSE_NODES = 4000
_COARSE_NODES_PER_PART = 32
_CLUSTERS_PER_PART_MIN = 14
_SHRINK_MIN = 0.95


class Multilevel:
    """Multilevel partitioning with balance on nodes and edges.

    Args:
        imbalance: the largest partition may hold this many times the mean of nodes, and of edge
            ends. Nearer to 1: evener, and a larger cut. It cannot be met where one hub has more
            edge ends than that: such a hub has a partition to itself, and nodes suffer.
        threads: how many to use; None for as many as there are processors.

    Raises:
        ArgumentError: where `imbalance` is below 1 or `threads` below 1.

    Example:
        >>> Multilevel(imbalance=1.03, threads=1).name
        'multilevel'
    """

    name = "multilevel"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE, threads: int | None = None) -> None:
        imbalance = checked_imbalance(imbalance)
        if threads is not None and threads < 1:
            raise ArgumentError(f"threads = {threads}; expected at least 1, or None")
        self.imbalance = imbalance
        self.threads = available_threads() if threads is None else threads

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`."""
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        with Threads(self.threads) as threads:
            level = finest_level(problem, symmetric_adjacency(problem, threads))
            balance = Balance.of(problem, level.node_weights, parts, self.imbalance)
            part = partition_level(level, balance, np.random.default_rng(rng_seed), threads)
        if problem.goal.is_stated:
            mend(level, part, balance)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment


def partition_level(
    level: Level, balance: Balance, rng: np.random.Generator, threads: Threads
) -> Parts:
    """Partition a weighted graph, within limits on all weights that are held.

    Returns:
        ``uint[n]``, the partition of each node.
    """
    coarse_nodes = max(_COARSE_NODES, _COARSE_NODES_PER_PART * balance.parts)
    cluster_limits = balance.cluster_limits(_CLUSTERS_PER_PART_MIN)
    finer: list[tuple[Level, npt.NDArray[np.uint32]]] = []
    while len(level.nodes) > coarse_nodes:
        structure_min = 0.0 if finer else STRUCTURE_MIN
        label = cluster(level, cluster_limits, rng, threads, structure_min=structure_min)
        if label is None:
            break
        coarser = contract(level, label, threads)
        finer.append((level, label))
        stalled = coarser.num_nodes > _SHRINK_MIN * len(level.nodes)
        level = coarser
        if stalled:
            break

    if len(level.nodes) > coarse_nodes:
        part = stream(level, balance, threads)
    else:
        part = _metis_start(level, balance, rng)
    refine(level, part, balance, threads)
    while finer:
        level, label = finer.pop()
        # Nodes without neighbours were left out of the coarser level: their label is one past it.
        none = unassigned(1, balance.parts)
        part = np.concatenate([part, none])[label]
        refine(level, part, balance, threads)
    return part


def _metis_start(level: Level, balance: Balance, rng: np.random.Generator) -> Parts:
    """METIS's partition of the nodes that have neighbours."""
    part = unassigned(level.num_nodes, balance.parts)
    if len(level.nodes) == 0:
        return part
    position = np.zeros(level.num_nodes, np.int64)
    position[level.nodes] = np.arange(len(level.nodes))
    part[level.nodes] = call_metis(
        np.concatenate([[0], level.work]),
        position[level.neighbours],
        level.weights,
        level.node_weights[level.nodes],
        balance,
        int(rng.integers(2**31 - 1)),
    )
    return part
