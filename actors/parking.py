"""Calls of peers that wait for what the machine answers them, to take it along as they return."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeAlias

from graphray.replication.messages import Append, CommitQuery, Heartbeat, Message

_HOLD_S = 0.05

_Answer: TypeAlias = "Future[Sequence[Message]]"


def expects_answer(messages: Sequence[Message]) -> bool:
    """Whether the sender of a batch will be answered soon: at once, or after one write to disk."""
    return any(isinstance(message, Append | Heartbeat | CommitQuery) for message in messages)


class Parking:
    """One waiting call per sender.

    Example:
        >>> parking = Parking()
        >>> place = parking.enter("0/1/b")
        >>> parking.give("0/1/b", ()), parking.give("0/2/c", ())
        (True, False)
        >>> parking.leave("0/1/b", place)
        ()
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, _Answer] = {}

    def enter(self, sender: str) -> _Answer:
        """Before the batch is handed over: its answer may come at any moment."""
        answer: _Answer = Future()
        with self._lock:
            self._waiting[sender] = answer
        return answer

    def give(self, receiver: str, messages: Sequence[Message]) -> bool:
        """Have a call that waits take messages along; False where none does."""
        with self._lock:
            answer = self._waiting.pop(receiver, None)
            if answer is not None:
                answer.set_result(messages)
        return answer is not None

    def leave(self, sender: str, answer: _Answer) -> Sequence[Message] | None:
        """Wait for the answer for a moment; None where none came: it will be sent later."""
        try:
            return answer.result(_HOLD_S)
        except FutureTimeoutError:
            with self._lock:
                if answer.done():
                    return answer.result()
                if self._waiting.get(sender) is answer:
                    del self._waiting[sender]
            return None
