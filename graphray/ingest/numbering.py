"""Numbering the nodes of a graph that comes in streams; the twin of `graphray.ingest.graph`.

The same stable ids as when the whole graph is read: the row in the node table, or the rank of the
id. Edges are read once before they are dealt out, and only where they tell of nodes: those of a
type without a table, or with ``missing_nodes="add"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.bfloat16 import empty_table
from graphray.errors import DanglingEdge
from graphray.ids import UserIds
from graphray.ingest.budget import Budget
from graphray.ingest.graph import MissingNodes, brought_nodes, joined, type_names
from graphray.ingest.identity import (
    ABSENT,
    IdColumn,
    check_unique,
    first_text,
    kind_of,
    read_ids,
    settle_kind,
)
from graphray.ingest.inputs import id_column
from graphray.ingest.lookup import DistinctIds, Lookup, lookup_of
from graphray.ingest.opening import EdgeStream
from graphray.ingest.reading import GraphInputs
from graphray.ingest.source import Source, columns_of
from graphray.ingest.streams import Batch, Stream, TableStream
from graphray.progress import progress
from graphray.schema import GraphSchema, IdKind, NodeType, Relation, RelationType
from graphray.threads import Threads

# Kept per node during a build: its id, the way from and to its global id, its partition, what the
# quality of the partition is counted from, and the keys of the index while that is sorted.
_NODE_BYTES = 80
# The share of the budget for marking integer ids in a table, a byte each.
_MARKS_SHARE = 4


class NumberedNodes:
    """The nodes of one type, and the way from their ids to stable ids.

    Attributes:
        ids: users' ids by stable id.
        kind: integers or strings.
        properties: empty, with the columns of properties.
        table: where the properties are read; None where there are none.
        num_listed: the nodes that ``table`` has; those after it have null properties.
    """

    def __init__(self, name: str, listed: Stream | None, may_add: bool, budget: Budget) -> None:
        self.name = name
        self.kind: IdKind = "int64"
        self.ids: UserIds = np.empty(0, np.int64)
        self.properties = pa.table({})
        self.table: Stream | None = None
        self._first: IdColumn | None = None
        self._budget = budget
        self._added: DistinctIds | None = None
        self._lookup: Lookup | None = None
        if listed is not None:
            self._take_table(listed)
        self.num_listed = len(self.ids)
        if may_add:
            marks_max = budget.total_bytes // _MARKS_SHARE
            self._added = DistinctIds(budget.check_nodes, marks_max)

    @property
    def collects(self) -> bool:
        """Whether edges may name nodes that are not known yet, and have to be read for them."""
        return self._added is not None

    @property
    def kept_bytes(self) -> int:
        """About what is kept in memory for the nodes throughout a build."""
        return len(self.ids) * _NODE_BYTES + (0 if self.kind == "int64" else self.ids.nbytes)

    def collect(self, column: IdColumn) -> None:
        """Take in the ids that a batch of edges names."""
        self._settle(column)
        if self._added is None:
            return
        if self.num_listed:
            absent = self._positions(column) == ABSENT
            values = column.values.filter(pa.array(absent))
            kind = column.kind if len(values) else None
            column = IdColumn(column.source, column.column, values, kind)
        self._added.add(column)

    def finish(self) -> None:
        """Number the collected ids after those of the table."""
        if self._added is not None:
            added = self._added.sorted(self.kind)
            self.ids = joined(self.ids, added) if self.num_listed else added
            self._added = self._lookup = None
        self._budget.check_nodes(self.kept_bytes)
        if self._lookup is None:
            self._lookup = lookup_of(self.ids)

    def stable_ids(self, column: IdColumn) -> npt.NDArray[Any]:
        """The stable id of every id of a batch.

        Raises:
            DanglingEdge: where one is not among the nodes.
        """
        self._settle(column)
        found = self._positions(column)
        if len(found) and found.min() == ABSENT:
            row = int(np.argmax(found == ABSENT))
            raise column.source.problem(
                f"the edge names {self.name} {column.values[row].as_py()!r}, which the node table "
                'lacks; add it there, or pass missing_nodes="add"',
                row=row,
                column=column.column,
                kind=DanglingEdge,
            )
        return found

    def _take_table(self, listed: Stream) -> None:
        name = id_column(Source.of(empty_table(listed.schema), listed.label))
        column = read_ids(_whole_column(listed, name, self._budget), name)
        self._settle(column)
        check_unique(self.name, column)
        self.ids = column.as_user_ids(self.kind)
        self.properties = _properties(listed, (name,))
        self.table = listed if self.properties.num_columns else None
        self._budget.check_nodes(self.kept_bytes)
        self._lookup = lookup_of(self.ids)

    def _settle(self, column: IdColumn) -> None:
        """Hold a column's kind of ids against the first that had any."""
        if self._first is None and column.kind is not None:
            empty = column.values.slice(0, 0)
            self._first = IdColumn(column.source.slice(0, 1), column.column, empty, column.kind)
            self.kind = column.kind
        if self._first is not None:
            settle_kind(self.name, [self._first, column])

    def _positions(self, column: IdColumn) -> npt.NDArray[Any]:
        assert self._lookup is not None
        return self._lookup.positions(column)


