"""Which pairs of nodes are edges: read where rows are mapped, else asked of their owners."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import MappedAdjacency
from graphray.reading.edge_lookups import HaveNeighbors, ListEdges, mapped_neighbors
from graphray.reading.gather import ask_owners
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


class EdgeCheck:
    """Tells pairs that are edges of a relation from those that are not.

    Args:
        access: the graph.
        relation: the relation.
        read: whose rows are read: "in" for the destinations', "out" for the sources'. The end that
            was drawn is the better choice: those of known edges are the nodes that have many.
    """

    def __init__(self, access: PartitionAccess, relation: Relation, read: Direction) -> None:
        self._access = access
        self._relation = relation
        self._read = read
        self._stored = access.schema.relation_type(relation).stored_direction(read)
        keys = MappedAdjacency.keys(relation, self._stored)
        self._adjacency = MappedAdjacency(access.book, relation, self._stored, access.mapped(keys))

    @property
    def is_local(self) -> bool:
        """Whether every row is mapped."""
        return self._adjacency.is_complete

    def are_edges(self, sources: Ints, destinations: Ints) -> npt.NDArray[np.bool_]:
        """Whether there is an edge from each source to its destination (global ids)."""
        near, far = (destinations, sources) if self._read == "in" else (sources, destinations)
        found, elsewhere = mapped_neighbors(self._adjacency, near, far)
        if len(elsewhere):
            owners = self._access.book.owner(self._adjacency.near_type, near[elsewhere])
            groups = {int(part): elsewhere[owners == part] for part in np.unique(owners)}
            answers = self._access.call_all(
                {
                    part: HaveNeighbors(self._relation, self._stored, near[at], far[at])
                    for part, at in groups.items()
                }
            )
            for part, at in groups.items():
                found[at] = answers[part]
        return found


def other_ends(access: PartitionAccess, relation: Relation, read: Direction, gid: int) -> Ints:
    """The global ids at the other ends of a node's edges: of those that arrive ("in"), or leave."""
    stored = access.schema.relation_type(relation).stored_direction(read)
    node = np.array([gid])
    node_type = relation.near_type(read)
    request = ListEdges(relation, stored, near=node)
    owner = access.book.owner(node_type, node)
    ((_, entries),) = ask_owners(access, request.keys, owner, lambda at: request)
    return entries.far
