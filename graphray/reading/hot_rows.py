"""Hot rows: copies of the rows that a node reads most often of partitions it does not hold.

A value that travels through the object store, so that all processes of a node map one copy. It
belongs to one snapshot, in which rows never change: what it holds equals what the owners would say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.kernels.take_rows import slot_table
from graphray.reading.operations import take
from graphray.shard import ShardArray
from graphray.status import CacheStatus

Ints = npt.NDArray[np.int64]


OWN_BYTES_MAX = 8 + 4 + 4 * 4
"""What a row takes beside its properties, at most: global id, heat, up to four slots."""


@dataclass(frozen=True)
class HotRows:
    """Some rows of one node type's properties.

    Attributes:
        snapshot_id: the state of the graph that they were read from.
        node_type: whose.
        by: how they were chosen, in words.
        recipe: all that decides which rows these are; equal for sets made alike, empty where no
            other set can be.
        gids: ``int64[n]``, global ids, the hottest first.
        heat: ``float32[n]``, what they were chosen by, falling.
        columns: per property its rows, aligned with ``gids``.
        slots: the `graphray.kernels.take_rows.slot_table` of ``gids``.
    """

    snapshot_id: str
    node_type: str
    by: str
    recipe: str
    gids: Ints
    heat: npt.NDArray[np.float32]
    columns: Mapping[str, ShardArray]
    slots: npt.NDArray[np.int32]

    @classmethod
    def of(
        cls,
        snapshot_id: str,
        node_type: str,
        by: str,
        recipe: str,
        gids: Ints,
        heat: npt.NDArray[np.float32],
        columns: Mapping[str, ShardArray],
    ) -> HotRows:
        """Hot rows with the table that finds them."""
        return cls(snapshot_id, node_type, by, recipe, gids, heat, columns, slot_table(gids))

    def __len__(self) -> int:
        return len(self.gids)

    @property
    def size_bytes(self) -> int:
        """What they take in the object store, the table included."""
        own = self.gids.nbytes + self.heat.nbytes + self.slots.nbytes
        return own + sum(column.nbytes for column in self.columns.values())

    def status(self, node_id: str) -> CacheStatus:
        """What these are, on a node, before any read."""
        return CacheStatus(
            node_id, self.node_type, tuple(self.columns), len(self), self.size_bytes, self.by
        )

    def first(self, count: int) -> HotRows:
        """The hottest of them."""
        columns = {name: take(column, np.arange(count)) for name, column in self.columns.items()}
        return HotRows.of(
            self.snapshot_id,
            self.node_type,
            self.by,
            self.recipe,
            self.gids[:count],
            self.heat[:count],
            columns,
        )

    def held(self, columns: Sequence[str]) -> list[str]:
        """Those of some columns that are here."""
        return [column for column in columns if column in self.columns]
