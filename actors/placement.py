"""Placement groups: one per replica, on the node that was planned for it.

Ray takes a group of one node to a *soft target*: there where that node has room, else to another
that the group's selector allows, and so again when the node dies, within a second and without being
told. That is why replicas have groups of their own. One group for all replicas of a partition can
be told how to spread, but not where to; pinned to nodes by their ids, it is not healed when one of
them dies, and removing it to make another would end the replicas that still serve.

As long as no node is allowed, a group waits, and Ray's autoscaler sees what it waits for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ray
from ray.util.placement_group import (
    PlacementGroup,
    placement_group,
    placement_group_table,
    remove_placement_group,
)

from graphray.client.view import GraphSpec, group_prefix
from graphray.placement import Selector
from graphray.placement.selectors import for_ray

Place = tuple[int, int]
"""Partition, and number of the replica."""


def create_group(spec: GraphSpec, place: Place, node_id: str, selector: Selector) -> PlacementGroup:
    """Make the placement group of a replica.

    Args:
        spec: the graph.
        place: whose.
        node_id: where it goes, as long as that is there and has room.
        selector: what any node that it goes to has to be.
    """
    return placement_group(
        [{"CPU": spec.options.cpus_per_replica}],
        strategy="STRICT_PACK",
        name=spec.placement_group(*place),
        lifetime="detached",
        bundle_label_selector=[for_ray(selector)],
        _soft_target_node_id=node_id,
    )


def find_groups(spec: GraphSpec) -> dict[Place, PlacementGroup]:
    """The placement groups of a graph that exist."""
    return {
        place: PlacementGroup(ray.PlacementGroupID(bytes.fromhex(group_id)))
        for place, (group_id, _) in _groups(spec).items()
    }


def replica_nodes(spec: GraphSpec) -> dict[int, dict[int, str]]:
    """On which node each replica of each partition has its place, as far as that is decided."""
    found: dict[int, dict[int, str]] = {}
    for (part, replica), (_, node_id) in sorted(_groups(spec).items()):
        if node_id:
            found.setdefault(part, {})[replica] = node_id
    return found


def wait_for_room(spec: GraphSpec, selectors: Sequence[Selector], timeout_s: float) -> bool:
    """Ask Ray for room for replicas, and wait until there is; returns whether there is.

    Where nodes come as they are needed, this is what has them come.

    Args:
        spec: the graph.
        selectors: of each replica, what its node has to be.
        timeout_s: how long to wait.
    """
    demand = placement_group(
        [{"CPU": spec.options.cpus_per_replica}] * len(selectors),
        strategy="SPREAD",
        name=f"{group_prefix(spec.name)}demand",
        bundle_label_selector=[for_ray(selector) for selector in selectors],
    )
    try:
        return demand.wait(timeout_s)
    finally:
        remove_placement_group(demand)


def _groups(spec: GraphSpec) -> Mapping[Place, tuple[str, str]]:
    """By place, the id of the group, and of the node where it is; empty where it waits."""
    name = re.compile(re.escape(group_prefix(spec.name)) + r"part-(\d+)/replica-(\d+)")
    found = {}
    for entry in placement_group_table().values():
        match = name.fullmatch(entry["name"])
        if match and entry["state"] != "REMOVED":
            place = int(match[1]), int(match[2])
            node_id = next(iter(entry["bundles_to_node_id"].values()), "")
            found[place] = (entry["placement_group_id"], node_id)
    return found
