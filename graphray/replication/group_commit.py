"""Group commit: one write to disk is under way at a time, and what comes meanwhile is the next one.

Records reach the disk in the order in which they were queued. So when one is durable, all before it
are, and a promise that follows some entries vouches for them.
"""

from __future__ import annotations

from collections.abc import Callable

from graphray.replication.effects import Persist
from graphray.replication.entries import Record

Action = Callable[[], None]


class GroupCommit:
    """The queue in front of a log file.

    Example:
        >>> from graphray.replication.entries import Promise
        >>> disk = GroupCommit()
        >>> disk.queue(Promise(1)); first = disk.start(); disk.queue(Promise(2), Promise(3))
        >>> first.records, disk.start() is None
        ((Promise(term=1),), True)
        >>> disk.finish(first.number)
        ((Promise(term=1),), [])
        >>> disk.start().records
        (Promise(term=2), Promise(term=3))
    """

    def __init__(self) -> None:
        self._queued: list[Record] = []
        self._queued_actions: list[Action] = []
        self._writing: Persist | None = None
        self._writing_actions: list[Action] = []
        self._writes = 0

    def queue(self, *records: Record) -> None:
        """Add records to the next write."""
        self._queued += records

    def when_durable(self, action: Action) -> None:
        """Do something once all that is queued or under way is on disk."""
        if self._queued:
            self._queued_actions.append(action)
        elif self._writing is not None:
            self._writing_actions.append(action)
        else:
            action()

    def start(self) -> Persist | None:
        """The next write, where none is under way and there is something to write."""
        if self._writing is not None or not self._queued:
            return None
        self._writes += 1
        self._writing = Persist(self._writes, tuple(self._queued))
        self._writing_actions = self._queued_actions
        self._queued, self._queued_actions = [], []
        return self._writing

    def finish(self, number: int) -> tuple[tuple[Record, ...], list[Action]]:
        """The write of that number is durable: its records, and what waited for them."""
        if self._writing is None or self._writing.number != number:
            return (), []
        records, actions = self._writing.records, self._writing_actions
        self._writing, self._writing_actions = None, []
        return records, actions
