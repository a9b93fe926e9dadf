"""How derived arrays are named: a column ``@<what>:<column>`` of the table that they align with.

Stored columns that GraphRay keeps start with ``@`` too, but have no colon.
"""

from __future__ import annotations

from typing import NamedTuple

from graphray.schema import Direction, Relation
from graphray.shard import RESERVED_PREFIX, STABLE, ArrayKey, edges_table, rows_table

ALIAS = "alias"
"""By entry: cells of alias tables of a weight column (`graphray.kernels.derive_weights`)."""

POSITIVE = "positive"
"""By row: how many of its entries have a weight above 0, ``uint32``."""

SHARE = "share"
"""By entry: its weight in units of the largest of its row, ``float32``."""

EDGE_CELLS, EDGE_TIMES = "edge_cells", "edge_times"
"""By entry: rows in rising time of their edges (cells, see `graphray.derived.times`), and these
times in that order."""

FAR_CELLS, FAR_TIMES = "far_cells", "far_times"
"""By entry: rows in rising time of their neighbours, likewise."""

EDGE_WEIGHED = ("edge_weighed_cells", "edge_weighed_times", "edge_weighed_sums")
FAR_WEIGHED = ("far_weighed_cells", "far_weighed_times", "far_weighed_sums")
"""The same of two columns (`paired`), of times and of weights: entries of weight 0 come last in
their row; with the running sums of the row's weights in that order, ``float64``."""

FAR = "far"
"""By entry: a column of the neighbour."""


class DerivedColumn(NamedTuple):
    """What a derived column is: what is derived, and from which column."""

    what: str
    column: str

    def __str__(self) -> str:
        return f"{RESERVED_PREFIX}{self.what}:{self.column}"


def derived_column(column: str) -> DerivedColumn | None:
    """The parts of a derived column's name; None for the name of a stored one.

    >>> derived_column("@alias:w")
    DerivedColumn(what='alias', column='w')
    >>> derived_column("@indptr"), derived_column("a:b")
    (None, None)
    """
    if not column.startswith(RESERVED_PREFIX) or ":" not in column:
        return None
    what, _, source = column.removeprefix(RESERVED_PREFIX).partition(":")
    return DerivedColumn(what, source)


def paired(time: str, weight: str) -> str:
    """What stands in a derived column's name for two columns; `unpaired` is the way back.

    >>> paired("seen", "trust"), unpaired(paired("a:b", "3:c"))
    ('4:seen:trust', ('a:b', '3:c'))
    """
    return f"{len(time)}:{time}:{weight}"


def unpaired(columns: str) -> tuple[str, str]:
    """The columns of times and of weights that `paired` was given."""
    length, _, rest = columns.partition(":")
    return rest[: int(length)], rest[int(length) + 1 :]


def entries_key(relation: Relation, direction: Direction, what: str, column: str) -> ArrayKey:
    """The derived array that has a value per adjacency entry."""
    return ArrayKey(edges_table(relation, direction), str(DerivedColumn(what, column)))


def rows_key(relation: Relation, direction: Direction, what: str, column: str) -> ArrayKey:
    """The derived array that has a value per adjacency row."""
    return ArrayKey(rows_table(relation, direction), str(DerivedColumn(what, column)))


def far_stable_key(relation: Relation, direction: Direction) -> ArrayKey:
    """The stable id of every entry's neighbour."""
    return entries_key(relation, direction, FAR, STABLE)
