"""Which columns a replica keeps: the tags of partial replication.

Every replica keeps the whole topology of its partition: nodes, ids, edges, counters. A replica that
keeps only some property columns drops the others' values as changes come in.
"""

from __future__ import annotations

from graphray.schema import Relation


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
