"""What a plan has to keep to and what it costs, plainly, and all plans there are."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from graphray.placement import PlacementProblem
from graphray.placement.selectors import matches, selector_of

Placed = tuple[tuple[int, ...], ...]


def all_plans(problem: PlacementProblem) -> list[Placed]:
    """Every plan that shares nodes and zones as little as can be and exceeds nothing.

    As little as can be: no more than has to be if each partition had the nodes to itself.
    """
    per_partition = [_least_sharing(problem, part) for part in range(len(problem.partitions))]
    return [placed for placed in itertools.product(*per_partition) if _fits(problem, placed)]


def _least_sharing(problem: PlacementProblem, part: int) -> list[tuple[int, ...]]:
    demand = problem.partitions[part]
    choices = [
        [n for n in range(len(problem.nodes)) if _usable(problem, part, r, n)]
        for r in range(demand.replicas)
    ]
    ways = list(itertools.product(*choices))
    if not ways:
        return []
    node_cap = min(max(Counter(way).values()) for way in ways)
    ways = [way for way in ways if max(Counter(way).values()) == node_cap]
    if not problem.options.spread_zones:
        return ways
    zone_cap = min(_most_in_zone(problem, way) for way in ways)
    return [way for way in ways if _most_in_zone(problem, way) == zone_cap]


def _usable(problem: PlacementProblem, part: int, replica: int, node: int) -> bool:
    demand, at = problem.partitions[part], problem.nodes[node]
    selector = selector_of(problem.options.require, replica)
    fits = demand.memory_bytes <= at.memory_bytes and demand.cpus <= at.cpus
    return fits and not at.draining and matches(selector, at.labels)


def _most_in_zone(problem: PlacementProblem, way: tuple[int, ...]) -> int:
    return max(Counter(problem.nodes[n].zone for n in way).values())


def _fits(problem: PlacementProblem, placed: Placed) -> bool:
    return all(
        memory <= at.memory_bytes and cpus <= at.cpus + 1e-9
        for at, (memory, cpus) in zip(problem.nodes, _used(problem, placed), strict=True)
    )


def _used(problem: PlacementProblem, placed: Placed) -> list[tuple[float, float]]:
    used = [(0.0, 0.0)] * len(problem.nodes)
    for part, node in _stands(placed):
        demand = problem.partitions[part]
        used[node] = (used[node][0] + demand.memory_bytes, used[node][1] + demand.cpus)
    return used


def _stands(placed: Placed) -> Iterator[tuple[int, int]]:
    return ((part, node) for part, places in enumerate(placed) for node in places)


def nodes_used(problem: PlacementProblem, placed: Placed) -> float:
    return len({node for _, node in _stands(placed)})


def unequal_counts(problem: PlacementProblem, placed: Placed) -> float:
    counts = Counter(node for _, node in _stands(placed))
    return sum(count**2 for count in counts.values())


def uneven_memory(problem: PlacementProblem, placed: Placed) -> float:
    """1.0 where memory is filled to the same share on all nodes that take replicas."""
    squares = total = capacity = 0.0
    for at, (memory, _) in zip(problem.nodes, _used(problem, placed), strict=True):
        if not at.draining:
            squares += memory**2 / at.memory_bytes
            total += memory
            capacity += at.memory_bytes
    return squares * capacity / total**2


def crossing_share(problem: PlacementProblem, placed: Placed) -> float:
    """Of the edges between partitions, those that are followed from one node to another."""
    assert problem.cut is not None
    dense = problem.cut.toarray()
    crossing = total = 0.0
    for p, q in itertools.permutations(range(len(placed)), 2):
        alone = sum(node not in placed[q] for node in placed[p])
        crossing += dense[p, q] * alone / len(placed[p])
        total += dense[p, q]
    return crossing / total if total else 0.0
