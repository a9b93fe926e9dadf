"""Finding edges that are to be deleted or updated: those at nodes, those between two nodes.

The rows that are read for it are validated when the transaction commits: nobody has added an edge
to them, or taken one, meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.changes.coverage import edge_column_tag
from graphray.changes.queries import ReadRows, Rows
from graphray.client.changes.assembly import EdgeSet
from graphray.client.changes.joined_answers import join_rows
from graphray.client.changes.places import NodePlaces, by_part
from graphray.client.changes.questions import Asks
from graphray.client.changes.tables import EdgeRows
from graphray.errors import EdgeNotFound
from graphray.schema import Direction, GraphSchema, RelationType

Ints = npt.NDArray[np.int64]

_NAMED_IN_ERRORS_MAX = 5


class EdgeLookup:
    """Finds edges.

    Args:
        schema: the graph's.
        asks: whom to ask.
    """

    def __init__(self, schema: GraphSchema, asks: Asks) -> None:
        self._schema = schema
        self._asks = asks

    def at_nodes(
        self, node_type: str, places: NodePlaces
    ) -> Iterator[tuple[RelationType, EdgeSet]]:
        """All edges at some nodes; an edge between two of them comes twice."""
        for kind in self._schema.relations:
            for direction in kind.stored_directions:
                if kind.relation.near_type(direction) == node_type:
                    near, rows = self._rows(kind, direction, places, ())
                    far = NodePlaces(rows.far_part, rows.far_stable)
                    is_out = direction == "out"
                    yield kind, EdgeSet(near if is_out else far, far if is_out else near, rows.edge)

    def matching(
        self,
        table: EdgeRows,
        sources: NodePlaces,
        destinations: NodePlaces,
        *,
        by_columns: bool,
    ) -> tuple[Ints, EdgeSet]:
        """The edges that the rows of a table mean.

        Args:
            table: source, destination, and perhaps edge ids.
            sources: where the rows' sources are.
            destinations: likewise.
            by_columns: whether the table's properties have to be the edge's own.

        Returns:
            For every edge the row that means it, ``int64[m]``, and the edges.

        Raises:
            EdgeNotFound: where there is none for a row.
        """
        kind = table.kind
        direction = kind.stored_direction("out")
        names = tuple(table.columns.schema.names) if by_columns else ()
        distinct, row_of = _distinct_places(sources)
        near, rows = self._rows(kind, direction, distinct, names)
        pairs = _candidates(row_of, rows.offsets)
        at, entry = pairs
        keep = (rows.far_part[entry] == destinations.part[at]) & (
            rows.far_stable[entry] == destinations.stable[at]
        )
        if table.edge is not None:
            keep &= rows.edge[entry] == table.edge[at]
        at, entry = at[keep], entry[keep]
        for name in names:
            same = _same(table.columns.column(name), at, rows.columns.column(name), entry)
            at, entry = at[same], entry[same]
        _require_all(table, at)
        return at, EdgeSet(near.take(entry), destinations.take(at), rows.edge[entry])

    def _rows(
        self, kind: RelationType, direction: Direction, places: NodePlaces, columns: tuple[str, ...]
    ) -> tuple[NodePlaces, Rows]:
        """The rows of nodes, and for each entry whose row it is in."""
        groups = by_part(places.part)
        questions = {
            part: ReadRows(kind.relation, direction, places.stable[at], columns)
            for part, at in groups.items()
        }
        tags = frozenset(edge_column_tag(kind.relation, column) for column in columns)
        answers: Mapping[int, Any] = self._asks.ask(questions, tags) if questions else {}
        rows = join_rows(len(places.part), [(groups[p], answers[p]) for p in groups])
        owner = np.repeat(np.arange(len(places.part)), np.diff(rows.offsets))
        return places.take(owner), rows


def _distinct_places(places: NodePlaces) -> tuple[NodePlaces, Ints]:
    """Each place once, and which of them every row has."""
    both = np.stack([places.part.astype(np.int64), places.stable])
    distinct, row_of = np.unique(both, axis=1, return_inverse=True)
    return NodePlaces(distinct[0].astype(np.int32), distinct[1]), row_of.reshape(-1)


def _candidates(row_of: Ints, offsets: Ints) -> tuple[Ints, Ints]:
    """Every row of a table with every entry in the adjacency row of its source."""
    lengths = np.diff(offsets)[row_of]
    at = np.repeat(np.arange(len(row_of)), lengths)
    starts = np.repeat(offsets[row_of] - (np.cumsum(lengths) - lengths), lengths)
    return at, starts + np.arange(len(at))


def _same(wanted: pa.Array, at: Ints, found: pa.Array, entry: Ints) -> npt.NDArray[np.bool_]:
    """Whether values are equal, pair by pair; null is equal to null."""
    one, other = wanted.take(pa.array(at)), found.take(pa.array(entry))
    if pa.types.is_nested(one.type):
        return np.array([a == b for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True)])
    equal = pc.fill_null(pc.equal(one, other), False)
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    same: npt.NDArray[np.bool_] = pc.or_(equal, both_null).to_numpy(zero_copy_only=False)
    return same.astype(np.bool_)


def _require_all(table: EdgeRows, at: Ints) -> None:
    missing = np.setdiff1d(np.arange(len(table)), at)
    if len(missing) == 0:
        return
    label, row = table.source.locate(int(missing[0]))
    names = [
        f"{_plain(table.ends[0][int(i)])!r} -> {_plain(table.ends[1][int(i)])!r}"
        for i in missing[:_NAMED_IN_ERRORS_MAX]
    ]
    more = len(missing) - len(names)
    raise EdgeNotFound(
        f"{label}, row {row}: {len(missing)} of {len(table)} rows mean no edge of relation "
        f"{table.kind.relation}: {', '.join(names)}{f' and {more} more' if more else ''}",
        relation=table.kind.relation,
        row=row,
    )


def _plain(value: Any) -> int | str:
    plain: int | str = value.as_py() if isinstance(value, pa.Scalar) else int(value)
    return plain
