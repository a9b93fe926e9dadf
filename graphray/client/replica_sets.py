"""Requests to partitions, each answered by whichever of its replicas can.

::

    send to the preferred replica
        answered in time ------------------------------------------> done
        late, for a call of this kind: send to another one too ----> the first answer counts
        failed or refused: send to another one at once ------------> done
        all failed: pause, ask the catalog who the replicas are, and begin again
        all refused: come back when the first of them said to, and begin again

Everything asked here only reads, or is idempotent, so that asking twice is safe. The answer that
comes second is dropped: nothing refers to it any more, so that Ray lets go of it when it arrives.
It is not cancelled, since Ray cannot take back a call that a thread of the actor has begun.

A late call is one that 95 of 100 calls of its kind were quicker than, which costs nothing until it
happens: whoever waits for an answer waits until then first (see `graphray.health.hedging`). Within
how long the answer is needed goes along with each call as a time span: clocks of nodes differ.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ray

from graphray.client.call_terms import TermsOfReader
from graphray.client.connection import require_connection, submit
from graphray.client.pieces import joined, pieces_for
from graphray.client.seen_calls import SeenCalls
from graphray.client.snapshot_ref import SnapshotRef
from graphray.client.transport import LOST, brief, fetch, pause
from graphray.client.view import ActorHandle
from graphray.config import CallPolicy
from graphray.errors import (
    ClusterError,
    Overloaded,
    PartitionUnavailable,
    ReplicaHeldBack,
    StoreError,
)
from graphray.health import HedgeSettings, Preference, Shed
from graphray.metrics import FAILOVERS, HEDGED_CALLS
from graphray.reading.background import is_background
from graphray.reading.operations import BulkyRequest, Request
from graphray.tally import count

_NEVER_S = float("inf")


@dataclass(frozen=True, eq=False)
class _Call:
    """A request that one replica was sent.

    Attributes:
        replica: which one.
        reference: to the answer; a list, where it comes in pieces.
        expires_s: when it is no longer waited for.
    """

    replica: int
    reference: Any
    expires_s: float

    @property
    def watched(self) -> ray.ObjectRef:
        """What is there when the answer is: the pieces come with one reply."""
        reference: ray.ObjectRef = (
            self.reference[0] if isinstance(self.reference, list) else self.reference
        )
        return reference


@dataclass(frozen=True)
class _ReplicaSet:
    """The replicas of one partition, and how they fared; bad news is noted under the lock."""

    handles: list[ActorHandle]
    preference: Preference
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(eq=False)
class _Open:
    """A partition that has not answered yet.

    Attributes:
        part: its number.
        replicas: as they were known when it was asked.
        request: what it is asked.
        answer_bytes: about how large the answer is at most; 0 where that is not known.
        since_s: when it was asked first.
        hedge_at_s: when to ask one more replica.
        calls: that may still be answered, in the order in which they were sent.
        asked: replicas that have been asked.
        has_failed: whether one of them failed.
        retry_after_s: how soon one of those that refused wants to be asked again.
    """

    part: int
    replicas: _ReplicaSet
    request: Request[Any]
    answer_bytes: int
    since_s: float
    hedge_at_s: float = _NEVER_S
    calls: list[_Call] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    has_failed: bool = False
    retry_after_s: float = _NEVER_S

    @property
    def kind(self) -> Hashable:
        """What its latency is compared with."""
        return type(self.request), self.answer_bytes.bit_length()

    @property
    def first_s(self) -> float:
        """When something is to be done even if no answer comes."""
        return min(self.hedge_at_s, *(call.expires_s for call in self.calls))


class ReplicaSets:
    """The replicas of every partition, and which of them to ask first; used by many threads.

    Args:
        handles: per partition, the handles of its replicas.
        policy: how long to wait.
        refresh: asks the catalog for the handles anew.
        at: the state of the graph that requests are about.
        graph: its name, for the metrics.
    """

    def __init__(
        self,
        handles: list[list[ActorHandle]],
        policy: CallPolicy,
        refresh: Callable[[], list[list[ActorHandle]]],
        at: SnapshotRef,
        graph: str = "",
    ) -> None:
        self.policy = policy
        self.graph = graph
        self._refresh = refresh
        self._terms = TermsOfReader(at, policy.try_timeout_s)
        # Processes start at different replicas, so that many clients spread over all of them.
        self._first = os.getpid()
        self._sets = [self._new_set(part, each) for part, each in enumerate(handles)]
        self.seen = SeenCalls(HedgeSettings(share_max=policy.hedge_share))

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        """Run one request at each of several partitions at once.

        Raises:
            Overloaded: where all replicas of a partition refused, until the deadline.
            PartitionUnavailable: where no replica answered before the deadline.
            GraphRayError: what a request itself raised.
        """
        return _Reading(self, requests).answers()

    def replicas(self, part: int) -> _ReplicaSet:
        """The replicas of a partition as they are known now."""
        return self._sets[part]

    def send(self, asked: _Open, replica: int, left_s: float) -> Any:
        """Send a request to one replica; returns the reference, or those of the pieces."""
        handle = asked.replicas.handles[replica]
        terms = self._terms.encoded(left_s, self.policy.background or is_background())
        pieces = pieces_for(asked.answer_bytes)
        if pieces == 1:
            return submit(handle, "call", asked.request, terms)
        return submit(handle, "call_in_pieces", asked.request, pieces, terms, num_returns=pieces)

    def look_again(self) -> None:
        """Ask the catalog who the replicas are."""
        self._sets = [
            replace(known, handles=found)
            if len(found) == len(known.handles)
            else self._new_set(part, found)
            for part, (known, found) in enumerate(zip(self._sets, self._refresh(), strict=True))
        ]

    def _new_set(self, part: int, handles: list[ActorHandle]) -> _ReplicaSet:
        return _ReplicaSet(handles, Preference(len(handles), self._first + part))


class _Reading:
    """One request at each of several partitions, until all are answered."""

    def __init__(self, sets: ReplicaSets, requests: Mapping[int, Request[Any]]) -> None:
        self._sets = sets
        self._requests = requests
        self._deadline_s = time.monotonic() + sets.policy.deadline_s
        self._answers: dict[int, Any] = {}
        self._stories: dict[int, dict[int, str]] = {part: {} for part in requests}

    def answers(self) -> dict[int, Any]:
        """See `ReplicaSets.call_all`."""
        for attempt in itertools.count():
            asked = [self._ask(part) for part in self._requests if part not in self._answers]
            # One after the other, which is all there is to do while all is well.
            late = [each for each in asked if not self._is_in_time(each)]
            while late := [each for each in late if each.calls]:
                self._next_answer(late)
            open_parts = [each for each in asked if each.part not in self._answers]
            if not open_parts:
                return self._answers
            self._before_retry(open_parts, attempt)
        raise AssertionError("unreachable")

    # --- sending ----------------------------------------------------------------------------------

    def _ask(self, part: int) -> _Open:
        request = self._requests[part]
        answer_bytes = request.answer_bytes() if isinstance(request, BulkyRequest) else 0
        asked = _Open(part, self._sets.replicas(part), request, answer_bytes, time.monotonic())
        self._send(asked, asked.since_s)
        return asked

    def _send(self, asked: _Open, now_s: float) -> None:
        """Ask the next replica of a partition, where there is one left."""
        replica = asked.replicas.preference.choose(now_s, asked.asked)
        if replica is None:
            return
        left_s = min(self._sets.policy.try_timeout_s, self._deadline_s - now_s)
        reference = self._sets.send(asked, replica, left_s)
        asked.asked.add(replica)
        asked.calls.append(_Call(replica, reference, now_s + left_s))
        asked.hedge_at_s = _NEVER_S
        is_left = len(asked.asked) < len(asked.replicas.handles)
        if is_left and self._sets.policy.hedge_share:
            asked.hedge_at_s = now_s + self._sets.seen.delay_s(asked.kind)

    # --- waiting ----------------------------------------------------------------------------------

    def _is_in_time(self, asked: _Open) -> bool:
        """Wait for the first answer, until it is time to ask another replica."""
        (call,) = asked.calls
        if _answered([call], asked.first_s):
            self._settle(asked, call)
        return not asked.calls

    def _next_answer(self, late: Sequence[_Open]) -> None:
        """Do what is due, then wait for one more answer."""
        now_s = time.monotonic()
        for asked in late:
            self._give_up_on(asked, now_s)
            if asked.calls and asked.hedge_at_s <= now_s:
                self._hedge(asked, now_s)
        waiting = {call.watched: (asked, call) for asked in late for call in asked.calls}
        if waiting:
            until_s = min(asked.first_s for asked in late if asked.calls)
            for reference in _answered([call for _, call in waiting.values()], until_s):
                self._settle(*waiting[reference])

    def _hedge(self, asked: _Open, now_s: float) -> None:
        asked.hedge_at_s = _NEVER_S
        if self._sets.seen.may_hedge():
            count(HEDGED_CALLS, (self._sets.graph, str(asked.part)))
            self._send(asked, now_s)

    def _give_up_on(self, asked: _Open, now_s: float) -> None:
        for call in [call for call in asked.calls if call.expires_s <= now_s]:
            self._failed(asked, call, f"no answer within {now_s - asked.since_s:.3g} s")

    # --- answers ----------------------------------------------------------------------------------

    def _settle(self, asked: _Open, call: _Call) -> None:
        """Take what came for a call: an answer, a refusal or an error."""
        try:
            answer = _received(call)
        except (*LOST, StoreError, ReplicaHeldBack) as error:
            self._failed(asked, call, brief(error))
            return
        if isinstance(answer, Shed):
            self._refused(asked, call, answer)
        else:
            self._answers[asked.part] = answer
            self._note_answer(asked, call)
            asked.calls.clear()

    def _note_answer(self, asked: _Open, call: _Call) -> None:
        """Remember who was in time and who was not."""
        now_s = time.monotonic()
        if len(asked.calls) == len(asked.asked):  # No failure was waited for.
            self._sets.seen.note(asked.kind, now_s - asked.since_s, now_s)
        if len(asked.calls) == 1:
            asked.replicas.preference.in_time(call.replica)
        for before in asked.calls[: asked.calls.index(call)]:
            with asked.replicas.lock:
                asked.replicas.preference.late(before.replica, now_s)

    def _failed(self, asked: _Open, call: _Call, why: str) -> None:
        count(FAILOVERS, (self._sets.graph, str(asked.part)))
        now_s = time.monotonic()
        with asked.replicas.lock:
            asked.replicas.preference.failed(call.replica, now_s)
        asked.has_failed = True
        self._ask_another(asked, call, why, now_s)

    def _refused(self, asked: _Open, call: _Call, shed: Shed) -> None:
        now_s = time.monotonic()
        with asked.replicas.lock:
            asked.replicas.preference.refused(call.replica, shed.retry_after_s, now_s)
        asked.retry_after_s = min(asked.retry_after_s, shed.retry_after_s)
        self._ask_another(asked, call, f"refused: {shed.reason}", now_s)

    def _ask_another(self, asked: _Open, call: _Call, why: str, now_s: float) -> None:
        self._stories[asked.part][call.replica] = why
        asked.calls.remove(call)
        if not asked.calls:
            self._send(asked, now_s)

    # --- trying again -----------------------------------------------------------------------------

    def _before_retry(self, asked: Sequence[_Open], attempt: int) -> None:
        """All replicas of some partitions have failed or refused: pause, or raise."""
        policy = self._sets.policy
        left_s = self._deadline_s - time.monotonic()
        # Longer and longer, and yet not past the last moment at which to try once more.
        backoff_s = min(policy.backoff_s * min(2**attempt, 10), left_s - policy.backoff_s)
        backoff_s = max(backoff_s, policy.backoff_s)
        pauses_s = [
            each.retry_after_s if each.retry_after_s < _NEVER_S else backoff_s for each in asked
        ]
        for each, pause_s in zip(asked, pauses_s, strict=True):
            if pause_s >= left_s:
                raise self._unavailable(each)
        pause(max(pauses_s))
        if any(each.has_failed for each in asked):
            self._sets.look_again()

    def _unavailable(self, asked: _Open) -> ClusterError:
        stories = self._stories[asked.part]
        story = "; ".join(f"replica {replica}: {why}" for replica, why in sorted(stories.items()))
        within = f"within {self._sets.policy.deadline_s:g} s ({story})"
        if asked.retry_after_s < _NEVER_S:
            return Overloaded(
                f"all replicas of partition {asked.part} have too much to do, and none answered "
                f"{within}; try again in {asked.retry_after_s:.2g} s, with fewer calls at once or "
                "more replicas",
                retry_after_s=asked.retry_after_s,
                part=asked.part,
                replicas=dict(stories),
            )
        return PartitionUnavailable(
            f"no replica of partition {asked.part} answered {within}; "
            "see 'graphray status', and launch with more replicas to survive such a loss",
            part=asked.part,
            replicas=dict(stories),
        )


def _answered(calls: Sequence[_Call], until_s: float) -> list[ray.ObjectRef]:
    """Wait until one of the calls is answered, or fails; what is watched of those that are."""
    require_connection()
    left_s = max(0.0, until_s - time.monotonic())
    ready, _ = ray.wait([call.watched for call in calls], num_returns=1, timeout=left_s)
    return ready


def _received(call: _Call) -> Any:
    """The answer to a call, whether it comes whole or in pieces."""
    found = fetch(call.reference, call.expires_s - time.monotonic())
    return joined(found) if isinstance(call.reference, list) else found
