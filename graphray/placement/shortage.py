"""What is missing where no plan can be: said before anything is tried, as far as it shows."""

from __future__ import annotations

import numpy as np

from graphray.errors import PlacementError
from graphray.placement.arrangement import CPUS, MEMORY, NOWHERE, Arrangement


def check_enough(arrangement: Arrangement) -> None:
    """Raise PlacementError where something is plainly missing."""
    if not len(arrangement):
        return
    if not arrangement.accepting.any():
        nodes = len(arrangement.problem.nodes)
        there = f"all {nodes} are draining" if nodes else "there is none"
        raise PlacementError(f"no node takes replicas: {there}; add nodes")
    _check_each_has_a_node(arrangement)
    _check_sharing(arrangement)
    _check_totals(arrangement)


def no_room(arrangement: Arrangement) -> PlacementError:
    """The error for replicas that found no place although there is enough in sum."""
    replica = int(np.flatnonzero(arrangement.node_of == NOWHERE)[0])
    part = int(arrangement.part_of[replica])
    free = (arrangement.capacity - arrangement.used)[arrangement.accepting]
    most = ", ".join(_amount(r, free[:, r].max()) for r in (MEMORY, CPUS))
    return PlacementError(
        f"no way was found to place all replicas: {_described(arrangement, replica)} is left over, "
        f"and what is free on one node is at most {most}; add a node of that size, or split "
        f"partition {part}",
        partition=part,
        replica=int(arrangement.number_of[replica]),
    )


def warnings(arrangement: Arrangement) -> tuple[str, ...]:
    """What a plan has to settle for."""
    said = []
    for cap, place in ((arrangement.node_cap, "node"), (arrangement.zone_cap, "zone")):
        if place == "zone" and not arrangement.problem.options.spread_zones:
            continue
        sharing = np.flatnonzero(cap > 1).tolist()
        if sharing:
            said.append(
                f"{_parts(sharing)}: more replicas than {place}s that can hold them; they share a "
                f"{place}, and are lost with it"
            )
    return tuple(said)


def _check_each_has_a_node(arrangement: Arrangement) -> None:
    for part in np.flatnonzero(arrangement.node_cap == 0).tolist():
        replica = next(r for r in arrangement.siblings(part) if not arrangement.eligible(r).any())
        selector = arrangement.selector_of(replica)
        matching = arrangement.matching(replica)
        if not matching.any():
            problem = f"no node that takes replicas matches {selector}"
        else:
            largest = arrangement.capacity[matching].max(axis=0)
            has = ", ".join(_amount(r, largest[r]) for r in (MEMORY, CPUS))
            problem = f"the largest node{f' that matches {selector}' if selector else ''} has {has}"
        raise PlacementError(
            f"{_described(arrangement, replica)} fits on no node: {problem}; add such a node, or "
            f"split partition {part}",
            partition=part,
            replica=int(arrangement.number_of[replica]),
        )


def _check_sharing(arrangement: Arrangement) -> None:
    if arrangement.problem.options.share_nodes:
        return
    for part in np.flatnonzero(arrangement.node_cap > 1).tolist():
        replicas = len(arrangement.siblings(part))
        can = [arrangement.eligible(replica) for replica in arrangement.siblings(part)]
        raise PlacementError(
            f"partition {part} has {replicas} replicas, which may not share a node, and "
            f"{int(np.any(can, axis=0).sum())} nodes can hold them; add nodes, or have fewer "
            "replicas",
            partition=part,
        )


def _check_totals(arrangement: Arrangement) -> None:
    asked = arrangement.demand[arrangement.part_of].sum(axis=0)
    there = arrangement.capacity[arrangement.accepting].sum(axis=0)
    for resource in (MEMORY, CPUS):
        if asked[resource] > there[resource] * (1 + 1e-9):
            raise PlacementError(
                f"all replicas need {_amount(resource, asked[resource])}, and the "
                f"{int(arrangement.accepting.sum())} nodes that take replicas have "
                f"{_amount(resource, there[resource])}: "
                f"{_amount(resource, asked[resource] - there[resource])} missing; add nodes, or "
                "have fewer replicas"
            )


def _described(arrangement: Arrangement, replica: int) -> str:
    part = int(arrangement.part_of[replica])
    needs = ", ".join(_amount(r, arrangement.demand[part, r]) for r in (MEMORY, CPUS))
    return f"replica {arrangement.number_of[replica]} of partition {part} ({needs})"


def _amount(resource: int, amount: float) -> str:
    if resource == MEMORY:
        return f"{amount / 2**30:.2f} GiB of memory"
    return f"{amount:g} CPUs"


def _parts(parts: list[int]) -> str:
    listed = ", ".join(map(str, parts[:10])) + (", ..." if len(parts) > 10 else "")
    return f"partition{'s' if len(parts) > 1 else ''} {listed}"
