"""Asking every replica how it fares, and what the silence of one says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

from graphray.client.view import ActorHandle
from graphray.status import ReplicaState, ReplicaStatus

_TIMEOUT_S = 2.0


def probe(
    places: Iterable[tuple[int, int]], find_replica: Callable[[int, int], ActorHandle]
) -> Iterator[ReplicaStatus]:
    """Every replica as it answers now, or does not.

    Args:
        places: partition and number of the copy.
        find_replica: the handle of a replica's actor.
    """
    asked = {place: find_replica(*place).describe.remote() for place in places}
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=_TIMEOUT_S)
    for place, reference in asked.items():
        yield _understood(place, reference)


def _understood(place: tuple[int, int], reference: Any) -> ReplicaStatus:
    try:
        node_id, pid, loaded, problem, conflicts = ray.get(reference, timeout=0)
    except GetTimeoutError:
        return ReplicaStatus(*place, "unreachable", reason="did not answer in time")
    except RayError as error:
        return ReplicaStatus(*place, "starting", reason=type(error).__name__)
    state: ReplicaState = "serving" if loaded else "starting"
    return ReplicaStatus(*place, state, node_id, pid, problem, conflicts)
