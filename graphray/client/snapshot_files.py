"""A snapshot's arrays as files on this node: the store's own, and those that changes have changed.

A replica on this node folds the changes in and saves what comes out of it; all processes of the
node map the same file. So a loader on a snapshot reads the same kind of memory as one on a version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from graphray.client.local_files import LocalFiles
from graphray.errors import StoreError
from graphray.reading.access import MappedArrays
from graphray.shard import ArrayKey
from graphray.store.array_file import map_array
from graphray.store.place import Place

SavedPaths = Mapping[int, Mapping[ArrayKey, str | None]]
"""Per partition the file that an array was saved to; None where it is the store's own."""


class SnapshotFiles:
    """The files of one snapshot.

    Args:
        base: those of the version under it.
        save: has the replicas of this node save arrays, and says where.
    """

    def __init__(self, base: LocalFiles, save: Callable[[Sequence[ArrayKey]], SavedPaths]) -> None:
        self._base = base
        self._save = save

    def arrays(self, parts: Sequence[int], keys: Sequence[ArrayKey]) -> Mapping[int, MappedArrays]:
        """Those of some arrays of some partitions that can be mapped from files."""
        saved = self._save(keys)
        return {part: self._mapped(part, saved[part]) for part in parts if part in saved}

    def _mapped(self, part: int, saved: Mapping[ArrayKey, str | None]) -> MappedArrays:
        unchanged = [key for key, path in saved.items() if path is None]
        found = dict(self._base.arrays([part], unchanged)[part])
        for key, path in saved.items():
            if path is None:
                continue
            try:
                found[key] = map_array(Place(Path(path).parent), Path(path).name)
            except (StoreError, OSError):
                continue  # Not a disk that this process sees: the replica has the array.
        return found
