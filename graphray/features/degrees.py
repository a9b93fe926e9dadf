"""How often nodes stand in the rows of others: what sampling by degree goes by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.reading.operations import ShardView
from graphray.schema import Direction, GraphSchema, Relation
from graphray.shard import INDPTR, ArrayKey, rows_table

Ints = npt.NDArray[np.int64]
Adjacencies = tuple[tuple[Relation, Direction], ...]


@dataclass(frozen=True)
class HighestDegrees:
    """The nodes of a partition that have most entries in some adjacencies.

    Attributes:
        adjacencies: stored ones, whose rows are the nodes of one type.
        count: how many nodes at most.
    """

    adjacencies: Adjacencies
    count: int

    def run(self, view: ShardView) -> tuple[Ints, Ints]:
        """Row numbers within the partition, and their degrees, both ``int64[n]``; none of 0."""
        keys = [ArrayKey(rows_table(*adjacency), INDPTR) for adjacency in self.adjacencies]
        degrees = np.sum([np.diff(np.asarray(view.shard.array(key))) for key in keys], axis=0)
        rows = np.flatnonzero(degrees)
        # Of equal degrees the first rows, so that the choice is the same everywhere.
        rows = rows[np.argsort(-degrees[rows], kind="stable")[: self.count]]
        return rows, degrees[rows]


def reaching(schema: GraphSchema, node_type: str, direction: Direction) -> Adjacencies:
    """The stored adjacencies that have a row per node of a type that sampling draws along.

    Sampling that goes "in" draws a node from the rows of its destinations; how many these are, the
    node's own "out" row says.
    """
    opposite: Direction = "out" if direction == "in" else "in"
    return tuple(
        (kind.relation, kind.stored_direction(opposite))
        for kind in schema.relations
        if node_type == kind.relation.far_type(direction)
    )
