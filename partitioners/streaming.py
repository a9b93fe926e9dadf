"""Partition a stream of edges: memory for the nodes only, a few passes over the edges.

No adjacency is ever built: the edges may be many times the memory, and come in batches from files.
One pass counts degrees, one clusters (see `cluster_stream`), and clusters are dealt out to
partitions, largest first. Restreaming passes then let the nodes choose anew (Nishimura and Ugander,
KDD 2013), in turns: a group of nodes that are no neighbours in number chooses while the others
stay, because all at once would swing from side to side. The last round looks at the cut alone.

A group's nodes are counted for together, so less memory means more groups, and a pass for each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_assign import choose_parts, fill_parts
from graphray.kernels.partition_stream import cluster_stream, count_stream
from partitioners.adjacency import MAX_NODES
from partitioners.balance import LOAD, SIZE, Balance
from partitioners.goal import ANY_CRITERIA
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.occupancy import occupy
from partitioners.problem import AnyProblem
from partitioners.refinement import Parts, mend_blindly, unassigned
from partitioners.weights import node_weights_of

_CLUSTERS_PER_PART_MIN = 32
_GROUPS_MIN = 2
_GROUPS_MAX = 64
_ROUNDS_MAX = 8
_GAIN_MIN = 0.002

# Weights, labels, sums per cluster, and what sorting the clusters takes.
_NODE_BYTES = 64
_CELL_BYTES = 4
# What is held where nobody says: the more of both, in all and per node.
_MEMORY_BYTES = 2**30
_MEMORY_BYTES_PER_NODE = 128


class Streaming:
    """Streaming partitioning of edges, restreamed, with balance on nodes and edges.

    Args:
        imbalance: the largest partition may hold this many times its share of nodes, and of edge
            ends.
        memory_bytes: what it may hold beyond the graph it is given; some 64 bytes a node are
            needed, and what is left is for counting. Less: more passes over the edges. None for
            1 GiB, or 128 bytes a node where that is more.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "streaming"
    reads_batches = True
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE, memory_bytes: int | None = None) -> None:
        self.imbalance = checked_imbalance(imbalance)
        self.memory_bytes = memory_bytes

    def within(self, memory_bytes: int) -> Streaming:
        """The same partitioner, held to so much memory."""
        return Streaming(imbalance=self.imbalance, memory_bytes=memory_bytes)

    def partition(self, problem: AnyProblem, parts: int, *, rng_seed: int) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; `rng_seed` changes nothing.

        Raises:
            ArgumentError: where the graph has more than 2**32 - 1 nodes, or more than fit
                `memory_bytes`.
        """
        n = problem.num_nodes
        if n > MAX_NODES:
            raise ArgumentError(
                f"the graph has {n} nodes; this partitioner numbers them in 32 bits, up to "
                f"{MAX_NODES}; use 'hash' or 'range'"
            )
        if parts == 1 or n <= parts:
            return np.arange(n, dtype=np.int32) % np.int32(parts)
        groups = self._groups(n, parts)
        node_weights = node_weights_of(problem)
        balance = Balance.of(problem, node_weights, parts, self.imbalance)
        filled = np.zeros(balance.limits.shape, np.int64)
        part = _deal_clusters(problem, node_weights, balance, filled)
        _restream(problem, node_weights, balance, groups, part, filled)
        isolated = np.flatnonzero(node_weights[:, LOAD] == 0).astype(np.uint32)
        fill_parts(isolated, node_weights, balance.limits, part, filled)
        if problem.goal.is_stated:
            mend_blindly(node_weights, part, balance)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment

    def _groups(self, num_nodes: int, parts: int) -> int:
        """How many groups the nodes are counted for in."""
        cells = num_nodes * (parts + 1)
        held_bytes = self.memory_bytes
        if held_bytes is None:
            held_bytes = max(_MEMORY_BYTES, num_nodes * _MEMORY_BYTES_PER_NODE)
        left = held_bytes - num_nodes * _NODE_BYTES
        if left * _GROUPS_MAX < cells * _CELL_BYTES:
            needed = num_nodes * _NODE_BYTES + -(-cells * _CELL_BYTES // _GROUPS_MAX)
            raise ArgumentError(
                f"{num_nodes} nodes into {parts} partitions take {needed} bytes to count for, and "
                f"memory_bytes = {held_bytes}; give it more, or use 'hash' or 'range'"
            )
        return max(_GROUPS_MIN, -(-cells * _CELL_BYTES // left))


def _deal_clusters(
    problem: AnyProblem,
    node_weights: npt.NDArray[np.uint32],
    balance: Balance,
    filled: npt.NDArray[np.int64],
) -> Parts:
    """Cluster in one pass over the edges; then put clusters where least is, the largest first."""
    n = problem.num_nodes
    loads = np.ascontiguousarray(node_weights[:, LOAD])
    label = np.arange(n, dtype=np.uint32)
    cluster_loads = loads.astype(np.int64)
    load_max = int(balance.cluster_limits(_CLUSTERS_PER_PART_MIN)[LOAD])
    for edges in problem.edges:
        for sources, destinations in edges.batches():
            cluster_stream(sources, destinations, loads, load_max, label, cluster_loads)
    clusters = np.flatnonzero(cluster_loads).astype(np.uint32)
    clusters = clusters[np.argsort(-cluster_loads[clusters], kind="stable")]
    cluster_part = unassigned(n, balance.parts)
    cluster_weights = np.empty_like(node_weights)
    for column in range(node_weights.shape[1]):
        members = None if column == SIZE else node_weights[:, column]
        cluster_weights[:, column] = np.bincount(label, weights=members, minlength=n)
    fill_parts(clusters, cluster_weights, balance.limits, cluster_part, filled)
    return cluster_part[label]


def _restream(
    problem: AnyProblem,
    node_weights: npt.NDArray[np.uint32],
    balance: Balance,
    groups: int,
    part: Parts,
    filled: npt.NDArray[np.int64],
) -> None:
    """Let groups choose in turns until a round gains little, and once more for the cut alone."""
    edge_ends = int(balance.totals[LOAD])
    pressure = 1.0
    for round_number in range(_ROUNDS_MAX):
        if round_number == _ROUNDS_MAX - 1:
            pressure = 0.0
        gain = 0
        for group in range(groups):
            nodes, connections = _counted(problem, part, balance.parts, groups, group)
            gain += choose_parts(
                nodes, 0, len(nodes), connections, node_weights, balance.limits, balance.targets,
                balance.steering, pressure, part, filled,
            )  # fmt: skip
        if pressure == 0.0:
            break
        if 2 * gain < _GAIN_MIN * edge_ends:
            pressure = 0.0


def _counted(
    problem: AnyProblem, part: Parts, parts: int, groups: int, group: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The nodes of a group that have neighbours, and their edges to each partition."""
    nodes = np.arange(group, problem.num_nodes, groups, dtype=np.uint32)
    connections = np.zeros((len(nodes), parts + 1), np.uint32)
    for edges in problem.edges:
        for sources, destinations in edges.batches():
            count_stream(sources, destinations, part, groups, group, connections)
    linked = connections.any(axis=1)
    return nodes[linked], connections[linked]
