"""The part of a graph that some of its nodes induce, as a problem of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from partitioners.problem import EdgeSet, PartitionProblem

_OUTSIDE = -1


def induced(problem: PartitionProblem, nodes: npt.NDArray[np.int64]) -> PartitionProblem:
    """The graph between some nodes; its partitions are to be of one size, as well as can be.

    Args:
        problem: the whole graph.
        nodes: ``int64[k]``, rising node numbers; node ``nodes[i]`` is number i of the result.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> path = EdgeSet(DEFAULT_RELATION, np.array([0, 1, 2]), np.array([1, 2, 3]))
        >>> whole = PartitionProblem(("node",), np.array([0, 4]), (path,))
        >>> part = induced(whole, np.array([1, 2]))
        >>> part.num_nodes, part.edges[0].sources.tolist(), part.edges[0].destinations.tolist()
        (2, [0], [1])
    """
    number = np.full(problem.num_nodes, _OUTSIDE, np.int64)
    number[nodes] = np.arange(len(nodes))
    edges = []
    for whole in problem.edges:
        sources, destinations = number[whole.sources], number[whole.destinations]
        inside = (sources != _OUTSIDE) & (destinations != _OUTSIDE)
        edges.append(EdgeSet(whole.relation, sources[inside], destinations[inside]))
    offsets = np.searchsorted(nodes, problem.type_offsets)
    columns = {}
    for place, name in enumerate(problem.type_names):
        if name in problem.columns:
            mine = nodes[offsets[place] : offsets[place + 1]] - problem.type_offsets[place]
            columns[name] = problem.columns[name].take(pa.array(mine))
    goal = replace(problem.goal, target_sizes=None, best_effort=True)
    return PartitionProblem(problem.type_names, offsets, tuple(edges), columns, goal)
