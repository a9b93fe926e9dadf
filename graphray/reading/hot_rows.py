"""Hot rows: copies of the rows that a node reads most often of partitions it does not hold.

A value that travels through the object store, so that all processes of a node map one copy. It
belongs to one snapshot, in which rows never change: what it holds equals what the owners would say.

Rows are of a node type's properties, or of an adjacency: then they have *entries*, the neighbours
and whatever else draws read of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.take_rows import slot_table
from graphray.reading.operations import take
from graphray.schema import Direction, Relation
from graphray.shard import RESERVED_PREFIX, ArrayKey, ShardArray
from graphray.status import CacheStatus

Ints = npt.NDArray[np.int64]


OWN_BYTES_MAX = 8 + 4 + 4 * 4
"""What a row takes beside what is read of it, at most: global id, heat, up to four slots."""


class RowsOf(NamedTuple):
    """What rows are of; a node keeps one set for each.

    Attributes:
        node_type: whose rows.
        adjacency: in words, the adjacency that they are; empty for the nodes' properties.
    """

    node_type: str
    adjacency: str = ""

    @classmethod
    def neighbors(cls, relation: Relation, direction: Direction) -> RowsOf:
        """The rows of a stored adjacency.

        >>> RowsOf.neighbors(Relation("author", "writes", "paper"), "in")
        RowsOf(node_type='paper', adjacency='author-writes-paper in')
        """
        return cls(relation.near_type(direction), f"{relation} {direction}")


@dataclass(frozen=True)
class HotEntries:
    """The entries of some adjacency rows, end to end.

    Attributes:
        first: ``int64[n]``, the edge position of each row's first entry.
        starts: ``int64[n + 1]``; row i's entries are ``starts[i] : starts[i + 1]`` of the values.
        values: by array, a value for each entry.
    """

    first: Ints
    starts: Ints
    values: Mapping[ArrayKey, npt.NDArray[Any]]

    @property
    def size_bytes(self) -> int:
        """What they take."""
        values = sum(array.nbytes for array in self.values.values())
        return self.first.nbytes + self.starts.nbytes + values

    def of_first(self, count: int) -> HotEntries:
        """The entries of the first rows."""
        total = self.starts[count]
        values = {key: array[:total] for key, array in self.values.items()}
        return HotEntries(self.first[:count], self.starts[: count + 1], values)


class HotContent(NamedTuple):
    """Chosen rows, and what was fetched of them.

    Attributes:
        gids: ``int64[n]``, global ids, the hottest first.
        heat: ``float32[n]``, what they were chosen by, falling.
        columns: per column a value for each row.
        entries: of rows that have any.
    """

    gids: Ints
    heat: npt.NDArray[np.float32]
    columns: Mapping[str, ShardArray]
    entries: HotEntries | None = None

    def first(self, count: int) -> HotContent:
        """The hottest of them."""
        columns = {name: take(column, np.arange(count)) for name, column in self.columns.items()}
        entries = None if self.entries is None else self.entries.of_first(count)
        return HotContent(self.gids[:count], self.heat[:count], columns, entries)


@dataclass(frozen=True)
class HotRows:
    """Some rows of one node type.

    Attributes:
        snapshot_id: the state of the graph that they were read from.
        of: what they are rows of.
        by: how they were chosen, in words.
        recipe: all that decides which rows these are; equal for sets made alike, empty where no
            other set can be.
        content: the rows.
        slots: the `graphray.kernels.take_rows.slot_table` of their global ids.
    """

    snapshot_id: str
    of: RowsOf
    by: str
    recipe: str
    content: HotContent
    slots: npt.NDArray[np.int32]

    @classmethod
    def made(
        cls, snapshot_id: str, of: RowsOf, by: str, recipe: str, content: HotContent
    ) -> HotRows:
        """Hot rows with the table that finds them."""
        return cls(snapshot_id, of, by, recipe, content, slot_table(content.gids))

    def __len__(self) -> int:
        return len(self.gids)

    @property
    def gids(self) -> Ints:
        """``int64[n]``, global ids, the hottest first."""
        return self.content.gids

    @property
    def heat(self) -> npt.NDArray[np.float32]:
        """``float32[n]``, what they were chosen by, falling."""
        return self.content.heat

    @property
    def columns(self) -> Mapping[str, ShardArray]:
        """Per column its values, aligned with ``gids``."""
        return self.content.columns

    @property
    def size_bytes(self) -> int:
        """What they take in the object store, the table included."""
        own = self.gids.nbytes + self.heat.nbytes + self.slots.nbytes
        entries = self.content.entries
        own += 0 if entries is None else entries.size_bytes
        return own + sum(column.nbytes for column in self.columns.values())

    def status(self, node_id: str) -> CacheStatus:
        """What these are, on a node, before any read."""
        entries = self.content.entries
        names = self.columns if entries is None else [key.column for key in entries.values]
        return CacheStatus(
            node_id,
            self.of.node_type,
            tuple(name.removeprefix(RESERVED_PREFIX) for name in names),
            len(self),
            self.size_bytes,
            self.by,
            adjacency=self.of.adjacency,
        )

    def first(self, count: int) -> HotRows:
        """The hottest of them."""
        content = self.content.first(count)
        return HotRows.made(self.snapshot_id, self.of, self.by, self.recipe, content)

    def held(self, columns: Sequence[str]) -> list[str]:
        """Those of some columns that are here."""
        return [column for column in columns if column in self.columns]
