"""The pinned times of a partition, each until it is let go of or its holder is not heard of."""

from __future__ import annotations

from typing import Any

from graphray.replication.commands import Pin


class PinTable:
    """Pins by name. Time is the log's, so that all replicas let go of one at the same entry.

    Example:
        >>> pins = PinTable()
        >>> pins.add(Pin("nightly", 7, ttl_ms=100), now_ms=1000)
        >>> pins.expire(1099), pins.times(), pins.expire(1101), pins.times()
        (False, (7,), True, ())
    """

    def __init__(self) -> None:
        self._pins: dict[str, tuple[int, int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._pins

    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._pins)

    def times(self) -> tuple[int, ...]:
        """The times that have to stay readable."""
        return tuple(time for time, _ in self._pins.values())

    def add(self, pin: Pin, now_ms: int) -> None:
        """Take a pin, or prolong it."""
        self._pins[pin.name] = pin.time, now_ms + pin.ttl_ms if pin.ttl_ms else 0

    def remove(self, name: str) -> None:
        """Let go of one; nothing where it is not there."""
        self._pins.pop(name, None)

    def expire(self, now_ms: int) -> bool:
        """Let go of those whose time is up; whether there were any."""
        over = [name for name, (_, until_ms) in self._pins.items() if 0 < until_ms < now_ms]
        for name in over:
            del self._pins[name]
        return bool(over)

    def to_plain(self) -> dict[str, Any]:
        """A plain structure, for packing."""
        return dict(self._pins)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> PinTable:
        """The inverse of `to_plain`."""
        made = cls()
        made._pins = {name: (time, until_ms) for name, (time, until_ms) in plain.items()}
        return made
