"""The nodes of the running Ray cluster, as a plan sees them."""

from __future__ import annotations

from typing import Any

import ray

from graphray.placement import ClusterNode

_ZONE_LABEL = "ray.io/availability-zone"


def nodes_of_cluster() -> tuple[ClusterNode, ...]:
    """Every living node, with all that Ray knows it to have.

    What other work has reserved is not taken off: Ray tells it for the whole cluster only.
    """
    return tuple(_node(entry) for entry in ray.nodes() if entry["Alive"])


def _node(entry: dict[str, Any]) -> ClusterNode:
    resources, labels = entry["Resources"], dict(entry.get("Labels") or {})
    return ClusterNode(
        node_id=entry["NodeID"],
        # Ray parts a node's memory into what actors use and what its object store holds: a
        # replica's process is in the one, its arrays are in the other.
        memory_bytes=resources.get("memory", 0.0) + resources.get("object_store_memory", 0.0),
        cpus=resources.get("CPU", 0.0),
        zone=labels.get(_ZONE_LABEL, ""),
        labels=labels,
    )
