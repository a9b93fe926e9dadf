"""Who served the partitions when, read from the catalog's decisions on disk.

They are there whether the catalog answers or not; the time of a file is that of the decision.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from graphray.replication.configuration import Configuration
from graphray.replication.packing import unpack


@dataclass(frozen=True)
class Term:
    """A configuration, and when it was decided."""

    configuration: Configuration
    at_ms: float


class Decisions:
    """The decisions of one running graph.

    Args:
        folder: its state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Files have the time of day; histories the machine's monotonic clock.
        self._day_ms = (time.time() - time.monotonic()) * 1000

    def terms(self, part: int) -> list[Term]:
        """All terms of a partition, oldest first."""
        paths = sorted(
            path
            for path in self._folder.rglob(f"{part}~term~*")
            if path.suffix != ".tmp" and path.name.count("~") == 2
        )
        return [self._read(path) for path in paths]

    def newest(self, part: int) -> Configuration:
        """Who serves a partition now."""
        return self.terms(part)[-1].configuration

    def is_complete(self, part: int, replicas: int) -> bool:
        """Whether a partition has all of its members, and they are those that are wanted."""
        newest = self.newest(part)
        return (
            len(newest.members) == replicas
            and not newest.learners
            and set(newest.members) == set(newest.wanted or newest.members)
        )

    def _read(self, path: Path) -> Term:
        at_ms = path.stat().st_mtime_ns / 1e6 - self._day_ms
        return Term(Configuration.from_plain(unpack(path.read_bytes())), at_ms)
