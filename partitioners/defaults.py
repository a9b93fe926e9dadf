"""Which partitioner a graph is given where nobody names one: that of its kind."""

from __future__ import annotations

from graphray.schema import KindName
from partitioners.goal import Goal

_OF_KIND: dict[KindName, str] = {
    "property": "multilevel",
    "hypergraph": "hypergraph",
    "knowledge": "knowledge",
    "hierarchical-knowledge": "hierarchical-knowledge",
    "metagraph": "metagraph",
}
_BLIND = "hash"


def default_name(kind: KindName, parts: int, goal: Goal, *, in_memory: bool) -> str:
    """The name of the partitioner for a graph of that kind.

    Args:
        kind: of the graph.
        parts: number of partitions; where it is one, there is nothing to decide.
        goal: what has to be balanced; a hash holds nothing.
        in_memory: whether all edges may be looked at once.

    Example:
        >>> default_name("property", 4, Goal(), in_memory=True)
        'multilevel'
        >>> default_name("property", 4, Goal(), in_memory=False)
        'hash'
    """
    if not in_memory or (parts == 1 and not goal.is_stated):
        return _BLIND
    return _OF_KIND[kind]
