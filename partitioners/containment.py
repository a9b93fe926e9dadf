"""The tree of a graph whose nodes may have several parents: the parent named first counts.

Hierarchies may be acyclic graphs, and sets may overlap; partitioners that keep together what
belongs together still need one place for each node.
"""

from __future__ import annotations

import numpy as np

from graphray.errors import ArgumentError
from graphray.kernels.partition_tree import depth_first
from partitioners.forest import Forest, find_forest
from partitioners.problem import PartitionProblem


def tree_of(problem: PartitionProblem, relation: str, *, down: bool) -> Forest:
    """The forest of a relation, each node below its first parent.

    Where the graph has no relation of that name, the one that forms the largest forest is taken.

    Args:
        problem: the graph.
        relation: the name of the relation between parents and children.
        down: whether it leads from parent to child.

    Raises:
        ArgumentError: where the relation has a cycle; or where there is no such relation, and no
            other that forms a forest.
    """
    chosen = [edges for edges in problem.edges if edges.relation.name == relation]
    if not chosen:
        try:
            return find_forest(problem)
        except ArgumentError as error:
            raise ArgumentError(
                f"the graph has no relation called {relation!r}, and {error}"
            ) from error
    parent = np.full(problem.num_nodes, -1, np.int64)
    for edges in reversed(chosen):
        parents, children = edges.sources, edges.destinations
        if not down:
            parents, children = children, parents
        parent[children[::-1]] = parents[::-1]
    order, depth = depth_first(parent)
    if len(order) < problem.num_nodes:
        node = int(np.flatnonzero(depth < 0)[0])
        raise ArgumentError(
            f"the relation {relation!r} leads in a circle, on or above "
            f"{problem.name_of(node)}; remove one of its edges"
        )
    return Forest(parent, order, depth)
