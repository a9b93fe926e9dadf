"""Where a replica may go when its node dies: as far from the others as the plan had it.

Ray brings a replica back on another node within a second or so, without asking anybody. What it
keeps to then is a label selector, which has to be given beforehand and stays as it is: the labels
that are required, and none of the nodes, nor the zones, that the plan gave to the partition's other
replicas. Where they had to share one, that one is not barred.

It is as good as a plan for the first node that a partition loses. Later ones know only where the
others stood at first, so two of them may meet; a plan made then says that they should part.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphray.placement.planning import Plan
from graphray.placement.problem import PlacementProblem
from graphray.placement.selectors import Selector, selector_of

NODE_ID_LABEL = "ray.io/node-id"
"""The label of every node under which Ray says its id."""

Place = tuple[int, int]
"""Partition, and number of the replica."""


def healing_selectors(
    plan: Plan, problem: PlacementProblem, zone_label: str | None
) -> dict[Place, Selector]:
    """For every replica, what a node that it goes to must be, the one planned included.

    Args:
        plan: where replicas go.
        problem: what it is a plan for.
        zone_label: the label that says where a node stands; None where zones make no difference.

    Example:
        >>> from graphray.placement.planning import plan
        >>> from graphray.placement.problem import ClusterNode, PartitionDemand
        >>> nodes = tuple(ClusterNode(name, 1e9, 1, zone=name.upper()) for name in "ab")
        >>> problem = PlacementProblem((PartitionDemand(0, 1e6),), nodes)
        >>> healing_selectors(plan(problem), problem, "rack")[0, 0]
        {'ray.io/node-id': '!in(b)', 'rack': '!in(B)'}
    """
    zone_of = {node.node_id: node.zone for node in problem.nodes}
    found: dict[Place, Selector] = {}
    for replica in plan.replicas:
        siblings = set(plan.nodes_of(replica.part)) - {replica.node_id}
        barred = {NODE_ID_LABEL: siblings}
        if zone_label is not None:
            zones = {zone_of[node] for node in siblings}
            barred[zone_label] = zones - {zone_of[replica.node_id], ""}
        selector = {label: _none_of(values) for label, values in barred.items() if values}
        # What is required of a label says more than that it is not some value.
        selector.update(selector_of(problem.options.require, replica.replica))
        found[replica.part, replica.replica] = selector
    return found


def _none_of(values: Iterable[str]) -> str:
    return f"!in({', '.join(sorted(values))})"
