"""One adjacency of one partition, as derivations read it: values by entry, and words for errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.book import PartitionBook
from graphray.errors import ArgumentError
from graphray.kernels.gather import gather_from_owners
from graphray.schema import Direction, GraphSchema, Relation
from graphray.shard import (
    EDGE,
    ID,
    INDPTR,
    NEIGHBOR,
    ArrayKey,
    Shard,
    ShardArray,
    edges_table,
    nodes_table,
    rows_table,
)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Sources:
    """What a partition's derived arrays are made from.

    Attributes:
        part: the partition.
        schema: the graph's schema.
        book: the graph's partition book.
        shard_of: the stored arrays of every partition: what an edge's other end is like may be
            written elsewhere.
    """

    part: int
    schema: GraphSchema
    book: PartitionBook
    shard_of: Callable[[int], Shard]


@dataclass(frozen=True)
class AdjacencyRows:
    """The rows of one relation in one stored direction, in one partition."""

    sources: Sources
    relation: Relation
    direction: Direction

    @property
    def near_type(self) -> str:
        """The type of the nodes that have the rows."""
        return self.relation.near_type(self.direction)

    @property
    def far_type(self) -> str:
        """The type of the neighbours."""
        return self.relation.far_type(self.direction)

    @property
    def indptr(self) -> npt.NDArray[np.int64]:
        """The bounds of the rows."""
        return np.asarray(self._stored(rows_table(self.relation, self.direction), INDPTR))

    @property
    def neighbors(self) -> Array:
        """The neighbour of each entry, a global id."""
        return np.asarray(self._stored(edges_table(self.relation, self.direction), NEIGHBOR))

    def edge_values(self, column: str) -> Array:
        """A column of numbers by entry; raises ArgumentError where it has nulls."""
        values = self._stored(edges_table(self.relation, self.direction), column)
        return _numbers(values, f"column {column!r} of relation {self.relation}")

    def far_values(self, column: str) -> Array:
        """A column of numbers of the neighbours, by entry; raises as `edge_values` does."""
        table, parts = nodes_table(self.far_type), range(self.sources.book.parts)
        offsets = self.sources.book.node_offsets[self.far_type]
        owner = f"column {column!r} of node type {self.far_type!r}"
        stored = [
            np.ascontiguousarray(
                _numbers(self.sources.shard_of(part).array(ArrayKey(table, column)), owner)
            )
            for part in parts
        ]
        bases = [
            values.ctypes.data - int(offset) * values.itemsize
            for values, offset in zip(stored, offsets, strict=False)
        ]
        gathered = np.empty(len(self.neighbors), stored[0].dtype)
        gather_from_owners(self.neighbors, offsets, np.array(bases, np.int64), gathered)
        return gathered

    def name_edge(self, entry: int) -> str:
        """An edge in users' words."""
        edge = self._stored(edges_table(self.relation, self.direction), EDGE)[entry]
        row = int(np.searchsorted(self.indptr, entry, side="right")) - 1
        return f"edge {int(edge)} (row {int(edge)} of the build's input, at {self.name_node(row)})"

    def name_node(self, row: int) -> str:
        """The node that has a row, in users' words."""
        node = self._stored(nodes_table(self.near_type), ID)[row]
        plain = node.as_py() if hasattr(node, "as_py") else node.item()
        return f"{self.near_type} {plain!r}"

    def _stored(self, table: str, column: str) -> ShardArray:
        return self.sources.shard_of(self.sources.part).array(ArrayKey(table, column))


def _numbers(values: ShardArray, owner: str) -> Array:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return values
    nulls = 0 if isinstance(values, np.ndarray) else values.null_count
    problem = f"has {nulls} nulls" if nulls else "does not hold one number each"
    raise ArgumentError(f"{owner} {problem}; draws need a number for every row")
