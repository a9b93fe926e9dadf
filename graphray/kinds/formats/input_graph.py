"""What the ingest read, as tables with the user's own ids."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import pyarrow as pa

from graphray.ids import UserIds
from graphray.ingest import InputGraph
from graphray.ingest.frames import DST, ID, SRC
from graphray.kinds.tables import GraphTables


def tables_of(graph: InputGraph) -> GraphTables:
    """A graph in stable ids as tables of a property graph."""
    ids = {name: pa.array(nodes.ids) for name, nodes in graph.nodes.items()}
    nodes = {
        name: _beside({ID: ids[name]}, nodes.properties) for name, nodes in graph.nodes.items()
    }
    edges = {
        relation: _beside(
            {
                SRC: _take(ids[relation.source], edges.sources),
                DST: _take(ids[relation.destination], edges.destinations),
            },
            edges.properties,
        )
        for relation, edges in graph.edges.items()
    }
    undirected = frozenset(r for r, edges in graph.edges.items() if not edges.directed)
    return GraphTables("property", nodes, edges, undirected)


def _take(ids: UserIds, rows: npt.NDArray[Any]) -> pa.Array:
    return ids.take(pa.array(rows))


def _beside(ids: dict[str, pa.Array], properties: pa.Table) -> pa.Table:
    columns = dict(zip(properties.column_names, properties.columns, strict=True))
    return pa.table({**ids, **columns})
