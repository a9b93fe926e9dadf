"""What is replicated: the seam between the log and the data of a partition."""

from __future__ import annotations

from typing import Protocol


class StateMachine(Protocol):
    """The data of one partition, changed only by entries of its log, in order.

    The same entries from the same checkpoint must lead to the same state and the same results on
    every replica: no clock, no randomness, no iteration over unordered sets.
    """

    def apply(self, lsn: int, time_ms: int, command: bytes) -> bytes:
        """Carry out one committed command and return its result.

        A command that cannot be carried out returns a result that says so; it never raises.

        Args:
            lsn: the entry's position.
            time_ms: the entry's time, which never falls along a log.
            command: what `Write.command` carried.
        """

    def read(self, query: bytes) -> bytes:
        """Answer a query from the present state, without changing it."""

    def checkpoint(self) -> bytes:
        """The whole state as bytes, or as a reference to files that hold it."""

    def restore(self, checkpoint: bytes) -> None:
        """Replace the state by one that `checkpoint` returned, here or on another replica."""

    def extract(self, tags: frozenset[str]) -> bytes:
        """The content of some columns or hot nodes, for a replica that is to keep them too."""

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        """Keep some columns or hot nodes from now on; the content is of the present LSN."""

    def covered(self) -> frozenset[str] | None:
        """Which columns or hot nodes are kept, or None for everything."""
