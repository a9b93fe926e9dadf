"""What a replica serves of a pinned state: its partition with the changes folded in.

The plan of the fold comes from the catalog, which makes it once for all; the changes come from the
partitions themselves: those of this one, and of another where an array is made from what lies there
(a draw by the time of the neighbour, for one).

What is folded is saved to files of this node for the processes on it to map (`FoldedState.save`),
and read from there by the replica itself from then on, so there is one copy of it in memory.
"""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from actors.served_states import ServedState
from graphray.changes.base import BaseVersions
from graphray.changes.delta import PartitionDelta
from graphray.changes.fold_plan import FoldPlan
from graphray.changes.folded_shard import FoldedShard
from graphray.client.snapshot_ref import SnapshotRef
from graphray.derived.names import derived_column
from graphray.derived.rows import Sources
from graphray.errors import ColumnNotFound
from graphray.shard import ArrayKey, ShardArray
from graphray.store.array_file import map_array, save_array
from graphray.store.place import Place


class FoldedState(ServedState):
    """A pinned state of a partition.

    Args:
        sources: what its arrays are made from.
        folded: the partition with its changes.
        folder: where arrays are saved; made at first need.
    """

    def __init__(self, sources: Sources, folded: FoldedShard, folder: Path) -> None:
        super().__init__(sources)
        self._folded = folded
        self._folder = folder
        self._saved: dict[ArrayKey, str] = {}
        self._saving = threading.Lock()

    def share(self, arrays: Mapping[ArrayKey, ShardArray]) -> None:
        """See `ServedState.share`."""
        super().share(arrays)
        self._folded.forget(arrays)

    def save(self, keys: Iterable[ArrayKey]) -> dict[ArrayKey, str | None]:
        """The files of some arrays; None for one that is the version's own, as its store has it.

        An array that does not exist is left out.

        Raises:
            StoreError: where a file cannot be written, such as to a full disk.
        """
        found: dict[ArrayKey, str | None] = {}
        with self._saving:
            for key in keys:
                try:
                    found[key] = self._path(key)
                except ColumnNotFound:
                    continue
        return found

    def remove_files(self) -> None:
        """Remove what was saved; those who have mapped it keep it."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, key: ArrayKey) -> str | None:
        if derived_column(key.column) is None and not self._folded.changes(key):
            return None
        if key not in self._saved:
            place, name = Place(self._folder), f"{len(self._saved):06d}.arrow"
            save_array(place, name, self.view.shard.array(key))
            self.share({key: map_array(place, name)})
            self._saved[key] = place.path(name)
        return self._saved[key]


class FoldedStates:
    """Makes pinned states of one partition.

    Args:
        part: the partition.
        folder: for the files of all states; what an earlier process left there is removed.
        versions: the store under the changes.
        plan_of: the plan of a state.
        changes_of: a partition's changes in a state.
    """

    def __init__(
        self,
        part: int,
        folder: Path,
        versions: BaseVersions,
        plan_of: Callable[[SnapshotRef], FoldPlan],
        changes_of: Callable[[SnapshotRef, int], PartitionDelta],
    ) -> None:
        self._part = part
        self._folder = folder
        self._versions = versions
        self._plan_of = plan_of
        self._changes_of = changes_of
        shutil.rmtree(folder, ignore_errors=True)

    def make(self, at: SnapshotRef) -> FoldedState:
        """A state.

        Raises:
            SnapshotGone: where the state is not pinned any more.
        """
        plan = self._plan_of(at)

        @functools.cache
        def shard_of(part: int) -> FoldedShard:
            return FoldedShard(self._versions, self._changes_of(at, part), plan)

        sources = Sources(self._part, self._versions.schema, plan.book, shard_of)
        return FoldedState(sources, shard_of(self._part), self._folder / at.pin.replace("/", "-"))
