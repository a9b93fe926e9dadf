"""What a bug would do to a replica's data, done on purpose; goes to actors by value."""

from __future__ import annotations

from typing import Any


def corrupt(self: Any) -> None:
    """A method for a replica: change a value behind the back of its log."""
    member = self._member
    data = member._state.data
    now = data._timeline.now
    member._shell.inspect(lambda: data._counters.set("nodes/author", 10**9, now, 2**64 - 1), 10.0)
