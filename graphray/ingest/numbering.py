"""Numbering the nodes of a graph that comes in streams; the twin of `graphray.ingest.graph`.

The same stable ids as when the whole graph is read: the row in the node table, or the rank of the
id. Edges are read once before they are dealt out, and only where they tell of nodes: those of a
type without a table, or with ``missing_nodes="add"``. Whoever reads a section of them tells the
distinct ids in it that no table has; which order they come in does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from graphray.bfloat16 import empty_table
from graphray.executor import Executor
from graphray.ids import UserIds
from graphray.ingest.budget import Budget
from graphray.ingest.graph import (
    MissingNodes,
    brought_nodes,
    joined,
    schema_of,
    type_names,
    with_null_rows,
)
from graphray.ingest.identity import (
    IdColumn,
    check_unique,
    first_text,
    kind_of,
    read_ids,
    settle_kind,
)
from graphray.ingest.inputs import id_column
from graphray.ingest.lookup import CheckBytes, DistinctIds, StableIds, lookup_of
from graphray.ingest.opening import EdgeStream
from graphray.ingest.reading import GraphInputs
from graphray.ingest.source import Source
from graphray.ingest.streams import Section, Stream, TableStream
from graphray.progress import progress
from graphray.schema import GraphSchema, IdKind, Relation

# Kept per node during a build: its id, the way from and to its global id, its partition, what the
# quality of the partition is counted from, and the keys of the index while that is sorted.
_NODE_BYTES = 80
# The share of the budget for marking integer ids in a table, a byte each.
_MARKS_SHARE = 4
# A section's own table of marks spans no more than this many slots per row.
_SLOTS_PER_ROW = 16


@dataclass(frozen=True)
class NumberedNodes:
    """The nodes of one type.

    Attributes:
        ids: users' ids by stable id.
        kind: integers or strings.
        stable: the way from ids to stable ids.
        properties: empty, with the columns of properties.
        table: where the properties are read; None where there are none.
        num_listed: the nodes that ``table`` has; those after it have null properties.
    """

    ids: UserIds
    kind: IdKind
    stable: StableIds
    properties: pa.Table
    table: Stream | None
    num_listed: int

    def column(self, name: str, budget: Budget, executor: Executor) -> pa.Table:
        """One column of properties, a row per node."""
        assert self.table is not None
        listed = _whole_column(self.table, name, budget, executor).properties(())
        return with_null_rows(listed, len(self.ids) - self.num_listed)

    @property
    def kept_bytes(self) -> int:
        """About what is kept in memory for the nodes throughout a build."""
        return _kept_bytes(self.ids)


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
        """The columns to read, each once."""
        own = [self.edges.src, self.edges.dst, *self.properties.column_names]
        return list(dict.fromkeys(own))


@dataclass(frozen=True)
class NumberedGraph:
    """A graph whose nodes are numbered; node types and relations in canonical order."""

    nodes: Mapping[str, NumberedNodes]
    edges: Mapping[Relation, NumberedEdges]

    @property
    def schema(self) -> GraphSchema:
        """What the graph is made of."""
        return schema_of(self.nodes, self.edges)

    def columns(
        self, names: Sequence[str], budget: Budget, executor: Executor
    ) -> dict[str, pa.Table]:
        """Those columns of properties that have one of some names, per node type that has any."""
        found: dict[str, pa.Table] = {}
        for node_type, nodes in self.nodes.items():
            own = [name for name in names if name in nodes.properties.column_names]
            if own:
                columns = [nodes.column(name, budget, executor).column(0) for name in own]
                found[node_type] = pa.table(columns, own)
        return found


def number_nodes(
    inputs: GraphInputs[EdgeStream, Stream],
    missing_nodes: MissingNodes,
    budget: Budget,
    executor: Executor,
) -> NumberedGraph:
    """Number all nodes, reading the edges where they tell of nodes.

    Raises:
        InputError: where ids are null, doubled or of two kinds.
        ArgumentError: where the nodes do not fit the budget.
    """
    types = {}
    for name in type_names(inputs.tables, inputs.relations):
        listed = inputs.tables.get(name)
        may_add = listed is None or missing_nodes == "add"
        brought = brought_nodes(name, inputs.relations) if listed is None else None
        if brought is not None:
            listed = TableStream(brought)
        kind = _settled_kind(name, listed, inputs.relations, budget)
        types[name] = _Numbering(name, kind, listed, may_add, budget, executor)
    for relation, stream in inputs.relations.items():
        _collect(relation, stream, types, budget, executor)
    nodes = {name: numbering.finished() for name, numbering in types.items()}
    budget.check_nodes(sum(numbered.kept_bytes for numbered in nodes.values()))
    edges = {
        relation: NumberedEdges(
            stream, inputs.directed[relation], _properties(stream.stream, (stream.src, stream.dst))
        )
        for relation, stream in inputs.relations.items()
    }
    return NumberedGraph(nodes, edges)


class _Numbering:
    """The nodes of one type while they are numbered.

    Attributes:
        listed: the nodes of the type's table; None where it has none.
        added: the nodes that edges name beside; None where there may be none.
    """

    def __init__(
        self,
        name: str,
        kind: IdKind,
        listed: Stream | None,
        may_add: bool,
        budget: Budget,
        executor: Executor,
    ) -> None:
        self.kind = kind
        self._name = name
        self._budget = budget
        self._ids: UserIds | None = None
        self._properties = pa.table({})
        self._table: Stream | None = None
        self.listed: StableIds | None = None
        if listed is not None:
            id_name = id_column(Source.of(empty_table(listed.schema), listed.label))
            column = read_ids(_whole_column(listed, id_name, budget, executor), id_name)
            check_unique(name, column)
            self._ids = column.as_user_ids(kind)
            budget.check_nodes(_kept_bytes(self._ids))
            self._properties = _properties(listed, (id_name,))
            self._table = listed if self._properties.num_columns else None
            self.listed = StableIds(name, lookup_of(self._ids))
        self.added: DistinctIds | None = None
        if may_add:
            slots_max = budget.total_bytes // _MARKS_SHARE
            self.added = DistinctIds(kind, budget.check_nodes, slots_max)

    def finished(self) -> NumberedNodes:
        """The nodes, those collected after those of the table."""
        num_listed = 0 if self._ids is None else len(self._ids)
        if self.added is None:
            assert self._ids is not None
            assert self.listed is not None
            ids, stable = self._ids, self.listed
        else:
            added = self.added.sorted()
            ids = added if self._ids is None else joined(self._ids, added)
            self._budget.check_nodes(_kept_bytes(ids))
            stable = StableIds(self._name, lookup_of(ids))
        return NumberedNodes(ids, self.kind, stable, self._properties, self._table, num_listed)


@dataclass(frozen=True)
class _Collecting:
    """How the sections of a relation are gone through for ids.

    Attributes:
        columns: the columns of ids, each with the type of its nodes.
        kinds: what the ids of those types are.
        listed: the nodes that are known, of types with a table.
        batch_bytes: about the size of a batch.
        slots_max: as in `DistinctIds`.
        check_bytes: likewise.
    """

    columns: tuple[tuple[str, str], ...]
    kinds: Mapping[str, IdKind]
    listed: Mapping[str, StableIds | None]
    batch_bytes: int
    slots_max: int
    check_bytes: CheckBytes


def _collect(
    relation: Relation,
    edges: EdgeStream,
    types: Mapping[str, _Numbering],
    budget: Budget,
    executor: Executor,
) -> None:
    """Have the nodes at both ends of a relation take in the ids that its edges name."""
    ends = (edges.src, relation.source), (edges.dst, relation.destination)
    collects = {name: types[name] for _, name in ends if types[name].added is not None}
    if not collects:
        return
    plan = _Collecting(
        tuple((column, name) for column, name in ends if name in collects),
        {name: numbering.kind for name, numbering in collects.items()},
        {name: numbering.listed for name, numbering in collects.items()},
        budget.batch_bytes,
        budget.total_bytes // _MARKS_SHARE // executor.workers,
        budget.check_nodes,
    )
    stream = edges.stream
    with progress(f"collecting ids of {relation}", stream.num_rows, "edges") as bar:
        for number, found in executor.run(_ids_of_section, plan, stream.sections):
            for name, ids in found.items():
                added = collects[name].added
                assert added is not None
                added.add(pa.chunked_array([pa.array(ids)]))
            bar.advance(stream.sections[number].num_rows)


def _ids_of_section(plan: _Collecting, section: Section) -> dict[str, UserIds]:
    """The distinct ids of a section that no table has, per node type."""
    slots_max = min(plan.slots_max, _SLOTS_PER_ROW * section.num_rows)
    distinct = {
        name: DistinctIds(kind, plan.check_bytes, slots_max) for name, kind in plan.kinds.items()
    }
    columns = list(dict.fromkeys(column for column, _ in plan.columns))
    for batch in section.batches(columns, plan.batch_bytes):
        for column, name in plan.columns:
            ids = read_ids(batch.source, column)
            known = plan.listed[name]
            distinct[name].add(ids.values if known is None else known.unlisted(ids))
    return {name: ids.sorted() for name, ids in distinct.items()}


def _settled_kind(
    name: str, listed: Stream | None, relations: Mapping[Relation, EdgeStream], budget: Budget
) -> IdKind:
    """The kind of a type's ids, which the first column that has any decides.

    Raises:
        InputError: where a later column is of the other kind, naming its first misfit.
    """
    columns: list[tuple[Stream, str]] = []
    if listed is not None:
        columns.append((listed, id_column(Source.of(empty_table(listed.schema), listed.label))))
    for relation, edges in relations.items():
        columns += [(edges.stream, edges.src)] if relation.source == name else []
        columns += [(edges.stream, edges.dst)] if relation.destination == name else []
    kinds = [
        (kind_of(stream.schema.field(column).type), stream, column)
        for stream, column in columns
        if stream.num_rows
    ]
    first = next((known for known in kinds if known[0] is not None), None)
    if first is None or first[0] is None:
        return "int64"
    for kind, stream, column in kinds:
        if kind not in (None, first[0]):
            _refuse_kind(name, first[1], first[2], stream, column, budget)
    return first[0]


def _refuse_kind(
    name: str, first: Stream, first_column: str, other: Stream, column: str, budget: Budget
) -> None:
    """Raise InputError about the first misfit in a column of another kind than the first."""
    known = _first_ids(first, first_column, budget)
    plain: IdColumn | None = None
    for section in other.sections:
        for batch in section.batches([column], budget.batch_bytes):
            ids = read_ids(batch.source, column)
            if ids.kind == "int64" or first_text(ids) is not None:
                settle_kind(name, [known, ids])
            plain = plain or ids
    assert plain is not None
    settle_kind(name, [known, plain])


def _first_ids(stream: Stream, column: str, budget: Budget) -> IdColumn:
    """A column's first batch of ids."""
    first = next(iter(stream.sections))
    return read_ids(next(first.batches([column], budget.batch_bytes)).source, column)


