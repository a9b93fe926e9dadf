"""The one way to talk to actors: by handle, with a deadline.

Everything asked here only reads, or is idempotent, so that asking twice is safe. Partitions, which
have several replicas to ask, are asked through `graphray.client.replica_sets`.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    GetTimeoutError,
    ObjectLostError,
    RayActorError,
    RayTaskError,
)

from graphray.client.connection import require_connection, submit
from graphray.client.view import ActorHandle
from graphray.config import CallPolicy
from graphray.errors import ClusterError, GraphRayError

UNREACHABLE = (RayActorError, ActorUnavailableError, ActorDiedError, GetTimeoutError)
"""The actor did not answer; it may or may not have run the call."""

LOST = (ObjectLostError, *UNREACHABLE)
"""An object cannot be had: its owner or its node is gone (OwnerDiedError is an ObjectLostError)."""


def ask(
    handle: ActorHandle, method: str, *arguments: Any, policy: CallPolicy, timeout_s: float = 0.0
) -> Any:
    """Call an actor that Ray restarts when it dies, until it answers or the deadline is past.

    Args:
        handle: the actor.
        method: the name of an idempotent method.
        arguments: its arguments.
        policy: how long to wait.
        timeout_s: for a call that itself takes long: the deadline, where it is the later one.

    Raises:
        ClusterError: past the deadline.
        ConnectionEnded: where this process has disconnected.
        GraphRayError: what the method itself raised.
    """
    # There is nobody else to ask, so a call that is merely slow is not sent a second time.
    deadline_s = max(policy.deadline_s, timeout_s)
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            call = submit(handle, method, *arguments)
            return fetch(call, deadline - time.monotonic())
        except UNREACHABLE as error:
            if deadline - time.monotonic() <= policy.backoff_s:
                raise ClusterError(
                    f"the graph's catalog did not answer {method!r} within {deadline_s:g} s "
                    f"({brief(error)}); look at the cluster with 'ray status'"
                ) from error
            pause(policy.backoff_s)


def fetch(references: Any, timeout_s: float) -> Any:
    """`ray.get` of one reference or a list; an error of ours comes out as itself.

    Waits first and gets then: a thread that waits inside ``ray.get`` for an object of another node
    holds the object store's lock for up to a second, and all other threads of the process with it.
    """
    several = references if isinstance(references, list) else [references]
    timeout_s = max(timeout_s, 0.0)
    started = time.monotonic()
    if not several:
        return []
    require_connection()
    ray.wait(several, num_returns=len(several), timeout=timeout_s)
    remaining_s = max(0.0, timeout_s - (time.monotonic() - started))
    try:
        return ray.get(references, timeout=remaining_s)
    except RayTaskError as error:
        if isinstance(error.cause, GraphRayError):
            raise error.cause from error
        raise


def brief(error: BaseException) -> str:
    """The kind of an error and its first line: Ray's messages run over many."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def pause(seconds: float) -> None:
    """Let this thread rest."""
    threading.Event().wait(seconds)
