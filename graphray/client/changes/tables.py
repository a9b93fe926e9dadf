"""The tables of a change, checked against the schema before anything is sent.

They come in every form that `graphray.build` takes for nodes and edges, and as a dict of columns.
What is wrong with them is said as a build says it: which row, which column, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.bfloat16 import BFLOAT16, bfloat16_array
from graphray.client.changes.columns import typed_columns
from graphray.errors import InputError
from graphray.ids import UserIds
from graphray.ingest.frames import read_frame
from graphray.ingest.identity import IdColumn, check_unique, read_ids
from graphray.ingest.inputs import EdgeInput, endpoint_columns, id_column, read_edges, read_nodes
from graphray.ingest.source import Source
from graphray.schema import GraphSchema, NodeType, RelationType
from graphray.shard import EDGE

_KINDS = {"int64": "integers", "string": "strings"}


@dataclass(frozen=True, eq=False)
class NodeRows:
    """Rows about nodes of one type, each about another node.

    Attributes:
        kind: the node type.
        source: the table, to name its rows in messages.
        id_column: its column of ids.
        ids: of the nodes.
        columns: the properties that were given, in the graph's types.
    """

    kind: NodeType
    source: Source
    id_column: str
    ids: UserIds
    columns: pa.RecordBatch

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class EdgeRows:
    """Rows about edges of one relation.

    Attributes:
        kind: the relation.
        source: the table, to name its rows in messages.
        end_columns: its columns of source and destination ids.
        ends: the ids in them.
        edge: the edge ids, ``int64[n]``, where the table names some.
        columns: the properties that were given, in the graph's types.
    """

    kind: RelationType
    source: Source
    end_columns: tuple[str, str]
    ends: tuple[UserIds, UserIds]
    edge: np.ndarray[Any, np.dtype[np.int64]] | None
    columns: pa.RecordBatch

    def __len__(self) -> int:
        return len(self.ends[0])


def node_rows(schema: GraphSchema, node_type: str, table: Any, label: str) -> NodeRows:
    """Check a table of nodes; its ids are in the column ``id``, or in the first one.

    Raises:
        NodeTypeNotFound: where the graph has no such type.
        ColumnNotFound: where the graph has no such column.
        InputError: where an id is null, of the wrong kind or there twice, or a value does not fit.
    """
    kind = schema.node_type(node_type)
    source = _frame(table, label) if isinstance(table, Mapping) else read_nodes(table, label)
    source.check_names()
    if not source.table.column_names:
        raise source.problem("there are no columns; a table of nodes has their ids in one")
    column = id_column(source)
    ids = _ids_of(source, column, kind)
    check_unique(node_type, ids)
    columns = typed_columns(source, kind.columns, [column], f"node type {node_type!r}")
    return NodeRows(kind, source, column, ids.as_user_ids(kind.id_kind), columns)


def edge_rows(
    schema: GraphSchema,
    relation: tuple[str, str, str] | str,
    table: Any,
    label: str,
    *,
    names_edges: bool = False,
) -> EdgeRows:
    """Check a table of edges; see `graphray.build` for which columns hold the ends.

    Args:
        schema: the graph's.
        relation: its triple, or its name where that is unique.
        table: the edges.
        label: what to call it in messages.
        names_edges: whether a column ``@edge`` may hold edge ids.

    Raises:
        RelationNotFound: where the graph has no such relation.
        ColumnNotFound: where the graph has no such column.
        InputError: where an id is null or of the wrong kind, or a value does not fit.
    """
    kind = schema.relation_type(relation)
    edges = _read_edges(table, label)
    source, names = edges.source, (edges.src, edges.dst)
    types = (kind.relation.source, kind.relation.destination)
    ends = [
        _ids_of(source, name, schema.node_type(node_type))
        for name, node_type in zip(names, types, strict=True)
    ]
    numbers = _edge_ids(source) if names_edges and EDGE in source.table.column_names else None
    ids = [*names, EDGE] if names_edges else list(names)
    return EdgeRows(
        kind,
        source,
        names,
        (
            ends[0].as_user_ids(schema.node_type(types[0]).id_kind),
            ends[1].as_user_ids(schema.node_type(types[1]).id_kind),
        ),
        numbers,
        typed_columns(source, kind.columns, ids, f"relation {kind.relation}"),
    )


def _read_edges(table: Any, label: str) -> EdgeInput:
    if not isinstance(table, Mapping):
        return read_edges(table, label)
    source = _frame(table, label)
    return EdgeInput(source, *endpoint_columns(source, None, None))


def _frame(columns: Mapping[str, Any], label: str) -> Source:
    return read_frame({name: _column(values) for name, values in columns.items()}, label)


def _column(values: Any) -> Any:
    """What Arrow cannot convert by itself: matrices, and bfloat16."""
    if str(getattr(values, "dtype", "")).endswith(BFLOAT16):
        return bfloat16_array(values)
    if isinstance(values, np.ndarray) and values.ndim == 2:
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    return values


def _ids_of(source: Source, column: str, kind: NodeType) -> IdColumn:
    ids = read_ids(source, column)
    if ids.kind not in (None, kind.id_kind):
        raise source.problem(
            f"{ids.values[0].as_py()!r} is no id of node type {kind.name!r}, whose ids are "
            f"{_KINDS[kind.id_kind]}",
            row=0,
            column=column,
        )
    return ids


def _edge_ids(source: Source) -> np.ndarray[Any, np.dtype[np.int64]]:
    ids = read_ids(source, EDGE)
    if ids.kind == "string":
        raise InputError("edge ids are integers", source=source.label, row=0, column=EDGE)
    numbers: np.ndarray[Any, np.dtype[np.int64]] = np.asarray(ids.as_user_ids("int64"))
    return numbers
