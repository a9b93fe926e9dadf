"""How many replicas of one partition have to share a node, and how many a zone.

None, while there is another: every replica can have a node of its own exactly where the graph of
replicas and nodes that each could use has a matching that covers all replicas (Hall 1935). Where it
has none, they share as little as can be: the least ``c`` such that ``c`` places on every node
suffice. Zones come second: the least number per zone that still leaves nodes as they are.

Both are maximum flows from replicas over nodes to zones, on graphs of a few replicas; partitions
that are alike are asked for once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import maximum_flow

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def replicas_per_place(usable: Bools, zone_of: Ints) -> tuple[int, int]:
    """The least number of replicas that a node, and then a zone, has to take.

    Args:
        usable: ``bool[replicas, nodes]``, which replica could use which node.
        zone_of: ``int64[nodes]``, the zone of each, from 0.

    Returns:
        For a node and for a zone: 1 where each replica can have one of its own; 0 for both where
        some replica has no node at all.

    Example:
        >>> three_on_two = np.ones((3, 2), bool)
        >>> replicas_per_place(three_on_two, np.array([0, 0]))
        (2, 3)
    """
    replicas = len(usable)
    if not usable.any(axis=1).all():
        return 0, 0
    counts = range(1, replicas + 1)
    per_node = next(c for c in counts if _placeable(usable, zone_of, c, replicas) == replicas)
    per_zone = next(c for c in counts if _placeable(usable, zone_of, per_node, c) == replicas)
    return per_node, per_zone


def _placeable(usable: Bools, zone_of: Ints, per_node: int, per_zone: int) -> int:
    """How many replicas find a place where nodes and zones take so many."""
    if usable.all():
        in_zone = np.bincount(zone_of) * per_node
        return min(len(usable), int(np.minimum(in_zone, per_zone).sum()))
    replicas, nodes = usable.shape
    zones = int(zone_of.max()) + 1
    # Numbered: the source, replicas, nodes, zones, the sink.
    first_node, first_zone = 1 + replicas, 1 + replicas + nodes
    sink = first_zone + zones
    capacity = sparse.lil_array((sink + 1, sink + 1), dtype=np.int32)
    capacity[0, 1:first_node] = 1
    capacity[1:first_node, first_node:first_zone] = usable.astype(np.int32)
    for node, zone in enumerate(zone_of.tolist()):
        capacity[first_node + node, first_zone + zone] = per_node
    capacity[first_zone:sink, sink] = per_zone
    return int(maximum_flow(sparse.csr_array(capacity), 0, sink).flow_value)
