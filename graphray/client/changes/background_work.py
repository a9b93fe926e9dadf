"""Small pieces of work that nobody waits for, in threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from graphray.errors import GraphRayError
from graphray.logs import get_logger

_LOG = get_logger(__name__)


class BackgroundWork:
    """Runs pieces of work beside their callers.

    What is under way when the process ends is waited for.

    Args:
        at_once: how many there may be; the caller does the next one himself, so that whoever makes
            work is not faster than it gets done.

    Example:
        >>> done = threading.Event()
        >>> BackgroundWork(1).run(done.set)
        >>> done.wait(10)
        True
    """

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, "graphray-background")
        self._free = threading.BoundedSemaphore(at_once)

    def run(self, work: Callable[[], object]) -> None:
        """Do something, at some time soon."""
        if not self._free.acquire(blocking=False):
            work()
            return
        try:
            self._threads.submit(self._run, work)
        except RuntimeError:  # The interpreter is ending, and takes no new threads.
            self._free.release()
            work()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except GraphRayError as error:
            _LOG.warning("work in the background failed: %s", error)
        finally:
            self._free.release()
