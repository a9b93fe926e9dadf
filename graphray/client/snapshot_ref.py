"""Which state of a running graph is meant: a published version, or one that was pinned since."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SnapshotRef:
    """The name of a state; it travels with every request.

    Attributes:
        version: of the store, on which the state stands.
        pin: the name under which all partitions keep the changes as of ``time``; empty for the
            published version itself.
        time: of the newest change that belongs to it.

    Example:
        >>> SnapshotRef(3).is_published, str(SnapshotRef(3, "nightly", 17))
        (True, 'version 3 with changes up to time 17')
    """

    version: int
    pin: str = ""
    time: int = 0

    @property
    def is_published(self) -> bool:
        """Whether it is a version as it lies in the store, without later changes."""
        return not self.pin

    def __str__(self) -> str:
        later = "" if self.is_published else f" with changes up to time {self.time}"
        return f"version {self.version}{later}"
