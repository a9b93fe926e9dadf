"""Clusters for coarsening: a few rounds of label propagation under size limits.

Where a graph has communities, their members find each other in three rounds, and a million nodes
shrink to a few thousand clusters at once. Where it has none, labels run into arbitrary heaps that
no refinement can undo; the first nodes of the second round tell the two apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_cluster import accept_clusters, propose_clusters
from graphray.threads import Threads
from partitioners.level import Level
from partitioners.parallel import batches, share

ROUNDS = 3
_BATCHES = 32
_PROBE_BATCHES = 2

# After one round, members of communities see a third and more of their edges in one cluster;
# in graphs of the same degrees without communities it is below a sixth.
STRUCTURE_MIN = 0.25

_LIMIT_MAX = 2**32 - 1


def cluster(
    level: Level,
    limits: npt.NDArray[np.int64],
    rng: np.random.Generator,
    threads: Threads,
    *,
    structure_min: float = 0.0,
) -> npt.NDArray[np.uint32] | None:
    """Cluster the nodes of a level.

    Args:
        level: the graph.
        limits: ``int64[k]``, the most of each weight that a cluster may have.
        rng: orders clusters that attract equally.
        threads: share the work.
        structure_min: the share of edge weight that has to go to one cluster, in the probe of the
            second round, for clustering to go on.

    Returns:
        ``uint32[n]``, the cluster of each node, named after one of the nodes; None where the graph
        showed too little structure.
    """
    label = np.arange(level.num_nodes, dtype=np.uint32)
    cluster_weights = level.node_weights.copy()
    full = np.zeros(level.num_nodes, np.uint8)
    limits = np.clip(limits, 1, _LIMIT_MAX)

    nodes, work = level.nodes, level.work
    for round_number in range(ROUNDS):
        salt = np.uint32(rng.integers(2**32))
        proposal = np.empty(len(nodes), np.uint32)
        settled = np.zeros(len(nodes), np.bool_)

        def propose(
            start: int,
            stop: int,
            salt: np.uint32 = salt,
            nodes: npt.NDArray[np.uint32] = nodes,
            proposal: npt.NDArray[np.uint32] = proposal,
            settled: npt.NDArray[np.bool_] = settled,
        ) -> tuple[int, int]:
            return propose_clusters(
                level.indptr, level.neighbours, level.weights, label, full, salt, nodes,
                start, stop, proposal, settled,
            )  # fmt: skip

        kept = total = 0
        for number, (start, stop) in enumerate(batches(work, _BATCHES)):
            shares = share(threads, start, stop, work, propose)
            kept += sum(found[0] for found in shares)
            total += sum(found[1] for found in shares)
            if round_number == 1 and number == _PROBE_BATCHES and kept < structure_min * total:
                return None
            accept_clusters(
                nodes, start, stop, proposal, level.node_weights, limits, label,
                cluster_weights, full,
            )  # fmt: skip
        if round_number == ROUNDS - 2:
            # The last round is for those who may still do better.
            nodes = nodes[~settled]
            work = np.cumsum(level.degrees[nodes])
    return label