@dataclass(frozen=True)
class NumberedEdges:
    """The edges of one relation, still to be read.

    Attributes:
        edges: where from.
        directed: whether source and destination differ in meaning.
        properties: empty, with the columns of properties.
    """

    edges: EdgeStream
    directed: bool
    properties: pa.Table

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return [self.edges.src, self.edges.dst, *self.properties.column_names]


@dataclass(frozen=True)
class NumberedGraph:
    """A graph whose nodes are numbered; node types and relations in canonical order."""

    nodes: Mapping[str, NumberedNodes]
    edges: Mapping[Relation, NumberedEdges]

    @property
    def schema(self) -> GraphSchema:
        """What the graph is made of."""
        return GraphSchema(
            tuple(
                NodeType(name, nodes.kind, columns_of(nodes.properties))
                for name, nodes in self.nodes.items()
            ),
            tuple(
                RelationType(relation, edges.directed, columns_of(edges.properties))
                for relation, edges in self.edges.items()
            ),
        )


def number_nodes(
    inputs: GraphInputs[EdgeStream, Stream],
    missing_nodes: MissingNodes,
    budget: Budget,
    threads: Threads,
) -> NumberedGraph:
    """Number all nodes, reading the edges where they tell of nodes.

    Raises:
        InputError: where ids are null, doubled or of two kinds.
        ArgumentError: where the nodes do not fit the budget.
    """
    edges = {
        relation: NumberedEdges(
            stream, inputs.directed[relation], _properties(stream.stream, (stream.src, stream.dst))
        )
        for relation, stream in inputs.relations.items()
    }
    nodes = {}
    for name in type_names(inputs.tables, inputs.relations):
        listed = inputs.tables.get(name)
        may_add = listed is None or missing_nodes == "add"
        brought = brought_nodes(name, inputs.relations) if listed is None else None
        if brought is not None:
            listed = TableStream(brought)
        _check_kinds(name, listed, inputs.relations, budget)
        nodes[name] = NumberedNodes(name, listed, may_add, budget)
    for relation, stream in inputs.relations.items():
        ends = (nodes[relation.source], stream.src), (nodes[relation.destination], stream.dst)
        if any(numbered.collects for numbered, _ in ends):
            _collect(relation, stream.stream, ends, budget, threads)
    for numbered in nodes.values():
        numbered.finish()
    budget.check_nodes(sum(numbered.kept_bytes for numbered in nodes.values()))
    return NumberedGraph(nodes, edges)


def _collect(
    relation: Relation,
    stream: Stream,
    ends: Sequence[tuple[NumberedNodes, str]],
    budget: Budget,
    threads: Threads,
) -> None:
    """Have the nodes at both ends of a relation take in the ids that its edges name."""

    def collect(batch: Batch) -> None:
        for numbered, column in ends:
            numbered.collect(read_ids(batch.source, column))
        bar.advance(batch.source.table.num_rows)

    with progress(f"collecting ids of {relation}", stream.num_rows(), "edges") as bar:
        columns = list(dict.fromkeys(column for _, column in ends))
        threads.drain(collect, stream.batches(columns, budget.batch_bytes))


def _check_kinds(
    name: str, listed: Stream | None, relations: Mapping[Relation, EdgeStream], budget: Budget
) -> None:
    """Raise InputError where the columns of a type's ids are of two kinds, naming a misfit."""
    columns: list[tuple[Stream, str]] = []
    if listed is not None:
        columns.append((listed, id_column(Source.of(empty_table(listed.schema), listed.label))))
    for relation, edges in relations.items():
        columns += [(edges.stream, edges.src)] if relation.source == name else []
        columns += [(edges.stream, edges.dst)] if relation.destination == name else []
    kinds = [
        (kind_of(stream.schema.field(column).type), stream, column)
        for stream, column in columns
        if stream.rows_max()
    ]
    first = next((known for known in kinds if known[0] is not None), None)
    for kind, stream, column in kinds:
        if first is not None and kind not in (None, first[0]):
            _refuse_kind(name, first[1], first[2], stream, column, budget)


def _refuse_kind(
    name: str, first: Stream, first_column: str, other: Stream, column: str, budget: Budget
) -> None:
    """Raise InputError about the first misfit in a column of another kind than the first."""
    batches = (batch.source for batch in first.batches([first_column], budget.batch_bytes))
    known = next((ids for ids in (read_ids(b, first_column) for b in batches) if ids.kind), None)
    plain: IdColumn | None = None
    for batch in other.batches([column], budget.batch_bytes):
        ids = read_ids(batch.source, column)
        if known is None or ids.kind is None:
            continue
        if ids.kind == "int64" or first_text(ids) is not None:
            settle_kind(name, [known, ids])
        plain = plain or ids
    if known is not None and plain is not None:
        settle_kind(name, [known, plain])


def _properties(stream: Stream, except_for: tuple[str, ...]) -> pa.Table:
    """The columns of properties in the types that the store keeps, without rows."""
    return Source.of(empty_table(stream.schema), stream.label).properties(except_for)


def _whole_column(stream: Stream, name: str, budget: Budget) -> Source:
    """One column of a stream as a table."""
    sources = []
    held_bytes = 0
    for batch in stream.batches([name], budget.batch_bytes):
        sources.append(batch.source)
        held_bytes += batch.source.table.nbytes
        budget.check_nodes(held_bytes)
    schema = pa.schema([stream.schema.field(name)])
    table = pa.concat_tables([empty_table(schema), *(source.table for source in sources)])
    return Source(table, tuple(piece for source in sources for piece in source.pieces))
