"""Calls of actors through the connection that this process has to its cluster, and no other.

Ray connects by itself where something is called without a connection, and starts a cluster where it
finds none. A thread that is left over when its process has disconnected must not do that.
"""

from __future__ import annotations

from typing import Any

import ray

from graphray import tracing
from graphray.client.view import ActorHandle
from graphray.errors import ConnectionEnded

_OF_ANOTHER_CLUSTER = "Can't find actor"  # Ray has no class for that error.

_places: dict[str, dict[str, str | int]] = {}


def require_connection() -> None:
    """Raise ConnectionEnded where this process has disconnected from Ray."""
    if not ray.is_initialized():
        raise ConnectionEnded(
            "this process has disconnected from its cluster (ray.shutdown); connect to Ray and "
            "then to the graph anew, with graphray.connect(...)"
        )


def submit(handle: ActorHandle, method: str, *arguments: Any, num_returns: int = 1) -> Any:
    """Call a method of an actor; returns the reference to its answer, a list where it has several.

    Raises:
        ConnectionEnded: where this process has disconnected since it got the handle.
    """
    require_connection()
    call = getattr(handle, method)
    if num_returns > 1:
        call = call.options(num_returns=num_returns)
    traced = tracing.begin_call(method, **_places.get(_id(handle), {})) if tracing.is_on() else None
    try:
        if traced is None:
            return call.remote(*arguments)
        return _followed(call.remote(*arguments, traceparent=traced.traceparent), traced)
    except Exception as error:
        if traced is not None:
            traced.end(error)
        if _OF_ANOTHER_CLUSTER not in str(error):
            raise
        raise ConnectionEnded(
            "the graph was connected to through a connection to Ray that has ended; connect to it "
            "anew, with graphray.connect(...)"
        ) from error


def name_replicas(graph: str, handles: list[list[ActorHandle]]) -> None:
    """Say which actors serve what, so that the spans of their calls do, too.

    Args:
        graph: its name.
        handles: per partition, the handles of its replicas.
    """
    if tracing.is_on():
        for part, replicas in enumerate(handles):
            for replica, handle in enumerate(replicas):
                _places[_id(handle)] = {"graph": graph, "part": part, "replica": replica}


def _id(handle: ActorHandle) -> str:
    return str(handle._actor_id.hex())


def _followed(references: Any, traced: tracing.CallSpan) -> Any:
    """End the span of a call when its last answer is here."""
    last = references[-1] if isinstance(references, list) else references
    last.future().add_done_callback(lambda answer: traced.end(answer.exception()))
    return references
