"""Which columns a replica keeps: the tags of partial replication.

Every replica keeps the whole topology of its partition: nodes, ids, edges, counters. A replica that
keeps only some property columns drops the others' values as changes come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphray.book import AdjacencyName
from graphray.changes.changed_table import ChangedTable
from graphray.schema import Relation


class TaggedColumn(NamedTuple):
    """A property column of one table, and its tag."""

    tag: str
    table: ChangedTable
    column: str

    @property
    def is_kept(self) -> bool:
        """Whether this replica keeps it."""
        return self.column in self.table.columns


def node_column_tag(node_type: str, column: str) -> str:
    """The tag of a column of nodes.

    >>> node_column_tag("author", "age")
    'node:author:age'
    """
    return f"node:{node_type}:{column}"


def edge_column_tag(relation: Relation, column: str) -> str:
    """The tag of a column of edges, in both directions.

    >>> edge_column_tag(Relation("author", "writes", "paper"), "year")
    'edge:author-writes-paper:year'
    """
    return f"edge:{relation}:{column}"


def tagged_columns(
    nodes: Mapping[str, ChangedTable], edges: Mapping[AdjacencyName, ChangedTable]
) -> Iterator[TaggedColumn]:
    """All property columns, in the order of the schema; a relation's have two adjacencies."""
    for name, table in nodes.items():
        for column in table.column_types:
            yield TaggedColumn(node_column_tag(name, column), table, column)
    for (relation, _), table in edges.items():
        for column in table.column_types:
            yield TaggedColumn(edge_column_tag(relation, column), table, column)
