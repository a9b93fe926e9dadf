"""From what a user brought to one graph in stable ids.

Every node of a type gets its stable id here: the row in the node table, or the rank of its id where
there is no table. Every edge gets its id: the row in its relation's input. From here on nothing
depends on the form in which the graph came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ids import UserIds
from graphray.ingest.identity import (
    ABSENT,
    IdColumn,
    IdMap,
    check_listed,
    check_unique,
    distinct_ids,
    read_ids,
    settle_kind,
)
from graphray.ingest.inputs import EdgeInput, id_column
from graphray.ingest.source import Source, columns_of
from graphray.progress import progress
from graphray.schema import GraphSchema, IdKind, NodeType, Relation, RelationType
from graphray.threads import Threads, available_threads

MissingNodes = Literal["error", "add"]


@dataclass(frozen=True)
class InputNodes:
    """The nodes of one type, by stable id.

    Attributes:
        ids: users' ids, ``int64[n]`` or ``LargeStringArray``.
        kind: which of the two.
        properties: a row per node.
    """

    ids: UserIds
    kind: IdKind
    properties: pa.Table


@dataclass(frozen=True)
class InputEdges:
    """The edges of one relation, by edge id.

    Attributes:
        sources: ``int32[m]`` or int64, stable ids of the source type.
        destinations: likewise of the destination type.
        directed: whether source and destination differ in meaning.
        properties: a row per edge.
    """

    sources: npt.NDArray[Any]
    destinations: npt.NDArray[Any]
    directed: bool
    properties: pa.Table


@dataclass(frozen=True)
class InputGraph:
    """A whole graph in stable ids; node types and relations in canonical order."""

    nodes: Mapping[str, InputNodes]
    edges: Mapping[Relation, InputEdges]

    @property
    def schema(self) -> GraphSchema:
        """What the graph is made of."""
        return schema_of(self.nodes, self.edges)


class TypedNodes(Protocol):
    """Nodes of one type, however much of them has been read."""

    @property
    def kind(self) -> IdKind:
        """What users' ids are."""
        ...

    @property
    def properties(self) -> pa.Table:
        """A table with the columns of properties."""
        ...


class TypedEdges(Protocol):
    """Edges of one relation, likewise."""

    @property
    def directed(self) -> bool:
        """Whether source and destination differ in meaning."""
        ...

    @property
    def properties(self) -> pa.Table:
        """A table with the columns of properties."""
        ...


def schema_of(nodes: Mapping[str, TypedNodes], edges: Mapping[Relation, TypedEdges]) -> GraphSchema:
    """What a graph of these is made of."""
    return GraphSchema(
        tuple(NodeType(n, each.kind, columns_of(each.properties)) for n, each in nodes.items()),
        tuple(
            RelationType(relation, each.directed, columns_of(each.properties))
            for relation, each in edges.items()
        ),
    )


def assemble(
    relations: Mapping[Relation, EdgeInput],
    tables: Mapping[str, Source],
    directed: Mapping[Relation, bool],
    missing_nodes: MissingNodes,
) -> InputGraph:
    """Number the nodes, and name every edge's ends by those numbers.

    Args:
        relations: the edges, per relation.
        tables: the node tables of those types that have one.
        directed: for every relation.
        missing_nodes: what to do with an edge to a node that its type's table lacks.

    Raises:
        DanglingEdge: where there is one and ``missing_nodes`` is "error".
        InputError: where ids are null, doubled or of two kinds.
    """
    properties = {r: e.source.properties((e.src, e.dst)) for r, e in relations.items()}
    ends = _read_ends(relations)
    nodes: dict[str, InputNodes] = {}
    stable_ids: dict[_End, npt.NDArray[Any]] = {}
    for name in type_names(tables, relations):
        columns = {end: column for end, column in ends.items() if end.node_type == name}
        listed = tables.get(name)
        may_add = listed is None or missing_nodes == "add"
        if listed is None:
            listed = brought_nodes(name, relations)
        nodes[name], found = _number_nodes(name, listed, list(columns.values()), may_add)
        stable_ids.update(zip(columns, found, strict=True))
    edges = {
        relation: InputEdges(
            stable_ids[_End(relation, "source")],
            stable_ids[_End(relation, "destination")],
            directed[relation],
            properties[relation],
        )
        for relation in relations
    }
    return InputGraph(nodes, edges)


