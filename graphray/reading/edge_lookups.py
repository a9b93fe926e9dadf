"""Questions about edges to one partition: which there are, whether some exist, how many a node has.

They are `graphray.reading.operations.Request` values, run where the partition's arrays are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.membership import rows_contain
from graphray.reading.adjacency import MappedAdjacency, locate_rows
from graphray.reading.operations import ShardView
from graphray.schema import Direction, Relation
from graphray.shard import EDGE, INDPTR, NEIGHBOR, ArrayKey, edges_table, rows_table

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EdgeList:
    """Adjacency entries.

    Attributes:
        edge_ids: ``int64[n]``, their rows in the build's input.
        positions: ``int64[n]``, where they stand in the stored direction.
        near: ``int64[n]``, global ids of the nodes in whose rows they stand.
        far: ``int64[n]``, global ids of their neighbours.
    """

    edge_ids: Ints
    positions: Ints
    near: Ints
    far: Ints


@dataclass(frozen=True)
class ListEdges:
    """List a partition's adjacency entries of one relation.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        edge_ids: only those of these edges; None for all.
        near: only those in the rows of these nodes, global ids that the partition owns; None for
            all.
    """

    relation: Relation
    direction: Direction
    edge_ids: Ints | None = None
    near: Ints | None = None

    @property
    def keys(self) -> list[ArrayKey]:
        """The arrays that it reads."""
        entries = edges_table(self.relation, self.direction)
        return [
            ArrayKey(rows_table(self.relation, self.direction), INDPTR),
            ArrayKey(entries, NEIGHBOR),
            ArrayKey(entries, EDGE),
        ]

    def run(self, view: ShardView) -> EdgeList:
        """The entries, in the order in which they stand."""
        indptr, neighbors, edge_ids = (np.asarray(view.shard.array(key)) for key in self.keys)
        near_type = self.relation.near_type(self.direction)
        first_node = view.book.node_offsets[near_type][view.part]
        first_edge = view.book.edge_offsets[self.relation, self.direction][view.part]
        nodes = np.arange(len(indptr) - 1) if self.near is None else self.near - first_node
        lengths = indptr[nodes + 1] - indptr[nodes]
        near = np.repeat(nodes, lengths)
        # Each row starts where the rows before it in the list end, and counts on from its bound.
        starts = np.cumsum(lengths) - lengths
        rows = np.arange(len(near)) + np.repeat(indptr[nodes] - starts, lengths)
        if self.edge_ids is not None:
            wanted = np.isin(edge_ids[rows], self.edge_ids)
            rows, near = rows[wanted], near[wanted]
        return EdgeList(
            np.asarray(edge_ids[rows], np.int64),
            rows + first_edge,
            near + first_node,
            np.asarray(neighbors[rows], np.int64),
        )


@dataclass(frozen=True)
class HaveNeighbors:
    """Whether some of a partition's own nodes have the neighbours that are asked about.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
        near: ``int64[n]``, global ids owned by the partition.
        far: ``int64[n]``, the neighbour to look for in each one's row.
    """

    relation: Relation
    direction: Direction
    near: Ints
    far: Ints

    def run(self, view: ShardView) -> npt.NDArray[np.bool_]:
        """Whether it is there, ``bool[n]``."""
        found, elsewhere = mapped_neighbors(
            view.adjacency(self.relation, self.direction), self.near, self.far
        )
        assert len(elsewhere) == 0
        return found


@dataclass(frozen=True)
class CountNeighbors:
    """How many neighbours each of a partition's own nodes has.

    Attributes:
        relation: the relation.
        direction: the stored adjacency.
    """

    relation: Relation
    direction: Direction

    @property
    def keys(self) -> list[ArrayKey]:
        """The arrays that it reads."""
        return [ArrayKey(rows_table(self.relation, self.direction), INDPTR)]

    def run(self, view: ShardView) -> Ints:
        """The degrees, in rising order of the owned nodes' global ids."""
        bounds: npt.NDArray[Any] = np.asarray(view.shard.array(self.keys[0]))
        return np.diff(bounds).astype(np.int64)


def mapped_neighbors(
    adjacency: MappedAdjacency, near: Ints, far: Ints
) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which nodes have a neighbour, among those whose rows are mapped; and which rows are not.

    Args:
        adjacency: the rows.
        near: ``int64[n]``, global ids of the nodes whose rows are read.
        far: ``int64[n]``, the neighbour to look for in each.

    Returns:
        ``bool[n]``, False for rows that are not mapped; and the numbers of these.
    """
    rows = locate_rows(adjacency, near)
    found = np.zeros(len(near), np.bool_)
    rows_contain(
        rows.first,
        rows.degrees,
        rows.owners,
        adjacency.neighbor_bases,
        adjacency.neighbor_dtype.itemsize,
        adjacency.far_offsets,
        far,
        found,
    )
    return found, np.flatnonzero(rows.degrees < 0)
