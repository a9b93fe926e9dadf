"""What the folded tables of one partition are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import PartitionBook
from graphray.changes.base import BaseVersions
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_columns import ColumnUpdates, Fold, fold_column
from graphray.changes.fold_plan import FoldPlan
from graphray.errors import ColumnNotFound
from graphray.schema import GraphSchema
from graphray.shard import ArrayKey, Shard, ShardArray, as_shard_array


@dataclass(frozen=True, eq=False)
class FoldSources:
    """One partition of the base version, its changes, and how all partitions are renumbered.

    Attributes:
        base: the base version.
        delta: the partition's changes.
        plan: made from all partitions' changes.
    """

    base: BaseVersions
    delta: PartitionDelta
    plan: FoldPlan

    @property
    def part(self) -> int:
        """The partition."""
        return self.delta.part

    @property
    def schema(self) -> GraphSchema:
        """The graph's schema."""
        return self.base.schema

    @property
    def book(self) -> PartitionBook:
        """The book of the base version."""
        return self.plan.base_book

    @cached_property
    def shard(self) -> Shard:
        """The partition's arrays in the base version."""
        return self.shard_of(self.part)

    def shard_of(self, part: int) -> Shard:
        """Any partition's arrays in the base version."""
        return self.base.shard_of(self.plan.base_version, part)

    def numbers(self, table: str, column: str, part: int | None = None) -> npt.NDArray[Any]:
        """An array of numbers of the base version; of this partition where none is named."""
        shard = self.shard if part is None else self.shard_of(part)
        return np.asarray(shard.array(ArrayKey(table, column)))

    def check_kept(self, tag: str, table: str, column: str) -> None:
        """Raise ColumnNotFound where the changes come from a replica without that column.

        Args:
            tag: what replicas call it (`graphray.changes.coverage`).
            table: its table.
            column: its name.
        """
        if self.delta.kept is not None and tag not in self.delta.kept:
            raise ColumnNotFound(
                f"this replica of partition {self.part} does not keep column {column!r} of "
                f"{table!r}; read it at one that does",
                column=column,
            )

    def property_column(
        self,
        key: ArrayKey,
        fold: Fold,
        added: pa.RecordBatch | None,
        updates: ColumnUpdates | None,
    ) -> ShardArray:
        """A folded property column.

        Args:
            key: its name.
            fold: which rows go and come.
            added: the property columns of the rows that come; None where there are none.
            updates: new values of stored rows.
        """
        stored = self.shard.array(key)
        if fold.is_nothing and updates is None:
            return stored
        dtype = self.base.column_type(*key)
        comes = pa.nulls(0, dtype) if added is None else added.column(key.column)
        return as_shard_array(fold_column(fold, _as_arrow(stored, dtype), comes, updates))


def _as_arrow(array: ShardArray, dtype: pa.DataType) -> pa.Array:
    """An array of a shard as Arrow, without copying numbers."""
    if not isinstance(array, np.ndarray):
        return array
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), type=dtype)
