"""A whole graph read back as the tables it was built from: for conversions of small graphs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ingest.frames import DST, SRC
from graphray.ingest.frames import ID as ID_COLUMN
from graphray.kinds.adjacent import Adjacency
from graphray.kinds.tables import with_properties
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column, node_column, to_arrow
from graphray.schema import Relation
from graphray.shard import EDGE, ID, STABLE

Ints = npt.NDArray[np.int64]


def node_table(access: PartitionAccess, node_type: str) -> pa.Table:
    """The nodes of a type, in the order of the build's input: ``id``, then the properties."""
    gids = np.arange(access.book.num_nodes(node_type), dtype=np.int64)
    order = np.argsort(np.asarray(node_column(access, node_type, STABLE, gids)))
    return nodes_as_table(access, node_type, order)


def nodes_as_table(access: PartitionAccess, node_type: str, gids: Ints) -> pa.Table:
    """Nodes given by global id, with their properties, aligned with ``gids``."""
    ids = {ID_COLUMN: to_arrow(node_column(access, node_type, ID, gids))}
    properties = {
        column.name: to_arrow(node_column(access, node_type, column.name, gids), column.dtype)
        for column in access.schema.node_type(node_type).columns
    }
    return with_properties(ids, pa.table(properties), f"node type {node_type!r}")


def edge_table(access: PartitionAccess, relation: Relation) -> pa.Table:
    """The edges of a relation, in the order of the build's input: ``src``, ``dst``, properties.

    An undirected edge stands in the rows of both its ends, and is taken once; which of its ends
    was called source is not kept.
    """
    rows = np.arange(access.book.num_nodes(relation.destination), dtype=np.int64)
    entries = Adjacency(access, relation, "in").of(rows)
    edge_ids = np.asarray(edge_column(access, relation, "in", EDGE, entries.positions))
    _, order = np.unique(edge_ids, return_index=True)
    sources, destinations = entries.neighbors[order], rows[entries.rows[order]]
    ids = {
        SRC: to_arrow(node_column(access, relation.source, ID, sources)),
        DST: to_arrow(node_column(access, relation.destination, ID, destinations)),
    }
    positions = entries.positions[order]
    properties = {
        column.name: to_arrow(
            edge_column(access, relation, "in", column.name, positions), column.dtype
        )
        for column in access.schema.relation_type(relation).columns
    }
    return with_properties(ids, pa.table(properties), f"relation {tuple(relation)}")
