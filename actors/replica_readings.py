"""What a replica is like at the moment, for its metrics: asked at every export, counted nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import psutil

from actors.standing import Standing
from graphray.metrics import (
    CONFLICTS,
    LOG_LAG_ENTRIES,
    LOG_POSITION,
    PENDING_BYTES,
    PINNED_SNAPSHOTS,
    REPLICA_LOADED,
    REPLICA_MEMORY_BYTES,
    REPLICA_ROLE,
    REPLICA_TERM,
    UNCOMMITTED_ENTRIES,
)
from graphray.tally import LabelValues, Reading


def process_readings(place: LabelValues, is_loaded: bool) -> Iterable[Reading]:
    """Whether it has loaded, and its memory.

    Args:
        place: the graph, the partition and the number of the copy.
        is_loaded: whether it has.
    """
    yield Reading(REPLICA_LOADED, place, int(is_loaded))
    yield Reading(REPLICA_MEMORY_BYTES, place, own_memory_bytes())


def own_memory_bytes() -> int:
    """What this process has in memory and shares with nobody: mapped arrays are left out."""
    memory = psutil.Process(os.getpid()).memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))


class LogReadings:
    """Where a replica stands in its partition's log; nothing where it takes no part in changes.

    Args:
        place: the graph, the partition and the number of the copy.
        look: asks the replica; raises ClusterError where it cannot say.
    """

    def __init__(self, place: LabelValues, look: Callable[[], Standing | None]) -> None:
        self._place = place
        self._look = look
        self._roles: set[str] = set()

    def readings(self) -> Iterable[Reading]:
        """What is at this moment."""
        standing, place = self._look(), self._place
        if standing is None:
            return
        yield Reading(REPLICA_TERM, place, standing.term)
        # Ray goes on showing a value that is not set any more for a while.
        self._roles.add(standing.role)
        for role in sorted(self._roles):
            yield Reading(REPLICA_ROLE, (*place, role), int(role == standing.role))
        if standing.applied_lsn is None:
            yield Reading(CONFLICTS, place, standing.conflicts)
            return
        yield Reading(LOG_POSITION, place, standing.applied_lsn)
        yield Reading(UNCOMMITTED_ENTRIES, place, standing.uncommitted)
        yield Reading(PENDING_BYTES, place, standing.pending_bytes)
        yield Reading(PINNED_SNAPSHOTS, place, standing.pins)
        graph, part, _ = place
        for replica, lag in standing.lags.items():
            yield Reading(LOG_LAG_ENTRIES, (graph, part, str(replica)), lag)
