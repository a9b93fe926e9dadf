"""Which of a partition's places is which replica's: as many as can keep the one they stand on.

Replicas of a partition are alike, so a plan that has replica 0 move from a to b and replica 1 from
b to c is the same as one that moves replica 0 from a to c. Where the label selectors differ by
replica number they are not alike, and nothing is changed.
"""

from __future__ import annotations

from graphray.placement.problem import PlacementProblem


def keep_numbers(problem: PlacementProblem, placed: list[list[int]]) -> list[list[int]]:
    """The same places, by partition and replica, with the fewest moves.

    Example:
        >>> from graphray.placement.problem import ClusterNode, PartitionDemand
        >>> nodes = tuple(ClusterNode(name, 1e9, 1) for name in "abc")
        >>> problem = PlacementProblem((PartitionDemand(0, 1e6),), nodes, present={0: ("a", "b")})
        >>> keep_numbers(problem, [[1, 2]])
        [[2, 1]]
    """
    options = problem.options
    if len(options.require) > 1 or len(options.prefer) > 1:
        return placed
    number = {node.node_id: i for i, node in enumerate(problem.nodes)}
    return [
        _kept([number.get(node, -1) for node in problem.present.get(part, ())], places)
        for part, places in enumerate(placed)
    ]


def _kept(standing: list[int], places: list[int]) -> list[int]:
    left = list(places)
    result = [-1] * len(places)
    for replica, node in enumerate(standing[: len(places)]):
        if node in left:
            result[replica] = node
            left.remove(node)
    return [left.pop(0) if node < 0 else node for node in result]