class _End(NamedTuple):
    """One end of a relation."""

    relation: Relation
    side: Literal["source", "destination"]

    @property
    def node_type(self) -> str:
        return getattr(self.relation, self.side)


def _read_ends(relations: Mapping[Relation, EdgeInput]) -> dict[_End, IdColumn]:
    ends = {}
    for relation, edges in relations.items():
        ends[_End(relation, "source")] = read_ids(edges.source, edges.src)
        ends[_End(relation, "destination")] = read_ids(edges.source, edges.dst)
    return ends


def type_names(tables: Iterable[str], relations: Iterable[Relation]) -> list[str]:
    """All node types: those with a table first, then as the relations name them."""
    ends = (name for relation in relations for name in (relation.source, relation.destination))
    return list(dict.fromkeys([*tables, *ends]))


class BringsNodes(Protocol):
    """Edges that may bring nodes along."""

    @property
    def source_nodes(self) -> Source | None:
        """Nodes on the source side."""
        ...

    @property
    def destination_nodes(self) -> Source | None:
        """Nodes on the destination side."""
        ...


def brought_nodes(name: str, relations: Mapping[Relation, BringsNodes]) -> Source | None:
    """The largest node list of a type among those that came along with the edges."""
    brought = []
    for relation, edges in relations.items():
        if relation.source == name:
            brought.append(edges.source_nodes)
        if relation.destination == name:
            brought.append(edges.destination_nodes)
    lists = [nodes for nodes in brought if nodes is not None]
    return max(lists, key=lambda nodes: nodes.table.num_rows, default=None)


def _number_nodes(
    name: str, listed: Source | None, columns: Sequence[IdColumn], may_add: bool
) -> tuple[InputNodes, list[npt.NDArray[Any]]]:
    """The nodes of one type, and the stable ids of every column that names them."""
    table = None if listed is None else read_ids(listed, id_column(listed))
    kind = settle_kind(name, columns if table is None else [table, *columns])
    if table is None:
        ids = distinct_ids(columns, kind)
        properties = _rows_without_columns(len(ids))
    else:
        check_unique(name, table)
        ids = table.as_user_ids(kind)
        properties = table.source.properties((table.column,))
    found = _positions(name, ids, columns)
    if not may_add:
        for column, positions in zip(columns, found, strict=True):
            check_listed(name, column, positions)
    missing = [_missing(column, at) for column, at in zip(columns, found, strict=True)]
    unlisted = [column for column in missing if column is not None]
    if unlisted:
        added = distinct_ids(unlisted, kind)
        ids = joined(ids, added)
        properties = with_null_rows(properties, len(added))
        found = _positions(name, ids, columns)
    return InputNodes(ids, kind, properties), found


def _positions(name: str, ids: UserIds, columns: Sequence[IdColumn]) -> list[npt.NDArray[Any]]:
    id_map = IdMap(ids)
    found = []
    with (
        progress(f"mapping {name} ids", total=len(columns), unit="columns") as bar,
        Threads(available_threads()) as threads,
    ):
        for column in columns:
            found.append(id_map.positions(column, threads))
            bar.advance()
    return found


def _missing(column: IdColumn, positions: npt.NDArray[Any]) -> IdColumn | None:
    if len(positions) == 0 or positions.min() != ABSENT:
        return None
    values = column.values.filter(pa.array(positions == ABSENT))
    return IdColumn(column.source, column.column, values, column.kind)


def joined(ids: UserIds, added: UserIds) -> UserIds:
    """Ids and those added after them."""
    if isinstance(ids, np.ndarray):
        return np.concatenate([ids, added])
    return pa.concat_arrays([ids, added])


def with_null_rows(table: pa.Table, added: int) -> pa.Table:
    """The table with rows of nulls after its own."""
    if table.num_columns == 0:
        return _rows_without_columns(table.num_rows + added)
    nulls = pa.table([pa.nulls(added, field.type) for field in table.schema], table.schema)
    return pa.concat_tables([table, nulls])


def _rows_without_columns(count: int) -> pa.Table:
    return pa.table({"": pa.nulls(count)}).select([])
