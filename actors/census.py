"""The catalog's count of its replicas and terms, for its metrics: taken now and then on a thread.

Every replica is asked each time, so the count is taken less often than metrics are exported; what
is exported in between is the last one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import get_args

from ray.exceptions import RayError

from graphray.client.view import GraphSpec
from graphray.errors import GraphRayError
from graphray.metrics import (
    CACHED_BYTES,
    NEIGHBOR_CACHED_BYTES,
    REPLICA_STATE,
    REPLICAS_SERVING,
    REPLICAS_WANTED,
    TERM,
)
from graphray.replication.configuration import Configuration
from graphray.status import GraphStatus, ReplicaState
from graphray.tally import Reading, watch

COUNT_EVERY_S = 5.0

SHARE_MAX = 0.05
"""Of the time at most, however many replicas there are."""

_STATES = tuple(state for state in get_args(ReplicaState) if state != "in-process")


class Census:
    """Counts until the process ends.

    Args:
        spec: the graph.
        status: asks all replicas.
        configurations: the newest of every partition; none where there are no changes.
    """

    def __init__(
        self,
        spec: GraphSpec,
        status: Callable[[], GraphStatus],
        configurations: Callable[[], tuple[Configuration, ...]],
    ) -> None:
        self._spec = spec
        self._status = status
        self._configurations = configurations
        self._last: tuple[Reading, ...] = ()
        watch("census", lambda: self._last)
        threading.Thread(target=self._run, name="census", daemon=True).start()

    def _run(self) -> None:
        pause, pause_s = threading.Event(), COUNT_EVERY_S
        while not pause.wait(pause_s):
            started = time.monotonic()
            self._last = self._counted()
            pause_s = max(COUNT_EVERY_S, (time.monotonic() - started) / SHARE_MAX)

    def _counted(self) -> tuple[Reading, ...]:
        try:
            status = status_readings(self._status(), self._spec.options.replicas)
            return (*status, *term_readings(self._spec.name, self._configurations()))
        except (GraphRayError, RayError, ValueError, OSError):
            # Some replica has not been made yet, or the store cannot be read now: what was counted
            # last would say that all is as it was.
            return ()


def status_readings(status: GraphStatus, wanted: int) -> Iterable[Reading]:
    """What a status says.

    Args:
        status: of the graph.
        wanted: replicas of each partition.
    """
    for part, serving in enumerate(status.serving):
        yield Reading(REPLICAS_WANTED, (status.name, str(part)), wanted)
        yield Reading(REPLICAS_SERVING, (status.name, str(part)), serving)
    for one in status.replicas:
        place = (status.name, str(one.part), str(one.replica))
        # A state that is not set to 0 would be shown beside its successor for a while.
        for state in _STATES:
            yield Reading(REPLICA_STATE, (*place, state), int(state == one.state))
    for cache in status.caches:
        if cache.adjacency:
            metric, read = NEIGHBOR_CACHED_BYTES, cache.adjacency
        else:
            metric, read = CACHED_BYTES, cache.node_type
        yield Reading(metric, (status.name, cache.node_id, read), cache.size_bytes)


def term_readings(graph: str, configurations: Iterable[Configuration]) -> Iterable[Reading]:
    """The term of every partition that has had one."""
    for configuration in configurations:
        yield Reading(TERM, (graph, configuration.partition), configuration.term)
