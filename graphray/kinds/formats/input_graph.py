"""What the ingest read, as tables with the user's own ids."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import pyarrow as pa

from graphray.ids import UserIds
from graphray.ingest import InputGraph
from graphray.ingest.frames import DST, ID, SRC
from graphray.kinds.tables import GraphTables, with_properties


def tables_of(graph: InputGraph) -> GraphTables:
    """A graph in stable ids as tables of a property graph.

    Raises:
        InputError: where a property is called as a column of ids is.
    """
    ids = {name: pa.array(nodes.ids) for name, nodes in graph.nodes.items()}
    nodes = {
        name: with_properties({ID: ids[name]}, nodes.properties, f"nodes[{name!r}]")
        for name, nodes in graph.nodes.items()
    }
    edges = {
        relation: with_properties(
            {
                SRC: _take(ids[relation.source], edges.sources),
                DST: _take(ids[relation.destination], edges.destinations),
            },
            edges.properties,
            f"edges[{tuple(relation)}]",
        )
        for relation, edges in graph.edges.items()
    }
    undirected = frozenset(r for r, edges in graph.edges.items() if not edges.directed)
    return GraphTables("property", nodes, edges, undirected)


def _take(ids: UserIds, rows: npt.NDArray[Any]) -> pa.Array:
    return ids.take(pa.array(rows))
