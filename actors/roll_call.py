"""Asking all replicas for a sign of life: one round of calls, one wait for all of them.

A replica that does not answer has one call under way, and another only after a while: what piles up
at a process that hangs would be worked off when it goes on. How long an answer took is known to
within a factor of two, since a wait ends at times that double; that is enough to tell slow from
quick, and costs some ten waits per round for any number of replicas.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayActorError, RayError

from actors.cluster_state import has_no_process
from graphray.client.connection import submit
from graphray.client.view import ActorHandle
from graphray.health import Beat, Place

_FIRST_WAIT_S = 0.01
_AGAIN_AFTER_ROUNDS = 10
# While a graph is launched, most replicas are not made yet, and each look costs a call of Ray's.
_MISSES_PER_ROUND = 20

FindReplica = Callable[[int, int], ActorHandle]


@dataclass(frozen=True)
class Answer:
    """What came of one call.

    Attributes:
        place: the replica that was asked.
        at_s: when that was known (monotonic).
        latency_s: how long it took.
        beat: what it said; None where its process has ended.
    """

    place: Place
    at_s: float
    latency_s: float
    beat: Beat | None


class RollCall:
    """The calls that are under way.

    Args:
        find_replica: the handle of a replica's actor; raises ValueError where it was not made.
        every_s: how long a round lasts at most.
    """

    def __init__(self, find_replica: FindReplica, every_s: float) -> None:
        self._find_replica = find_replica
        self._every_s = every_s
        self._handles: dict[Place, ActorHandle] = {}
        self._under_way: dict[Any, tuple[Place, float]] = {}
        self._ended: set[Place] = set()

    def ask(self, places: Iterable[Place]) -> list[Answer]:
        """One round: ask, and wait until all have answered, or the round is over."""
        self._send(places)
        return list(self._collect())

    def _send(self, places: Iterable[Place]) -> None:
        now_s = time.monotonic()
        again_s = _AGAIN_AFTER_ROUNDS * self._every_s
        late = {ref: call for ref, call in self._under_way.items() if now_s - call[1] < again_s}
        self._under_way = late
        is_asked = {place for place, _ in late.values()}
        misses = 0
        for place in places:
            if place not in is_asked and misses < _MISSES_PER_ROUND:
                misses += not self._send_to(place, now_s)

    def _send_to(self, place: Place, now_s: float) -> bool:
        """Call a replica; False where its actor was not made yet, or is gone for good."""
        try:
            if place not in self._handles:
                self._handles[place] = self._find_replica(*place)
            call = submit(self._handles[place], "heartbeat")
        except (ValueError, RayError):
            self._handles.pop(place, None)
            return False
        self._under_way[call] = place, now_s
        return True

    def _collect(self) -> Iterator[Answer]:
        deadline = time.monotonic() + self._every_s
        wait_s = _FIRST_WAIT_S
        while self._under_way and (left_s := deadline - time.monotonic()) > 0:
            calls = list(self._under_way)
            ready, _ = ray.wait(calls, num_returns=len(calls), timeout=min(wait_s, left_s))
            now_s = time.monotonic()
            for call, found in zip(ready, _get_all(ready), strict=True):
                place, sent_s = self._under_way.pop(call)
                beat = self._understood(place, found)
                if beat is not None or place in self._ended:
                    yield Answer(place, now_s, now_s - sent_s, beat)
            wait_s *= 2

    def _understood(self, place: Place, found: Beat | RayError) -> Beat | None:
        """What a replica said; where it has ended, that is noted."""
        if not isinstance(found, RayError):
            self._ended.discard(place)
            return found
        if isinstance(found, ActorDiedError):
            self._ended.add(place)
            self._handles.pop(place, None)  # Another actor may have been made under its name.
        elif isinstance(found, RayActorError) and self._has_ended(place):
            self._ended.add(place)
        return None

    def _has_ended(self, place: Place) -> bool:
        """Ask Ray, unless that has been done: a node may take hundreds of replicas with it."""
        handle = self._handles.get(place)
        return place in self._ended or (handle is not None and has_no_process(handle))


def _get_all(calls: list[Any]) -> list[Beat | RayError]:
    """The answers, at once where all are well."""
    try:
        return list(ray.get(calls))
    except RayError:
        return [_get(call) for call in calls]


def _get(call: Any) -> Beat | RayError:
    try:
        found: Beat = ray.get(call)
    except RayError as error:
        return error
    return found
