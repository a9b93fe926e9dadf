"""Finding the tree in a graph: the relation that gives every node at most one parent.

Relations of one name are taken together, because a hierarchy of types is one: distributions contain
modules, modules contain classes. Either end may be the parent: ``contains`` points down and
``subclass of`` points up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, RelationNotFound
from graphray.kernels.partition_tree import depth_first
from partitioners.problem import PartitionProblem


@dataclass(frozen=True)
class Forest:
    """A forest over all nodes of a graph.

    Attributes:
        parent: ``int64[n]``, -1 for roots.
        order: ``int64[n]``, the nodes in depth-first order: every subtree is one range.
        depth: ``int64[n]``, 0 for roots.
    """

    parent: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]


def find_forest(problem: PartitionProblem, relation: str | None = None) -> Forest:
    """The forest that a relation forms.

    Args:
        problem: the graph.
        relation: the name of the relation; None for the one that gives most nodes a parent.

    Raises:
        RelationNotFound: where no relation has that name.
        ArgumentError: where it forms no forest, or none does; the message says why.
    """
    known = sorted({edges.relation.name for edges in problem.edges})
    if relation is not None and relation not in known:
        raise RelationNotFound(
            f"no relation is called {relation!r}; this graph has: {', '.join(known) or 'none'}",
            relation=relation,
        )
    found: list[Forest] = []
    reasons: list[str] = []
    for name in known if relation is None else [relation]:
        for down in (True, False):
            outcome = _as_forest(problem, name, down)
            if isinstance(outcome, Forest):
                found.append(outcome)
            else:
                reasons.append(
                    f"{name!r} with its {'sources' if down else 'destinations'} as "
                    f"parents: {outcome}"
                )
    if not found:
        raise ArgumentError(
            "no relation of this graph forms a forest, in which every node has at most one parent: "
            + ("; ".join(reasons) or "it has no relations")
        )
    return max(found, key=lambda forest: int((forest.parent >= 0).sum()))


def _as_forest(problem: PartitionProblem, name: str, down: bool) -> Forest | str:
    """The forest, or why there is none."""
    parent = np.full(problem.num_nodes, -1, np.int64)
    chosen = [edges for edges in problem.edges if edges.relation.name == name]
    ends = [(e.sources, e.destinations) if down else (e.destinations, e.sources) for e in chosen]
    for parents, children in ends:
        parent[children] = parents
    for parents, children in ends:
        other = np.flatnonzero(parent[children] != parents)
        if len(other):
            child = int(children[other[0]])
            return f"{problem.name_of(child)} has two parents"
    order, depth = depth_first(parent)
    if len(order) < problem.num_nodes:
        return f"{problem.name_of(int(np.flatnonzero(depth < 0)[0]))} is on or below a cycle"
    return Forest(parent, order, depth)
