"""One answer for all who ask at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """Runs a slow question in a thread, once for everybody who asks within ``fresh_s``.

    Args:
        ask: the question; it may block.
        fresh_s: for how long an answer, or the error in its place, is given again.
    """

    def __init__(self, ask: Callable[[], Answer], fresh_s: float) -> None:
        self._ask = ask
        self._fresh_s = fresh_s
        self._task: asyncio.Task[Answer] | None = None
        self._done_at_s = 0.0

    async def get(self) -> Answer:
        """The answer; raises what the question raised."""
        if self._task is None or self._is_stale(self._task):
            self._task = asyncio.create_task(asyncio.to_thread(self._ask))
            self._task.add_done_callback(self._note)
        # Somebody who goes away must not take the others' answer along.
        return await asyncio.shield(self._task)

    def _is_stale(self, task: asyncio.Task[Answer]) -> bool:
        return task.done() and asyncio.get_running_loop().time() > self._done_at_s + self._fresh_s

    def _note(self, task: asyncio.Task[Answer]) -> None:
        self._done_at_s = asyncio.get_running_loop().time()
        if not task.cancelled():
            task.exception()  # Seen, even where nobody waits any more.
