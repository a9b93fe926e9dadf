"""Compaction without being asked: when the changes that lie over a version take much memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ray.exceptions import RayError

from graphray.errors import GraphRayError
from graphray.logs import get_logger

_LOG = get_logger(__name__)


class CompactionWatch:
    """Looks at the changes now and then, in a thread of its own, until it is closed.

    Args:
        pending_bytes: the memory that the changes take in the partition that has most.
        compact: publishes them.
        limit_bytes: from when on.
        every_s: how often to look.

    Attributes:
        problem: why the last attempt failed; empty where it did not.
    """

    def __init__(
        self,
        pending_bytes: Callable[[], int],
        compact: Callable[[], object],
        limit_bytes: int,
        every_s: float,
    ) -> None:
        self._pending_bytes = pending_bytes
        self._compact = compact
        self._limit_bytes = limit_bytes
        self._every_s = every_s
        self._closed = threading.Event()
        self.problem = ""
        threading.Thread(target=self._watch, name="compaction", daemon=True).start()

    def close(self) -> None:
        """Stop looking; a compaction that is under way goes on."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._every_s):
            try:
                if self._pending_bytes() >= self._limit_bytes:
                    self._compact()
                self.problem = ""
            except (GraphRayError, RayError, OSError) as error:
                self.problem = f"the changes could not be compacted: {error}"
                _LOG.warning(self.problem)
