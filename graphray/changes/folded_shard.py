"""A partition as it is at one time: the base version with the changes folded in.

To its readers it is a shard like any other: the same `graphray.shard.ArrayKey`, rows in rising
global id, entries in canonical order, global ids of the plan's new `graphray.book.PartitionBook`.
A table is made when it is first asked for, column by column; a column that no change concerns *is*
the base version's, mapped from its file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol

import numpy as np

from graphray.changes.base import BaseVersions
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_edges import FoldedEntries, FoldedRows
from graphray.changes.fold_nodes import FoldedIndex, FoldedNodes
from graphray.changes.fold_plan import FoldPlan
from graphray.changes.fold_sources import FoldSources
from graphray.errors import ColumnNotFound, StoreCorrupt
from graphray.shard import ArrayKey, ShardArray


class FoldedTable(Protocol):
    """One table after the fold."""

    name: str

    def changes(self, column: str) -> bool:
        """Whether a column is another than the base version's."""
        ...

    def column(self, column: str) -> ShardArray:
        """A column as it is after the fold."""
        ...


class FoldedShard:
    """The arrays of one partition after a fold; implements `graphray.shard.Shard`.

    Safe to use from several threads; one of them makes an array while others wait for it.

    Args:
        base: the base version, of every partition: neighbours are numbered where they are owned.
        delta: the partition's changes.
        plan: made from the summaries of all partitions' changes.

    Raises:
        StoreCorrupt: where delta and plan are of different base versions.
    """

    def __init__(self, base: BaseVersions, delta: PartitionDelta, plan: FoldPlan) -> None:
        if delta.base_version != plan.base_version:
            raise StoreCorrupt(
                f"the changes of partition {delta.part} lie over version {delta.base_version}, "
                f"the plan is for version {plan.base_version}",
                part=delta.part,
            )
        self._sources = FoldSources(base, delta, plan)
        tables: list[FoldedTable] = []
        for name in base.schema.node_type_names:
            tables += [FoldedNodes(self._sources, name), FoldedIndex(self._sources, name)]
        for adjacency in base.schema.adjacencies:
            entries = FoldedEntries(self._sources, adjacency)
            tables += [entries, FoldedRows(self._sources, adjacency, entries)]
        self._tables = {table.name: table for table in tables}
        self._made: dict[ArrayKey, ShardArray] = {}
        self._making = threading.Lock()

    @property
    def part(self) -> int:
        """The partition."""
        return self._sources.part

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name (see `graphray.shard.Shard.array`).

        Raises:
            ColumnNotFound: where the shard has no such table or column, or the replica that the
                changes come from does not keep it.
            StoreCorrupt: where the changes are not of this base version.
        """
        table = self._table(key)
        with self._making:
            if key not in self._made:
                if not table.changes(key.column):
                    return self._sources.shard.array(key)
                made = table.column(key.column)
                if isinstance(made, np.ndarray):
                    made.flags.writeable = False
                self._made[key] = made
            return self._made[key]

    def changes(self, key: ArrayKey) -> bool:
        """Whether an array is another than the base version's; raises as `array` does."""
        return self._table(key).changes(key.column)

    def forget(self, keys: Iterable[ArrayKey]) -> None:
        """Let go of arrays that are now read from elsewhere."""
        with self._making:
            for key in keys:
                self._made.pop(key, None)

    def _table(self, key: ArrayKey) -> FoldedTable:
        table = self._tables.get(key.table)
        if table is None:
            raise ColumnNotFound(
                f"partition {self.part} has no table {key.table!r}", table=key.table
            )
        return table
