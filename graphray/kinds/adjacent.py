"""All neighbours of many nodes at once, in one round over the partitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.neighbors import place_rows
from graphray.reading.access import PartitionAccess
from graphray.reading.adjacency import ALL_NEIGHBORS, Draws, MappedAdjacency
from graphray.reading.gather import ask_owners
from graphray.reading.operations import Request, SampleRows
from graphray.schema import Direction, Relation

Ints = npt.NDArray[np.int64]


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
        stored = access.schema.relation_type(relation).stored_direction(direction)
        self._access = access
        self._near = relation.near_type(direction)
        self._relation = relation
        self._keys = list(MappedAdjacency.keys(relation, stored))
        self.stored_direction: Direction = stored

    def of(self, gids: Ints) -> Adjacent:
        """The entries of some nodes.

        Args:
            gids: ``int64[n]``, global ids of the relation's near type.
        """

        def rows_of(at: Ints) -> Request[Draws]:
            # All neighbours are taken, so that the key of the random stream decides nothing.
            return SampleRows(self._relation, self.stored_direction, gids[at], ALL_NEIGHBORS, 0)

        owners = self._access.book.owner(self._near, gids)
        answers = list(ask_owners(self._access, self._keys, owners, rows_of))
        counts = np.zeros(len(gids), np.int64)
        for at, draws in answers:
            counts[at] = np.diff(draws.bounds)
        bounds = np.concatenate([[0], np.cumsum(counts)])
        neighbors, positions = np.empty((2, bounds[-1]), np.int64)
        for at, draws in answers:
            place_rows(
                at,
                np.diff(draws.bounds),
                draws.positions,
                draws.neighbors,
                bounds,
                positions,
                neighbors,
            )
        return Adjacent(np.repeat(np.arange(len(gids)), counts), neighbors, positions)
