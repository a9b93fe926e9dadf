"""A machine that does what a test says, and a disk that answers when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphray.replication.effects import Clock
from graphray.replication.messages import CommitQuery, Message


class Scripted:
    """A machine that does what a function says, and keeps what it was given."""

    def __init__(self, react: Callable[[Any, Clock], list[Any]]) -> None:
        self.events: list[Any] = []
        self.clocks: list[Clock] = []
        self._react = react

    def handle(self, event: Any, clock: Clock) -> list[Any]:
        self.events.append(event)
        self.clocks.append(clock)
        return self._react(event, clock)


class SlowDisk:
    """Answers writes when it is told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.closed = False

    def take(self, effect: Any, post: Callable[[Any], None]) -> None:
        self.taken.append((effect, post))

    def close(self) -> None:
        self.closed = True


def message(number: int) -> Message:
    return CommitQuery(1, number)
