"""A shard that also has derived arrays: each is made when it is first asked for, and kept.

To its readers a derived array is one like any other: it has an `ArrayKey`, is mapped from the
object store where the replica has published it, and is a pure function of the stored arrays, so
that every replica makes the same one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy.typing as npt

from graphray.derived import names
from graphray.derived.names import derived_column, unpaired
from graphray.derived.rows import AdjacencyRows, Sources
from graphray.derived.times import in_time_order, time_cells, weight_sums
from graphray.derived.weights import alias_table, checked_weights, positive_counts, row_shares
from graphray.errors import ColumnNotFound
from graphray.shard import ArrayKey, ShardArray, edges_table, rows_table

Array = npt.NDArray[Any]
Made = dict[ArrayKey, Array]


class DerivedShard:
    """The stored arrays of one partition, and those made from them; a `graphray.shard.Shard`.

    Safe to use from several threads; one of them makes an array while others wait for it.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._stored = sources.shard_of(sources.part)
        self._adjacencies = {
            table(*name): AdjacencyRows(sources, *name)
            for name in sources.schema.adjacencies
            for table in (edges_table, rows_table)
        }
        self._made: Made = {}
        # One thread may need one derived array while it makes another.
        self._making = threading.RLock()

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name (see `graphray.shard.Shard.array`).

        Raises:
            ColumnNotFound: where there is nothing to make it from.
            ArgumentError: where what it is made from will not do, such as a negative weight.
        """
        derived = derived_column(key.column)
        if derived is None:
            return self._stored.array(key)
        with self._making:
            if key not in self._made:
                self._made[key] = self._make(key, *derived)
            return self._made[key]

    def forget(self, keys: Iterable[ArrayKey]) -> None:
        """Let go of derived arrays that are now read from elsewhere."""
        with self._making:
            for key in keys:
                self._made.pop(key, None)

    def _make(self, key: ArrayKey, what: str, column: str) -> Array:
        make = _MAKERS.get(what)
        if make is None or key.table not in self._adjacencies:
            raise ColumnNotFound(
                f"there is no array {key.column!r} of {key.table!r}", column=key.column
            )
        return make(self, self._adjacencies[key.table], column)

    def ordered(self, rows: AdjacencyRows, what: str, column: str, values: Array) -> Array:
        """Values by entry, in the order of time that other derived arrays are in."""
        key = names.entries_key(rows.relation, rows.direction, what, column)
        cells: Any = self.array(key)
        return in_time_order(rows, cells, values)


Values = Callable[[AdjacencyRows, str], Array]
Maker = Callable[[DerivedShard, AdjacencyRows, str], Array]


def _in_time(cells: str, times: str, values: Values) -> dict[str, Maker]:
    """The makers of an order by a column of times; ``values`` are the edges' or the neighbours'."""
    return {
        cells: lambda shard, rows, time: time_cells(rows, values(rows, time)),
        times: lambda shard, rows, time: shard.ordered(rows, cells, time, values(rows, time)),
    }


def _weighed_in_time(cells: str, times: str, sums: str, values: Values) -> dict[str, Maker]:
    """The makers of an order by a column of times, with the edges' weights."""

    def make_cells(shard: DerivedShard, rows: AdjacencyRows, columns: str) -> Array:
        time, weight = unpaired(columns)
        return time_cells(rows, values(rows, time), checked_weights(rows, weight))

    def make_times(shard: DerivedShard, rows: AdjacencyRows, columns: str) -> Array:
        time, _ = unpaired(columns)
        return shard.ordered(rows, cells, columns, values(rows, time))

    def make_sums(shard: DerivedShard, rows: AdjacencyRows, columns: str) -> Array:
        _, weight = unpaired(columns)
        return weight_sums(rows, shard.ordered(rows, cells, columns, rows.edge_values(weight)))

    return {cells: make_cells, times: make_times, sums: make_sums}


_MAKERS: Mapping[str, Maker] = {
    names.ALIAS: lambda shard, rows, column: alias_table(rows, column),
    names.POSITIVE: lambda shard, rows, column: positive_counts(rows, column),
    names.SHARE: lambda shard, rows, column: row_shares(rows, column),
    names.FAR: lambda shard, rows, column: rows.far_values(column),
    **_in_time(names.EDGE_CELLS, names.EDGE_TIMES, AdjacencyRows.edge_values),
    **_in_time(names.FAR_CELLS, names.FAR_TIMES, AdjacencyRows.far_values),
    **_weighed_in_time(*names.EDGE_WEIGHED, AdjacencyRows.edge_values),
    **_weighed_in_time(*names.FAR_WEIGHED, AdjacencyRows.far_values),
}
