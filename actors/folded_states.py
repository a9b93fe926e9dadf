"""What a replica serves of a pinned state: its partition with the changes folded in.

The plan of the fold comes from the catalog, which makes it once for all; the changes come from the
partitions themselves: those of this one, and of another where an array is made from what lies there
(a draw by the time of the neighbour, for one).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from graphray.changes.base import BaseVersions
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_plan import FoldPlan
from graphray.changes.folded_shard import FoldedShard
from graphray.client.snapshot_ref import SnapshotRef
from graphray.derived.rows import Sources


class FoldedStates:
    """Pinned states of one partition.

    Args:
        part: the partition.
        versions: the store under the changes.
        plan_of: the plan of a state.
        changes_of: a partition's changes in a state.
    """

    def __init__(
        self,
        part: int,
        versions: BaseVersions,
        plan_of: Callable[[SnapshotRef], FoldPlan],
        changes_of: Callable[[SnapshotRef, int], PartitionDelta],
    ) -> None:
        self._part = part
        self._versions = versions
        self._plan_of = plan_of
        self._changes_of = changes_of

    def sources(self, at: SnapshotRef) -> Sources:
        """What a state's arrays are made from.

        Raises:
            SnapshotGone: where the state is not pinned any more.
        """
        plan = self._plan_of(at)

        @functools.cache
        def shard_of(part: int) -> FoldedShard:
            return FoldedShard(self._versions, self._changes_of(at, part), plan)

        return Sources(self._part, self._versions.schema, plan.book, shard_of)
