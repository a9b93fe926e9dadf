"""The one way to talk to actors: by handle, with a deadline, over to the next replica on failure.

Everything asked here only reads, or is idempotent, so that asking twice is safe.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Mapping
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
from graphray.client.pieces import joined, pieces_for
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.view import ActorHandle
from graphray.config import CallPolicy
from graphray.errors import (
    ClusterError,
    GraphRayError,
    PartitionUnavailable,
    ReplicaHeldBack,
    StoreError,
)
from graphray.reading.operations import BulkyRequest, Request

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
                    f"({_brief(error)}); look at the cluster with 'ray status'"
                ) from error
            _pause(policy.backoff_s)


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


class ReplicaSets:
    """The replicas of every partition, and which of them to ask first.

    Args:
        handles: per partition, the handles of its replicas.
        policy: how long to wait.
        refresh: asks the catalog for the handles anew.
        at: the state of the graph that requests are about.
    """

    def __init__(
        self,
        handles: list[list[ActorHandle]],
        policy: CallPolicy,
        refresh: Callable[[], list[list[ActorHandle]]],
        at: SnapshotRef,
    ) -> None:
        self._handles = handles
        self._policy = policy
        self._refresh = refresh
        self._at = at
        # Processes start at different replicas, so that many clients spread over all of them.
        self._preferred = [(os.getpid() + part) % len(h) for part, h in enumerate(handles)]

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        """Run one request at each of several partitions at once.

        Raises:
            PartitionUnavailable: where no replica answered before the deadline.
            GraphRayError: what a request itself raised.
        """
        deadline = time.monotonic() + self._policy.deadline_s
        answers: dict[int, Any] = {}
        failures: dict[int, dict[int, str]] = {part: {} for part in requests}
        for attempt in itertools.count():
            open_parts = [part for part in requests if part not in answers]
            if not open_parts:
                return answers
            asked = {part: self._send(part, requests[part]) for part in open_parts}
            for part, (replica, reference) in asked.items():
                remaining_s = deadline - time.monotonic()
                try:
                    answers[part] = _answer(reference, min(self._policy.try_timeout_s, remaining_s))
                except (*LOST, StoreError, ReplicaHeldBack) as error:
                    failures[part][replica] = _brief(error)
                    self._prefer_another(part, replica)
            self._before_retry(attempt, deadline, answers, failures)
        raise AssertionError("unreachable")

    def _send(self, part: int, request: Request[Any]) -> tuple[int, Any]:
        replica = self._preferred[part]
        handle = self._handles[part][replica]
        pieces = pieces_for(request.answer_bytes()) if isinstance(request, BulkyRequest) else 1
        if pieces == 1:
            return replica, submit(handle, "call", request, self._at)
        arguments = (request, pieces, self._at)
        return replica, submit(handle, "call_in_pieces", *arguments, num_returns=pieces)

    def _prefer_another(self, part: int, failed: int) -> None:
        if self._preferred[part] == failed:
            self._preferred[part] = (failed + 1) % len(self._handles[part])

    def _before_retry(
        self,
        attempt: int,
        deadline: float,
        answers: Mapping[int, Any],
        failures: Mapping[int, Mapping[int, str]],
    ) -> None:
        """Give up past the deadline; pause and look for new replicas once all have failed."""
        open_parts = [part for part in failures if part not in answers]
        if not open_parts:
            return
        if time.monotonic() + self._policy.backoff_s >= deadline:
            raise _unavailable(open_parts[0], failures[open_parts[0]], self._policy.deadline_s)
        if any(len(failures[part]) >= len(self._handles[part]) for part in open_parts):
            _pause(self._policy.backoff_s * min(2**attempt, 10))
            self._handles = self._refresh()


def _answer(reference: Any, timeout_s: float) -> Any:
    """The answer to a request, whether it comes whole or in pieces."""
    found = fetch(reference, timeout_s)
    return joined(found) if isinstance(reference, list) else found


def _unavailable(part: int, failures: Mapping[int, str], deadline_s: float) -> PartitionUnavailable:
    story = "; ".join(f"replica {replica}: {why}" for replica, why in sorted(failures.items()))
    return PartitionUnavailable(
        f"no replica of partition {part} answered within {deadline_s:g} s ({story}); "
        "see 'graphray status', and launch with more replicas to survive such a loss",
        part=part,
        replicas=dict(failures),
    )


def _brief(error: BaseException) -> str:
    """The kind of an error and its first line: Ray's messages run over many."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
