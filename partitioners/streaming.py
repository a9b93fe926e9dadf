"""Partition a stream of edges: memory for the nodes only, a few passes over the edges.

No adjacency is ever built: the edges may be many times the memory, mapped from files. One pass
counts degrees, one clusters (see `cluster_stream`), and clusters are dealt out to partitions,
largest first. Restreaming passes then let the nodes choose anew (Nishimura and Ugander, KDD 2013),
in turns: a group of nodes that are no neighbours in number chooses while the others stay, because
all at once would swing from side to side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_assign import choose_parts, fill_parts
from graphray.kernels.partition_stream import cluster_stream, count_stream
from partitioners.adjacency import MAX_NODES
from partitioners.limits import checked_imbalance
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import Balance, Parts, unassigned
from partitioners.weights import node_weights_of

_CLUSTERS_PER_PART_MIN = 32
_GROUPS_MIN = 2
_CELLS_MAX = 2**26
_ROUNDS_MAX = 8
_GAIN_MIN = 0.002


class Streaming:
    """Streaming partitioning of edges, restreamed, with balance on nodes and edges.

    Args:
        imbalance: the largest partition may hold this many times the mean of nodes, and of edge
            ends.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "streaming"

    def __init__(self, *, imbalance: float = 1.1) -> None:
        self.imbalance = checked_imbalance(imbalance)

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; `rng_seed` changes nothing.

        Raises:
            ArgumentError: where the graph has more than 2**32 - 1 nodes.
        """
        n = problem.num_nodes
        if n > MAX_NODES:
            raise ArgumentError(
                f"the graph has {n} nodes; this partitioner numbers them in 32 bits, up to "
                f"{MAX_NODES}; use 'hash' or 'range'"
            )
        if parts == 1 or n <= parts:
            return np.arange(n, dtype=np.int32) % np.int32(parts)
        node_weights = node_weights_of(problem)
        balance = Balance(parts, node_weights.sum(axis=0, dtype=np.int64), self.imbalance)
        filled = np.zeros((parts, 2), np.int64)
        part = _deal_clusters(problem, node_weights, balance, filled)
        _restream(problem, node_weights, balance, part, filled)
        isolated = np.flatnonzero(node_weights[:, 1] == 0).astype(np.uint32)
        fill_parts(isolated, node_weights, balance.limits, part, filled)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment


def _deal_clusters(
    problem: PartitionProblem,
    node_weights: npt.NDArray[np.uint32],
    balance: Balance,
    filled: npt.NDArray[np.int64],
) -> Parts:
    """Cluster in one pass over the edges; then put clusters where least is, the largest first."""
    n = problem.num_nodes
    loads = np.ascontiguousarray(node_weights[:, 1])
    label = np.arange(n, dtype=np.uint32)
    cluster_loads = loads.astype(np.int64)
    load_max = int(balance.totals[1]) // (balance.parts * _CLUSTERS_PER_PART_MIN)
    for edges in problem.edges:
        cluster_stream(edges.sources, edges.destinations, loads, load_max, label, cluster_loads)
    sizes = np.bincount(label, minlength=n)
    clusters = np.flatnonzero(cluster_loads).astype(np.uint32)
    clusters = clusters[np.argsort(-cluster_loads[clusters], kind="stable")]
    cluster_part = unassigned(n, balance.parts)
    cluster_weights = np.stack([sizes, cluster_loads], axis=1).astype(np.uint32)
    fill_parts(clusters, cluster_weights, balance.limits, cluster_part, filled)
    return cluster_part[label]


def _restream(
    problem: PartitionProblem,
    node_weights: npt.NDArray[np.uint32],
    balance: Balance,
    part: Parts,
    filled: npt.NDArray[np.int64],
) -> None:
    """Let groups choose in turns until a round gains little, and once more for the cut alone."""
    n, columns = problem.num_nodes, balance.parts + 1
    groups = max(_GROUPS_MIN, -(-n * columns // _CELLS_MAX))
    num_edges = sum(len(edges.sources) for edges in problem.edges)
    pressure = 1.0
    for round_number in range(_ROUNDS_MAX):
        if round_number == _ROUNDS_MAX - 1:
            pressure = 0.0
        gain = 0
        for group in range(groups):
            nodes = np.arange(group, n, groups, dtype=np.uint32)
            connections = np.zeros((len(nodes), columns), np.uint32)
            for edges in problem.edges:
                count_stream(edges.sources, edges.destinations, part, groups, group, connections)
            linked = np.flatnonzero(connections.any(axis=1))
            gain += choose_parts(
                nodes[linked], 0, len(linked), connections[linked], node_weights, balance.limits,
                balance.even_targets(), pressure, part, filled,
            )  # fmt: skip
        if pressure == 0.0:
            break
        if gain < _GAIN_MIN * num_edges:
            pressure = 0.0
