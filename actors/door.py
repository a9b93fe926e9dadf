"""The door of a replica: so many requests are served at once, some wait, the rest is refused.

Ray queues calls before they reach a method while all threads of its concurrency group are busy, and
that queue can neither be seen nor bounded from within. So requests have a group with many more
threads than serve (`WAITING_ROOM`): every call gets to this door at once, and those that have to
wait do so here, counted, first come, first served. `graphray.health.admit` never lets so many wait
that the last thread of the group does; one is always free to refuse the next call.

What that costs, by the processor time of the actor (Ray 2.60, on a busy machine): with no more
calls under way than threads serve, too little to tell; with 32 of them, a tenth for requests that
take 2 ms, and half as much again for those that do nothing, since every call that waits is a thread
to be woken; and some 70 KB of memory for a thread that has been used. The alternatives know less:
``max_pending_calls`` on the handles of clients bounds what each of them has sent, not what all have
sent together, and an actor that answers from an event loop takes twice as long for every call. What
cannot be refused is what has not reached the process yet: a replica that was stopped finds those
calls waiting when it goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from random import Random
from typing import TypeVar

from graphray.health import AdmissionSettings, Shed, admit

Answer = TypeVar("Answer")

WAITING_ROOM = 128
"""Threads beyond those that serve: calls that may wait, and one to refuse the next."""

# The share of the newest call in the mean of service times.
_NEWEST = 0.05


def door_settings(threads: int, wait_s_max: float) -> AdmissionSettings:
    """What a replica of that many serving threads takes in."""
    return AdmissionSettings(threads, wait_max_s=wait_s_max, queue_max=WAITING_ROOM - 1)


class Door:
    """Lets requests through, holds them, or turns them away; used by many threads.

    Args:
        settings: what is taken in.
        clock: seconds, rising.
        rng: of the jitter, so that callers who were refused together do not come back together.
    """

    def __init__(
        self,
        settings: AdmissionSettings,
        clock: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._rng = rng or Random()
        self._lock = threading.Lock()
        self._serving = 0
        self._waiting: deque[threading.Lock] = deque()
        self._service_s = 0.0

    @property
    def waiting(self) -> int:
        """Calls that wait."""
        return len(self._waiting)

    @property
    def serving(self) -> int:
        """Calls that are served."""
        return self._serving

    def through(
        self, serve: Callable[[], Answer], left_s: float, background: bool
    ) -> Answer | Shed:
        """Serve a call, now or when it is its turn.

        Args:
            serve: does it.
            left_s: within which the caller needs the answer.
            background: whether it is work that nobody waits for.

        Returns:
            What ``serve`` returned, or that the call was refused: as a value, since Ray would
            format and pickle a traceback for each error, which takes longer than most requests.
        """
        refusal = self._enter(left_s, background)
        if refusal is not None:
            return refusal
        started = self._clock()
        try:
            return serve()
        finally:
            self._leave(self._clock() - started)

    def _enter(self, left_s: float, background: bool) -> Shed | None:
        """Returns when it is the call's turn, or with why it never will be."""
        with self._lock:
            answer = admit(
                self._settings,
                waiting=len(self._waiting),
                serving=self._serving,
                service_s=self._service_s,
                deadline_left_s=left_s,
                background=background,
                jitter=self._rng.random(),
            )
            if isinstance(answer, Shed):
                return answer
            if self._serving < self._settings.threads:
                self._serving += 1
                return None
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        is_turn = turn.acquire(timeout=max(left_s, 0.0))
        return None if is_turn else self._give_up(turn)

    def _give_up(self, turn: threading.Lock) -> Shed | None:
        with self._lock:
            if turn not in self._waiting:
                return None  # Its turn came at the same moment.
            self._waiting.remove(turn)
        return Shed(self._settings.retry_after_min_s, "its deadline passed while it waited")

    def _leave(self, service_s: float) -> None:
        with self._lock:
            newest = _NEWEST if self._service_s else 1.0
            self._service_s += newest * (service_s - self._service_s)
            if self._waiting:
                self._waiting.popleft().release()  # It takes over the place.
            else:
                self._serving -= 1
