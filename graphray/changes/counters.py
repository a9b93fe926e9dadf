"""Counters with versions: the numbers from which new ids are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphray.changes.timeline import View

Setting = tuple[int, int, int]
"""The time of a commit, what decides between commits of one time, the value."""


class CounterTable:
    """Values by name and time.

    Example:
        >>> counters = CounterTable()
        >>> counters.set("nodes/author", 100, time=7, tie=0)
        >>> counters.value("nodes/author", 6), counters.value("nodes/author", 7)
        (None, 100)
    """

    def __init__(self) -> None:
        self._settings: dict[str, list[Setting]] = {}

    def set(self, name: str, value: int, time: int, tie: int) -> None:
        """Set a counter as of a time."""
        settings = self._settings.setdefault(name, [])
        settings.append((time, tie, value))
        settings.sort()

    def value(self, name: str, time: int) -> int | None:
        """A counter as of a time; None where it had not been set."""
        for set_at, _, value in reversed(self._settings.get(name, [])):
            if set_at <= time:
                return value
        return None

    def values(self, time: int) -> dict[str, int]:
        """All counters as of a time, by name."""
        found = {name: self.value(name, time) for name in sorted(self._settings)}
        return {name: value for name, value in found.items() if value is not None}

    def drop_unseen(self, views: Iterable[View]) -> None:
        """Drop values that were replaced before anybody looks."""
        views = tuple(views)
        for name, settings in self._settings.items():
            replaced_at = [later[0] for later in settings[1:]]
            kept = [
                setting
                for setting, end in zip(settings, replaced_at, strict=False)
                if any(max(setting[0], view.first) < min(end, view.end) for view in views)
            ]
            self._settings[name] = [*kept, settings[-1]]

    def to_plain(self) -> dict[str, Any]:
        """A plain structure, for packing."""
        return {name: tuple(self._settings[name]) for name in sorted(self._settings)}

    def load_plain(self, plain: dict[str, Any]) -> None:
        """The inverse of `to_plain`."""
        self._settings = {name: list(settings) for name, settings in plain.items()}
