"""Calls of actors through the connection that this process has to its cluster, and no other.

Ray connects by itself where something is called without a connection, and starts a cluster where it
finds none. A thread that is left over when its process has disconnected must not do that.
"""

from __future__ import annotations

from typing import Any

import ray

from graphray.client.view import ActorHandle
from graphray.errors import ConnectionEnded

_OF_ANOTHER_CLUSTER = "Can't find actor"  # Ray has no class for that error.


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
    try:
        return call.remote(*arguments)
    except Exception as error:
        if _OF_ANOTHER_CLUSTER not in str(error):
            raise
        raise ConnectionEnded(
            "the graph was connected to through a connection to Ray that has ended; connect to it "
            "anew, with graphray.connect(...)"
        ) from error
