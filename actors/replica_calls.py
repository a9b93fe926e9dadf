"""Counts the calls of one replica: how many, how long, how large, and how many wait.

A request (`graphray.reading.operations.Request`) is counted under its own name and not that of the
method that carries it, and goes through a `_CountedRequest`, which knows when it is run: what it
waits before is the queue. One that was never run and raised nothing was refused ("shed").

It is a few microseconds per call, and no lock: see `graphray.tally`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.metrics import (
    CALL_SECONDS,
    CALLS,
    QUEUE_LENGTH,
    QUEUE_SECONDS,
    ROWS,
    SENT_BYTES,
    Metric,
)
from graphray.reading.operations import Request, ShardView, TakeRows, Together
from graphray.tally import LabelValues, Reading, count_series

_CARRIERS = ("call", "call_in_pieces")
_UNCOUNTED = ("receive", "heartbeat", "describe")
_DEPTH_MAX = 4
# A tuple, since to look into a union type takes five times as long.
_ARRAYS = (np.ndarray, pa.Array)

FindSeries = Callable[[Metric, LabelValues], deque[float]]


class ReplicaCalls:
    """The calls of one replica.

    Args:
        place: the graph, the partition and the number of the copy.
        series: finds the queue of a series; by default that of this process.
    """

    def __init__(self, place: LabelValues, series: FindSeries = count_series) -> None:
        self._place = place
        self._series = series
        self._waiting: set[_CountedRequest] = set()
        self._queue_seconds = series(QUEUE_SECONDS, place)
        self._rows = series(ROWS, place)
        self._sent_bytes = series(SENT_BYTES, place)
        self._counts: dict[tuple[str, str], deque[float]] = {}
        self._seconds: dict[str, deque[float]] = {}

    def serve(self, method: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Serve a call, and count it.

        Args:
            method: what is called.
            call: does it.
            arguments: its arguments; of those that carry a request, that comes first.
        """
        if method in _CARRIERS:
            return self._serve_request(call, arguments)
        if method in _UNCOUNTED:
            return call(*arguments)
        started = perf_counter()
        outcome = "error"
        try:
            answer = call(*arguments)
            outcome = "ok"
        finally:
            self._count(method, outcome, perf_counter() - started)
        if sent := answer_bytes(answer):
            self._sent_bytes.append(sent)
        return answer

    def readings(self) -> Iterable[Reading]:
        """What is at this moment."""
        yield Reading(QUEUE_LENGTH, self._place, len(self._waiting))

    def _serve_request(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        request, *others = arguments
        counted = _CountedRequest(request, self._waiting)
        outcome = "error"
        try:
            answer = call(counted, *others)
            outcome = "ok" if counted.started else "shed"
        finally:
            self._waiting.discard(counted)
            if counted.started:
                self._queue_seconds.append(counted.started - counted.arrived)
            taken_up = counted.started or counted.arrived
            self._count(request_name(request), outcome, perf_counter() - taken_up)
        if counted.started:
            self._rows.append(rows_asked(request))
            self._sent_bytes.append(counted.answer_bytes)
        return answer

    def _count(self, method: str, outcome: str, seconds: float) -> None:
        calls = self._counts.get((method, outcome))
        if calls is None:
            calls = self._series(CALLS, (*self._place, method, outcome))
            self._counts[method, outcome] = calls
            self._seconds[method] = self._series(CALL_SECONDS, (*self._place, method))
        calls.append(1)
        self._seconds[method].append(seconds)


class _CountedRequest:
    """A request that notes when it is run and what it answers.

    Attributes:
        arrived, started: seconds; ``started`` is 0 until it is run.
        answer_bytes: about how large its answer was.
    """

    def __init__(self, request: Request[Any], waiting: set[_CountedRequest]) -> None:
        self.arrived, self.started = perf_counter(), 0.0
        self.answer_bytes = 0
        self._request = request
        self._waiting = waiting
        waiting.add(self)

    def run(self, view: ShardView) -> Any:
        """Run the request."""
        self.started = perf_counter()
        self._waiting.discard(self)
        answer = self._request.run(view)
        self.answer_bytes = answer_bytes(answer)
        return answer


def request_name(request: Request[Any]) -> str:
    """What is asked for: of several requests together, what the first asks for.

    >>> request_name(Together((TakeRows(()), TakeRows(()))))
    'TakeRows'
    """
    while isinstance(request, Together) and request.requests:
        request = request.requests[0]
    return type(request).__name__


def rows_asked(request: Request[Any]) -> int:
    """How many rows a request names: those of its longest array."""
    if isinstance(request, Together):
        return sum(map(rows_asked, request.requests))
    if isinstance(request, TakeRows):
        return sum(len(pick.rows) for pick in request.picks)
    named = getattr(request, "__dict__", {}).values()
    return max((len(v) for v in named if isinstance(v, _ARRAYS)), default=0)


def answer_bytes(answer: Any, depth: int = 0) -> int:
    """About how large an answer is: its arrays and bytes.

    >>> answer_bytes((np.zeros(4, np.int64), b"abc", None))
    35
    """
    if isinstance(answer, _ARRAYS):
        return int(answer.nbytes)
    if isinstance(answer, bytes):
        return len(answer)
    if depth >= _DEPTH_MAX:
        return 0
    if isinstance(answer, dict):
        answer = answer.values()
    elif not isinstance(answer, (list, tuple)):
        answer = getattr(answer, "__dict__", {}).values()
    total = 0
    for each in answer:
        if each is not None:
            total += answer_bytes(each, depth + 1)
    return total
