"""What the calls of a metagraph return as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ingest.frames import DST, SRC
from graphray.kinds.containment import NAME
from graphray.kinds.impact import Wave
from graphray.kinds.set_edges import StoredEdge
from graphray.kinds.steps import NodeSet
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import edge_column, to_arrow, user_ids_of
from graphray.schema import Relation

Ints = npt.NDArray[np.int64]


def edge_rows(
    access: PartitionAccess, relation: Relation, sources: Ints, destinations: Ints, positions: Ints
) -> pa.Table:
    """Some edges of one relation: ``src``, ``dst`` and ``name``, then their properties.

    Args:
        access: the graph.
        relation: their relation.
        sources: ``int64[n]``, global ids.
        destinations: likewise.
        positions: ``int64[n]``, their positions in the adjacency "out".
    """
    columns = {
        SRC: pa.array(user_ids_of(access, relation.source, sources)),
        DST: pa.array(user_ids_of(access, relation.destination, destinations)),
        NAME: pa.array([relation.name] * len(positions), pa.string()),
    }
    for column in access.schema.relation_type(relation).columns:
        values = edge_column(access, relation, "out", column.name, positions)
        columns[column.name] = to_arrow(values, column.dtype)
    return pa.table(columns)


def joined_edges(tables: Iterable[pa.Table]) -> pa.Table:
    """The edges of several relations, one after another; a column that one lacks is null there."""
    filled = [table for table in tables if table.num_rows]
    if not filled:
        return pa.table({SRC: [], DST: [], NAME: pa.array([], pa.string())})
    return pa.concat_tables(filled, promote_options="permissive")


def edges_in_order(access: PartitionAccess, edges: Sequence[StoredEdge]) -> pa.Table:
    """Edges of any relations, in the order given."""
    places: dict[Relation, list[int]] = {}
    for place, edge in enumerate(edges):
        places.setdefault(edge.relation, []).append(place)
    tables = []
    for relation, at in places.items():
        ends = [(e.source, e.destination, e.position) for e in (edges[place] for place in at)]
        tables.append(edge_rows(access, relation, *np.array(ends, np.int64).T))
    order = np.argsort([place for at in places.values() for place in at])
    return joined_edges(tables).take(pa.array(order, pa.int64()))


def impact_table(access: PartitionAccess, waves: Iterable[Wave]) -> pa.Table:
    """What was reached: ``element``, ``type``, ``steps`` and ``whole``, the nearest first.

    An element that is reached in part, and later as a whole, is there once: with the steps of the
    first and as a whole.
    """
    steps_to: dict[tuple[str, int], int] = {}
    whole: set[tuple[str, int]] = set()
    for steps, wave in enumerate(waves):
        for nodes in wave:
            for element in _elements(nodes):
                steps_to.setdefault(element, steps)
        whole.update(_elements(wave.whole))
    pieces = [
        pa.table(
            {
                "element": pa.array(user_ids_of(access, name, np.array(gids, np.int64))),
                "type": [name] * len(gids),
                "steps": pa.array([steps_to[name, gid] for gid in gids], pa.int64()),
                "whole": pa.array([(name, gid) in whole for gid in gids]),
            }
        )
        for name, gids in _by_type(steps_to).items()
    ]
    found = pa.concat_tables(pieces, promote_options="permissive")
    return found.take(pa.array(np.argsort(found["steps"].to_numpy(), kind="stable")))


def _elements(nodes: NodeSet) -> list[tuple[str, int]]:
    return [(name, gid) for name, gids in nodes.items() for gid in gids.tolist()]


def _by_type(elements: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, gid in elements:
        found.setdefault(name, []).append(gid)
    return found
