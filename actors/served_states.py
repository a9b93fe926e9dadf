"""The states of a partition that a replica serves: published versions, and pinned snapshots.

A state is made when it is first asked for. A version stays, since it costs no more than its mapped
files; a pinned one goes when its snapshot is let go of (`forget`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from actors.shared_shard import SharedShard
from graphray.client.snapshot_ref import SnapshotRef
from graphray.derived.rows import Sources
from graphray.derived.shard import DerivedShard
from graphray.reading.operations import ShardView
from graphray.shard import ArrayKey, ShardArray


class ServedState:
    """One state of a partition, for requests to be run against.

    Args:
        sources: the partition's stored arrays in this state.

    Attributes:
        view: what requests see.
    """

    def __init__(self, sources: Sources) -> None:
        self._derived = DerivedShard(sources)
        self.view = ShardView(sources.part, sources.schema, sources.book, self._derived)

    def share(self, arrays: Mapping[ArrayKey, ShardArray]) -> None:
        """Read some arrays from where others do from now on, and let go of one's own copy."""
        self.view.replace_shard(SharedShard(dict(arrays), self.view.shard))
        self._derived.forget(arrays)


class ServedStates:
    """The states that have been asked for so far.

    Args:
        make: makes a state; called once for each.
    """

    def __init__(self, make: Callable[[SnapshotRef], ServedState]) -> None:
        self._make = make
        self._states: dict[SnapshotRef, ServedState] = {}
        self._making: dict[SnapshotRef, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, at: SnapshotRef) -> ServedState:
        """A state; raises what making it raises, and is made again when asked for again."""
        with self._lock:
            found = self._states.get(at)
            making = self._making.setdefault(at, threading.Lock())
        if found is not None:
            return found
        # One snapshot may take long to fold; others are served meanwhile.
        with making:
            if at not in self._states:
                self._states[at] = self._make(at)
            return self._states[at]

    def forget(self, at: SnapshotRef) -> ServedState | None:
        """Let go of a state that nobody will ask for any more, and return it if it was there."""
        with self._lock:
            self._making.pop(at, None)
            return self._states.pop(at, None)

    def pinned(self) -> list[SnapshotRef]:
        """The pinned states that are there."""
        return [at for at in list(self._states) if not at.is_published]
