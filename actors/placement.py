"""Placement groups: one per partition, so that its replicas stand on nodes of their own.

``STRICT_SPREAD`` is kept by Ray through node deaths: the group heals when a node is there, and
until then stays short of a bundle rather than doubling up.
"""

from __future__ import annotations

import ray
from ray.util.placement_group import PlacementGroup, placement_group, placement_group_table

from graphray.client.view import GraphSpec


def strategy_for(replicas: int, nodes: int) -> tuple[str, str]:
    """The placement strategy that the cluster can satisfy, and a warning where it is the softer.

    >>> strategy_for(2, 3)
    ('STRICT_SPREAD', '')
    """
    if nodes >= replicas:
        return "STRICT_SPREAD", ""
    return "SPREAD", (
        f"{replicas} replicas on {nodes} node{'s' if nodes > 1 else ''}: replicas of a partition "
        "share a node, and are lost with it; add nodes and launch again for real redundancy"
    )


def nodes_for_replicas(cpus: float) -> int:
    """How many living nodes could ever hold a replica."""
    return sum(
        1 for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0.0) >= cpus
    )


def ensure_group(spec: GraphSpec, part: int, strategy: str) -> PlacementGroup:
    """The placement group of a partition: the one that exists, or a new one."""
    existing = find_groups(spec).get(part)
    if existing is not None:
        return existing
    return placement_group(
        [{"CPU": spec.options.cpus_per_replica}] * spec.options.replicas,
        strategy=strategy,
        name=spec.placement_group(part),
        lifetime="detached",
    )


def find_groups(spec: GraphSpec) -> dict[int, PlacementGroup]:
    """The placement groups of a graph that exist, by partition."""
    return {
        part: PlacementGroup(ray.PlacementGroupID(bytes.fromhex(group_id)))
        for part, (group_id, _) in _groups(spec).items()
    }


def replica_nodes(spec: GraphSpec) -> dict[int, dict[int, str]]:
    """On which node each replica of each partition has its place, as far as that is decided."""
    return {part: nodes for part, (_, nodes) in _groups(spec).items()}


def _groups(spec: GraphSpec) -> dict[int, tuple[str, dict[int, str]]]:
    prefix = spec.placement_group(0).removesuffix("0")
    found = {}
    for entry in placement_group_table().values():
        if entry["name"].startswith(prefix) and entry["state"] != "REMOVED":
            part = int(entry["name"].removeprefix(prefix))
            found[part] = (entry["placement_group_id"], dict(entry["bundles_to_node_id"]))
    return found
