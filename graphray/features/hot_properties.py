"""Properties of nodes as hot rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphray.errors import ArgumentError
from graphray.features.caching import CALL_BYTES, Heat, Ints
from graphray.reading.access import PartitionAccess
from graphray.reading.hot_rows import OWN_BYTES_MAX, HotContent, RowsOf
from graphray.reading.row_reading import TableRows, join, read_rows
from graphray.shard import ArrayKey, ShardArray, nodes_table

_SAMPLED_ROWS = 1000


@dataclass(frozen=True)
class HotProperties:
    """A source (see `graphray.features.caching.HotSource`).

    Attributes:
        node_type: whose properties.
        columns: which of them.
    """

    node_type: str
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.columns:
            raise ArgumentError("columns is empty; name those to cache")

    @property
    def of(self) -> RowsOf:
        """The node type's properties."""
        return RowsOf(self.node_type)

    def fetcher(self, access: PartitionAccess) -> PropertyFetcher:
        """Reads them."""
        return PropertyFetcher(access, self)


class PropertyFetcher:
    """Rows of the partitions that are not mapped here (see `graphray.features.caching`)."""

    def __init__(self, access: PartitionAccess, source: HotProperties) -> None:
        self._access = access
        self._columns = source.columns
        self._table = nodes_table(source.node_type)
        self._offsets = access.book.node_offsets[source.node_type]
        self._mapped = access.mapped([ArrayKey(self._table, name) for name in source.columns])
        self.parts = tuple(
            part
            for part, arrays in enumerate(self._mapped)
            if arrays is None and self._offsets[part] < self._offsets[part + 1]
        )
        self._row_bytes = self._measure() if self.parts else 0.0

    def count_max(self, budget_bytes: int) -> int:
        """As many rows as the budget has room for."""
        return int(budget_bytes / (OWN_BYTES_MAX + self._row_bytes))

    def fetch(self, gids: Ints, heat: Heat, budget_bytes: int) -> HotContent:
        """All of these rows, a bounded amount a call."""
        step = max(1, int(CALL_BYTES / max(1.0, self._row_bytes)))
        pieces = [self._read(gids[at : at + step]) for at in range(0, max(1, len(gids)), step)]
        columns = {name: join([piece[name] for piece in pieces]) for name in self._columns}
        return HotContent(gids, heat, columns)

    def _read(self, gids: Ints) -> dict[str, ShardArray]:
        rows = TableRows(self._table, self._offsets, gids)
        return read_rows(rows, self._columns, self._mapped, None, self._access.call_all).columns

    def _measure(self) -> float:
        """What a row takes, on average over some of them."""
        gids = np.concatenate(
            [
                np.linspace(start, stop - 1, _SAMPLED_ROWS // len(self.parts) + 1, dtype=np.int64)
                for start, stop in ((self._offsets[p], self._offsets[p + 1]) for p in self.parts)
            ]
        )
        return sum(column.nbytes for column in self._read(gids).values()) / len(gids)