def _properties(stream: Stream, except_for: tuple[str, ...]) -> pa.Table:
    """The columns of properties in the types that the store keeps, without rows."""
    return Source.of(empty_table(stream.schema), stream.label).properties(except_for)


def _whole_column(stream: Stream, name: str, budget: Budget, executor: Executor) -> Source:
    """One column of a stream as a table."""
    sources: dict[int, Source] = {}
    held_bytes = 0
    plan = (name, budget.batch_bytes)
    with progress(f"reading {name} of {stream.label}", stream.num_rows, "nodes") as bar:
        for number, source in executor.run(_column_of_section, plan, stream.sections):
            sources[number] = source
            held_bytes += source.table.nbytes
            budget.check_nodes(held_bytes)
            bar.advance(source.table.num_rows)
    schema = pa.schema([stream.schema.field(name)])
    ordered = [source for _, source in sorted(sources.items())]
    table = pa.concat_tables([empty_table(schema), *(source.table for source in ordered)])
    return Source(table, tuple(piece for source in ordered for piece in source.pieces))


def _column_of_section(plan: tuple[str, int], section: Section) -> Source:
    """One column of a section as a table."""
    name, batch_bytes = plan
    sources = [batch.source for batch in section.batches([name], batch_bytes)]
    return Source(
        pa.concat_tables([source.table for source in sources]),
        tuple(piece for source in sources for piece in source.pieces),
    )


def _kept_bytes(ids: UserIds) -> int:
    return len(ids) * _NODE_BYTES + (ids.nbytes if isinstance(ids, pa.Array) else 0)
