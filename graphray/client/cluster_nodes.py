"""The nodes of the running Ray cluster, as a plan sees them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import ray
from ray._private import state
from ray.util.placement_group import placement_group_table

from graphray.client.view import group_prefix
from graphray.placement import ClusterNode

ZONE_LABEL = "ray.io/availability-zone"
"""The label in which Ray's cloud providers say where a node stands."""


def nodes_of_cluster(
    zone_label: str | None = None, *, graph: str | None = None
) -> tuple[ClusterNode, ...]:
    """Every living node, with what it offers to the replicas of one graph.

    CPUs that placement groups hold are taken off, but for the graph's own; what single tasks and
    actors hold is not: tasks come and go. Nodes on which other groups hold least come first, so
    that where a strategy sees no difference, the next graph goes to other nodes.

    Args:
        zone_label: the label that says where a node stands; None for `ZONE_LABEL`.
        graph: whose placement groups to leave out; None for a graph that does not run.
    """
    held = _held_cpus(graph)
    draining = state.state.get_draining_nodes()  # Ray tells it nowhere else.
    alive = [entry for entry in ray.nodes() if entry["Alive"]]
    alive.sort(key=lambda entry: (held[entry["NodeID"]], entry["NodeID"]))
    return tuple(
        _node(entry, zone_label or ZONE_LABEL, held[entry["NodeID"]], entry["NodeID"] in draining)
        for entry in alive
    )


def _held_cpus(graph: str | None) -> defaultdict[str, float]:
    """The CPUs that placement groups hold, by node."""
    held: defaultdict[str, float] = defaultdict(float)
    for group in placement_group_table().values():
        is_own = graph is not None and group["name"].startswith(group_prefix(graph))
        if is_own or group["state"] == "REMOVED":
            continue
        for bundle, node_id in group["bundles_to_node_id"].items():
            held[node_id] += group["bundles"][bundle].get("CPU", 0.0)
    return held


def _node(
    entry: dict[str, Any], zone_label: str, held_cpus: float, is_draining: bool
) -> ClusterNode:
    resources, labels = entry["Resources"], dict(entry.get("Labels") or {})
    return ClusterNode(
        node_id=entry["NodeID"],
        # Ray parts a node's memory into what actors use and what its object store holds: a
        # replica's process is in the one, its arrays are in the other.
        memory_bytes=resources.get("memory", 0.0) + resources.get("object_store_memory", 0.0),
        cpus=max(0.0, resources.get("CPU", 0.0) - held_cpus),
        zone=labels.get(zone_label, ""),
        labels=labels,
        draining=is_draining,
    )
