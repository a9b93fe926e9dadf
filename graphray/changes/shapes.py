"""Whether a change is sound in itself: lengths, types, names, each of its arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.base import BaseVersions
from graphray.changes.node_table import arrow_ids, id_type
from graphray.changes.payload import PartitionChange
from graphray.changes.plain_arrays import Ints
from graphray.ids import UserIds
from graphray.shard import edges_table, nodes_table

Types: TypeAlias = Mapping[str, pa.DataType]


@dataclass(frozen=True)
class GraphTypes:
    """The Arrow types that a graph's ids and columns have in a change.

    Attributes:
        ids: by node type.
        node_columns: by node type and column.
        edge_columns: by adjacency and column.
    """

    ids: Types
    node_columns: Mapping[str, Types]
    edge_columns: Mapping[AdjacencyName, Types]

    @classmethod
    def of(cls, base: BaseVersions) -> GraphTypes:
        """Those of a store."""
        schema = base.schema
        nodes = {
            t.name: {c.name: base.column_type(nodes_table(t.name), c.name) for c in t.columns}
            for t in schema.node_types
        }
        edges = {
            (r.relation, direction): {
                c.name: base.column_type(edges_table(r.relation, direction), c.name)
                for c in r.columns
            }
            for r in schema.relations
            for direction in r.stored_directions
        }
        return cls({t.name: id_type(t.id_kind) for t in schema.node_types}, nodes, edges)


def shape_problems(types: GraphTypes, change: PartitionChange) -> Iterator[str]:
    """Every way in which a change is not sound in itself."""
    if not isinstance(change.transaction, str):
        yield f"the transaction is called {change.transaction!r}; expected a text"
    yield from _unknown_names(types, change)
    for name, nodes in change.add_nodes.items():
        what, columns = f"new {name}", types.node_columns[name]
        yield from _lengths(what, nodes.stable, arrow_ids(nodes.ids))
        yield from _ids(what, nodes.ids, types.ids[name])
        yield from _distinct(what, nodes.ids)
        yield from _distinct(what, nodes.stable)
        yield from _columns(what, nodes.columns, columns, len(nodes.stable))
    for name, ids in change.void_ids.items():
        yield from _ids(f"void ids of {name}", ids, types.ids[name])
        yield from _distinct(f"void ids of {name}", ids)
    for name, stable in change.delete_nodes.items():
        yield from _distinct(f"{name} to delete", stable)
    for name, updated in change.update_nodes.items():
        what, columns = f"{name} to update", types.node_columns[name]
        yield from _distinct(what, updated.stable)
        yield from _columns(what, updated.columns, columns, len(updated.stable))
    yield from _edge_problems(types, change)


def _edge_problems(types: GraphTypes, change: PartitionChange) -> Iterator[str]:
    for adjacency, edges in change.add_edges.items():
        what, (relation, direction) = f"new edges {adjacency}", adjacency
        ends = edges.far_part, edges.far_stable, arrow_ids(edges.far_ids)
        yield from _lengths(what, edges.near_stable, edges.edge, *ends)
        yield from _ids(what, edges.far_ids, types.ids[relation.far_type(direction)])
        yield from _distinct_pairs(what, edges.near_stable, edges.edge)
        columns = types.edge_columns[adjacency]
        yield from _columns(what, edges.columns, columns, len(edges.edge))
    for adjacency, deleted in change.delete_edges.items():
        yield from _lengths(f"edges {adjacency} to delete", deleted.near_stable, deleted.edge)
        yield from _distinct_pairs(
            f"edges {adjacency} to delete", deleted.near_stable, deleted.edge
        )
    for adjacency, updated in change.update_edges.items():
        what, columns = f"edges {adjacency} to update", types.edge_columns[adjacency]
        yield from _lengths(what, updated.near_stable, updated.edge)
        yield from _distinct_pairs(what, updated.near_stable, updated.edge)
        yield from _columns(what, updated.columns, columns, len(updated.edge))


def _unknown_names(types: GraphTypes, change: PartitionChange) -> Iterator[str]:
    for by_type in (change.add_nodes, change.void_ids, change.delete_nodes, change.update_nodes):
        for name in by_type:
            if name not in types.ids:
                yield f"there is no node type {name!r}"
    for by_adjacency in (change.add_edges, change.delete_edges, change.update_edges):
        for adjacency in by_adjacency:
            if adjacency not in types.edge_columns:
                yield f"there is no adjacency {adjacency!r}"


def _lengths(what: str, *arrays: Any) -> Iterator[str]:
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        yield f"{what} are given by arrays of different lengths: {sorted(lengths)}"


def _ids(what: str, ids: UserIds, dtype: pa.DataType) -> Iterator[str]:
    held = arrow_ids(ids)
    held.validate(full=True)
    if held.type != dtype:
        yield f"the ids of {what} are of type {held.type}; expected {dtype}"


def _columns(what: str, batch: pa.RecordBatch, known: Types, count: int) -> Iterator[str]:
    batch.validate(full=True)
    names = batch.schema.names
    if names and batch.num_rows != count:
        yield f"{what} are {count}, with {batch.num_rows} rows of columns"
    if len(set(names)) < len(names):
        yield f"{what} have a column twice: {', '.join(names)}"
    for name, held in zip(names, batch.schema.types, strict=True):
        if name not in known:
            yield f"{what} have a column {name!r}; there are: {', '.join(known) or 'none'}"
        elif held != known[name]:
            yield f"column {name!r} of {what} is of type {held}; expected {known[name]}"


def _distinct(what: str, names: UserIds) -> Iterator[str]:
    if isinstance(names, np.ndarray):
        in_order = np.sort(names)
        doubled = bool((in_order[1:] == in_order[:-1]).any())
    else:
        doubled = len(names.unique()) < len(names)
    if doubled:
        yield f"{what} name one twice"


def _distinct_pairs(what: str, near_stable: Ints, edge: Ints) -> Iterator[str]:
    if not any(_distinct(what, edge)):
        return
    order = np.lexsort((edge, near_stable))
    same = edge[order[1:]] == edge[order[:-1]]
    if (same & (near_stable[order[1:]] == near_stable[order[:-1]])).any():
        yield f"{what} name one twice"
