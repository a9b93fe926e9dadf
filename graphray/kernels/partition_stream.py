"""Partitioning from a stream of edges: memory for the nodes only, however many edges pass by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_ONE32 = np.uint32(1)


@kernel
def count_ends(
    sources: npt.NDArray[Any], destinations: npt.NDArray[Any], loads: npt.NDArray[np.uint32]
) -> None:
    """Add to ``loads``, ``uint32[n]``, the ends of these edges, ``int[m]`` each, at every node."""
    for i in range(len(sources)):
        loads[sources[i]] += _ONE32
        loads[destinations[i]] += _ONE32


@kernel
def cluster_stream(
    sources: npt.NDArray[Any],
    destinations: npt.NDArray[Any],
    loads: npt.NDArray[np.uint32],
    load_max: int,
    label: npt.NDArray[np.uint32],
    cluster_loads: npt.NDArray[np.int64],
) -> None:
    """Let each edge pull one of its ends into the cluster of the other, the one that leaves less.

    Edges inside communities are many, so chances are that the next one is of that kind (Hollocou,
    Maudet, Bonald and Lelarge, "A Streaming Algorithm for Graph Clustering", 2017); true loads and
    a limit on clusters as in 2PS (Mayer, Orujzade and Jacobsen, ICDE 2022).

    Args:
        sources: ``int[m]``.
        destinations: ``int[m]``.
        loads: ``uint32[n]``, the edge ends at each node.
        load_max: most that the loads in a cluster may sum to.
        label: ``uint32[n]``, the cluster of each node, changed.
        cluster_loads: ``int64[n]``, sums per cluster, changed.
    """
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        a, b = label[u], label[v]
        if a == b:
            continue
        if cluster_loads[a] - loads[u] > cluster_loads[b] - loads[v]:
            u, a, b = v, b, a
        if cluster_loads[b] + loads[u] <= load_max:
            cluster_loads[a] -= loads[u]
            cluster_loads[b] += loads[u]
            label[u] = b


@kernel
def count_stream(
    sources: npt.NDArray[Any],
    destinations: npt.NDArray[Any],
    part: npt.NDArray[Any],
    groups: int,
    group: int,
    connections: npt.NDArray[np.uint32],
) -> None:
    """Add each edge to the connections of those of its ends v with ``v % groups == group``.

    Args:
        sources: ``int[m]``.
        destinations: ``int[m]``.
        part: ``uint[n]``, the partition of each node.
        groups: number of groups.
        group: the group counted for.
        connections: ``uint32[:, parts + 1]``, row ``v // groups`` for node v; added to.
    """
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        if u == v:
            continue
        if u % groups == group:
            connections[u // groups, part[v]] += _ONE32
        if v % groups == group:
            connections[v // groups, part[u]] += _ONE32
