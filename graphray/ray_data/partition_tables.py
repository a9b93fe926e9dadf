"""The nodes and edges that one partition owns, as tables in the users' ids, piece by piece.

The partition's arrays are read where they are mapped, else from its owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import ArgumentError
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_columns, node_column, node_columns, to_arrow
from graphray.reading.row_reading import TableRows, read_rows
from graphray.schema import Column, Direction, Relation, require_column
from graphray.shard import EDGE, ID, INDPTR, NEIGHBOR, ArrayKey, rows_table

ROWS_PER_PIECE = 2**17
STORED: Direction = "in"
"""The adjacency that is read: directed and undirected relations alike have this one."""

Ints = npt.NDArray[np.int64]


class PartitionTables(Protocol):
    """A table that is spread over the partitions; goes to the processes that read it."""

    def num_entries(self, part: int) -> int:
        """How many rows a partition has to read."""
        ...

    def read(self, part: int) -> Iterator[pa.Table]:
        """The rows of a partition, in pieces; at least one, which may be empty."""
        ...


@dataclass(frozen=True)
class NodeTables:
    """The nodes of a type: ``id``, then properties.

    Attributes:
        access: the graph.
        node_type: the type.
        columns: the properties.
    """

    access: PartitionAccess
    node_type: str
    columns: tuple[Column, ...]

    def num_entries(self, part: int) -> int:
        """See `PartitionTables`, as for `read`."""
        start, stop = self.access.book.node_range(self.node_type, part)
        return stop - start

    def read(self, part: int) -> Iterator[pa.Table]:
        """See `PartitionTables`."""
        names = [ID, *(column.name for column in self.columns)]
        for gids in _pieces(*self.access.book.node_range(self.node_type, part)):
            found = node_columns(self.access, self.node_type, names, gids)
            properties = {c.name: to_arrow(found[c.name], c.dtype) for c in self.columns}
            yield pa.table({"id": to_arrow(found[ID]), **properties})


@dataclass(frozen=True)
class EdgeTables:
    """The edges of a relation: ``src``, ``dst``, ``edge_id``, then properties; each edge once.

    An undirected edge stands in the rows of both its ends, and which end was called source is not
    kept; it is read in the row of the end with the greater global id.

    Attributes:
        access: the graph.
        relation: the relation.
        columns: the properties.
        directed: whether the relation is.
    """

    access: PartitionAccess
    relation: Relation
    columns: tuple[Column, ...]
    directed: bool

    def num_entries(self, part: int) -> int:
        """See `PartitionTables`, as for `read`."""
        start, stop = self._positions(part)
        return stop - start

    def read(self, part: int) -> Iterator[pa.Table]:
        """See `PartitionTables`."""
        first_gid, _ = self.access.book.node_range(self.relation.destination, part)
        start, stop = self._positions(part)
        starts = self._row_starts(part)
        names = [NEIGHBOR, EDGE, *(column.name for column in self.columns)]
        for positions in _pieces(start, stop):
            found = edge_columns(self.access, self.relation, STORED, names, positions)
            sources = np.asarray(found[NEIGHBOR], np.int64)
            rows = np.searchsorted(starts, positions - start, side="right") - 1
            destinations = first_gid + rows
            properties = {c.name: to_arrow(found[c.name], c.dtype) for c in self.columns}
            table = pa.table(
                {
                    "src": self._ids(self.relation.source, sources),
                    "dst": self._ids(self.relation.destination, destinations),
                    "edge_id": pa.array(np.asarray(found[EDGE], np.int64)),
                    **properties,
                }
            )
            # Of an edge that stands twice; a self-loop stands once.
            yield table if self.directed else table.filter(pa.array(sources <= destinations))

    def _positions(self, part: int) -> tuple[int, int]:
        offsets = self.access.book.edge_offsets[self.relation, STORED]
        return int(offsets[part]), int(offsets[part + 1])

    def _row_starts(self, part: int) -> Ints:
        """Where the row of each owned node starts among the partition's entries."""
        table, near_type = rows_table(self.relation, STORED), self.relation.destination
        gids = np.arange(*self.access.book.node_range(near_type, part))
        rows = TableRows(table, self.access.book.node_offsets[near_type], gids)
        mapped = self.access.mapped([ArrayKey(table, INDPTR)])
        found = read_rows(rows, [INDPTR], mapped, None, self.access.call_all).columns[INDPTR]
        # The whole of a mapped array comes with the end of the last row.
        return np.asarray(found, np.int64)[: len(gids)]

    def _ids(self, node_type: str, gids: Ints) -> pa.Array:
        return to_arrow(node_column(self.access, node_type, ID, gids))


def node_tables(
    access: PartitionAccess, node_type: str, columns: Sequence[str] | None
) -> NodeTables:
    """The nodes of a type, with some of its properties, or all.

    Raises:
        ColumnNotFound: where a property is not in the graph.
        ArgumentError: where a property is called ``id``.
    """
    kind = access.schema.node_type(node_type)
    chosen = _chosen(kind.columns, columns, f"node type {node_type!r}", {"id"})
    return NodeTables(access, kind.name, chosen)


def edge_tables(
    access: PartitionAccess, relation: Relation, columns: Sequence[str] | None
) -> EdgeTables:
    """The edges of a relation, with some of its properties, or all.

    Raises:
        ColumnNotFound: where a property is not in the graph.
        ArgumentError: where a property is called ``src``, ``dst`` or ``edge_id``.
    """
    kind = access.schema.relation_type(relation)
    taken = {"src", "dst", "edge_id"}
    chosen = _chosen(kind.columns, columns, f"relation {kind.relation}", taken)
    return EdgeTables(access, kind.relation, chosen, kind.directed)


def _chosen(
    columns: tuple[Column, ...], names: Sequence[str] | None, owner: str, taken: set[str]
) -> tuple[Column, ...]:
    chosen = columns
    if names is not None:
        chosen = tuple(require_column(columns, name, owner) for name in names)
    for column in chosen:
        if column.name in taken:
            raise ArgumentError(
                f"{owner} has a property {column.name!r}, which is the name of a column of ids "
                "here; choose others with columns="
            )
    return chosen


def _pieces(start: int, stop: int) -> Iterator[Ints]:
    """The numbers from ``start`` to ``stop``, some at a time; where there are none, one piece."""
    for first in range(start, max(stop, start + 1), ROWS_PER_PIECE):
        yield np.arange(first, min(first + ROWS_PER_PIECE, stop))
