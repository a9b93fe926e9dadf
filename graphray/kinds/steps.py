"""Going along relations from sets of nodes of several types, a step at a time or as far as it goes.

A set of nodes is a dictionary from node type to distinct global ids, without empty ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from graphray.kinds.adjacent import Adjacency
from graphray.kinds.together import Walk, follow
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import user_ids_of
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]
NodeSet = dict[str, Ints]


class Steps:
    """Steps in one graph; safe to use from several threads.

    Args:
        access: the graph.
    """

    def __init__(self, access: PartitionAccess) -> None:
        self._access = access
        self._adjacencies: dict[tuple[Relation, Direction], Adjacency] = {}

    def adjacency(self, relation: Relation, direction: Direction) -> Adjacency:
        """The adjacency of a relation; made once."""
        name = (relation, direction)
        if name not in self._adjacencies:
            self._adjacencies[name] = Adjacency(self._access, relation, direction)
        return self._adjacencies[name]

    def step(self, start: NodeSet, relations: Iterable[Relation], direction: Direction) -> NodeSet:
        """The nodes one step along any of the relations, which are followed in one round."""
        walks = [Walk(relation, direction, np.empty(0, np.int64)) for relation in relations]
        walks = [w._replace(gids=start[w.near_type]) for w in walks if w.near_type in start]
        found: dict[str, list[Ints]] = {}
        for walk, entries in zip(walks, follow(self._access, walks), strict=True):
            found.setdefault(walk.far_type, []).append(entries.neighbors)
        joined = {name: np.unique(np.concatenate(gids)) for name, gids in found.items()}
        return {name: gids for name, gids in joined.items() if len(gids)}

    def generations(
        self, start: NodeSet, relations: Iterable[Relation], direction: Direction
    ) -> Iterator[NodeSet]:
        """The nodes after one step, then those new after two, until there are none.

        The start itself is among them only where a cycle leads back to it.
        """
        relations = list(relations)
        seen: NodeSet = {}
        frontier = start
        while frontier := without(self.step(frontier, relations, direction), seen):
            yield frontier
            seen = union([seen, frontier])

    def ids(self, nodes: NodeSet) -> list[str]:
        """Users' ids of a set of nodes."""
        return [
            found
            for name, gids in nodes.items()
            for found in user_ids_of(self._access, name, gids).tolist()
        ]


def without(nodes: NodeSet, others: NodeSet) -> NodeSet:
    """The nodes that are not among the others."""
    new = {
        name: np.setdiff1d(gids, others[name], assume_unique=True) if name in others else gids
        for name, gids in nodes.items()
    }
    return {name: gids for name, gids in new.items() if len(gids)}


def union(sets: Iterable[NodeSet]) -> NodeSet:
    """The nodes of all the sets, in rising order."""
    found: dict[str, list[Ints]] = {}
    for nodes in sets:
        for name, gids in nodes.items():
            found.setdefault(name, []).append(gids)
    return {name: np.unique(np.concatenate(gids)) for name, gids in found.items()}
