"""All neighbours of many nodes at once, in one round over the partitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.access import PartitionAccess
from graphray.adjacency import ALL_NEIGHBORS
from graphray.sampling.sampler import NeighborSampler
from graphray.sampling.streams import BatchStream
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]
_NO_CHANCE = BatchStream(0, 0, 0)  # All neighbours are taken, so that nothing is drawn.


@dataclass(frozen=True)
class Adjacent:
    """The adjacency entries of some nodes, row by row in canonical order.

    Attributes:
        rows: ``int64[m]``, which of the nodes asked about each entry belongs to; rising.
        neighbors: ``int64[m]``, global ids.
        positions: ``int64[m]``, edge positions in the stored direction, for `edge_column`.
    """

    rows: Ints
    neighbors: Ints
    positions: Ints


class Adjacency:
    """Reads one relation in one direction; safe to use from several threads.

    Args:
        access: the graph.
        relation: a relation of its schema.
        direction: "out" for where edges lead, "in" for where they come from.
    """

    def __init__(self, access: PartitionAccess, relation: Relation, direction: Direction) -> None:
        out = direction == "out"
        self._near, self._far = (
            (relation.source, relation.destination)
            if out
            else (relation.destination, relation.source)
        )
        self._near_row = 0 if out else 1
        self._relation = relation
        self._sampler = NeighborSampler(access, {relation: [ALL_NEIGHBORS]}, direction)
        self.stored_direction: Direction = access.schema.relation_type(relation).stored_direction(
            direction
        )

    def of(self, gids: Ints) -> Adjacent:
        """The entries of some nodes.

        Args:
            gids: ``int64[n]``, distinct global ids of the relation's near type.
        """
        sampled = self._sampler.sample({self._near: gids}, _NO_CHANCE)
        edges = sampled.edges[self._relation]
        # The seeds come first in the sample's numbering, in the order asked for.
        rows, local = edges.edge_index[self._near_row], edges.edge_index[1 - self._near_row]
        return Adjacent(rows, sampled.nodes[self._far][local], edges.positions)
