"""Hypergraphs as tables: vertices, hyperedges, and the incidence between them.

A hypergraph is stored as two node types and one relation. An entry of the relation says that a
vertex belongs to a hyperedge, perhaps in a role (``head`` and ``tail`` in a directed hypergraph)
and with a weight. A vertex may belong to a hyperedge in several roles, but once in each.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.identity import check_unique, read_ids, settle_kind
from graphray.ingest.inputs import id_column
from graphray.ingest.source import Source
from graphray.kinds.tables import GraphTables, with_properties
from graphray.schema import Relation

VERTEX, HYPEREDGE = "vertex", "hyperedge"
INCIDENCE = Relation(VERTEX, "incidence", HYPEREDGE)
ROLE, WEIGHT = "role", "weight"


def hypergraph_tables(
    incidence: Source,
    vertices: Source | None = None,
    hyperedges: Source | None = None,
    *,
    vertex: str = VERTEX,
    hyperedge: str = HYPEREDGE,
    allow_empty: bool = False,
    lost: Iterable[str] = (),
) -> GraphTables:
    """Check a hypergraph, and lay it out as tables.

    Args:
        incidence: an entry per row; further columns, ``role`` and ``weight`` among them, are kept.
        vertices: a row per vertex: its id, and properties. Vertices that only the incidence names
            follow those listed, without properties.
        hyperedges: likewise for hyperedges.
        vertex: the column of vertex ids in ``incidence``.
        hyperedge: the column of hyperedge ids in ``incidence``.
        allow_empty: accept hyperedges without vertices.
        lost: what the form that was read had besides.

    Raises:
        InputError: where a hyperedge is empty, a weight is negative or not finite, or a vertex is
            twice in a hyperedge in the same role; naming where it stands.
    """
    for source in (incidence, vertices, hyperedges):
        if source is not None:
            source.check_names()
            _check_weights(source)
    _check_roles(incidence)
    vertex_side = _Side(VERTEX, vertices, incidence, vertex)
    hyperedge_side = _Side(HYPEREDGE, hyperedges, incidence, hyperedge)
    rest = incidence.table.drop_columns([vertex, hyperedge])
    ids = {SRC: vertex_side.named, DST: hyperedge_side.named}
    entries = with_properties(ids, rest, incidence.label)
    _refuse_repeats(incidence, entries)
    if not allow_empty:
        hyperedge_side.refuse_empty()
    nodes = {VERTEX: vertex_side.node_table(), HYPEREDGE: hyperedge_side.node_table()}
    return GraphTables("hypergraph", nodes, {INCIDENCE: entries}, lost=tuple(lost))


class _Side:
    """The vertices or the hyperedges: those listed, and those that the incidence names.

    Attributes:
        named: the ids in the incidence, an entry per row.
    """

    def __init__(self, what: str, source: Source | None, incidence: Source, column: str) -> None:
        if column not in incidence.table.column_names:
            raise incidence.problem(
                f"there is no such column; it has: {', '.join(incidence.table.column_names)}",
                column=column,
            )
        named = read_ids(incidence, column)
        listed = None if source is None else read_ids(source, id_column(source))
        kind = settle_kind(what, [named] if listed is None else [listed, named])
        if listed is not None:
            check_unique(what, listed)
        self.named = pa.array(named.as_user_ids(kind))
        self._listed = listed
        self._ids = self.named.slice(0, 0) if listed is None else pa.array(listed.as_user_ids(kind))

    def refuse_empty(self) -> None:
        """Raise InputError where a listed hyperedge is not named by the incidence."""
        row = pc.index(pc.is_in(self._ids, value_set=pc.unique(self.named)), False).as_py()
        if row >= 0 and self._listed is not None:
            raise self._listed.source.problem(
                f"hyperedge {self._ids[row].as_py()!r} is empty; drop it, or pass allow_empty=True",
                row=row,
            )

    def node_table(self) -> pa.Table:
        """What is listed, with its properties, then what only the incidence names."""
        named = pc.unique(self.named)
        added = pa.table({ID: named.filter(pc.invert(pc.is_in(named, value_set=self._ids)))})
        if self._listed is None:
            return added
        rest = self._listed.source.table.drop_columns([self._listed.column])
        table = with_properties({ID: self._ids}, rest, self._listed.source.label)
        if added.num_rows == 0:
            return table
        return pa.concat_tables([table, added], promote_options="default")


def _check_weights(source: Source) -> None:
    if WEIGHT not in source.table.column_names:
        return
    weights = source.table.column(WEIGHT)
    if pa.types.is_null(weights.type):
        return
    if not (pa.types.is_floating(weights.type) or pa.types.is_integer(weights.type)):
        raise source.problem(
            f"weights are numbers, and the column is of type {weights.type}", column=WEIGHT
        )
    # NaN is not finite, and a null is no weight at all: it stands for 1.
    good = pc.and_(pc.greater_equal(weights, 0), pc.is_finite(weights))
    row = pc.index(pc.fill_null(good, True), False).as_py()
    if row >= 0:
        raise source.problem(
            f"the weight is {weights[row]}; weights are finite and at least 0",
            row=row,
            column=WEIGHT,
        )


def _check_roles(incidence: Source) -> None:
    if ROLE not in incidence.table.column_names:
        return
    dtype = incidence.table.column(ROLE).type
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if not any(
        is_kind(dtype)
        for is_kind in (
            pa.types.is_null,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
        )
    ):
        raise incidence.problem(
            f"roles are strings, and the column is of type {dtype}", column=ROLE
        )


def _refuse_repeats(incidence: Source, entries: pa.Table) -> None:
    keys = [SRC, DST, *([ROLE] if ROLE in entries.column_names else [])]
    if entries.group_by(keys).aggregate([]).num_rows == entries.num_rows:
        return
    seen = set()
    columns = [entries.column(key).to_pylist() for key in keys]
    for row, entry in enumerate(zip(*columns, strict=True)):
        if entry in seen:
            raise incidence.problem(
                f"vertex {entry[0]!r} is already in hyperedge {entry[1]!r}; it may be there once, "
                "or once in each role",
                row=row,
            )
        seen.add(entry)
