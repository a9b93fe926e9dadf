"""The one progress helper: a bar for whatever takes longer than a second.

On a terminal it draws a bar with rate and time left; elsewhere (a log, a pipe, CI) it stays silent,
so that output meant for scripts stays clean. ``GRAPHRAY_PROGRESS=0`` or ``1`` decides for both.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SHOW_AFTER_S = 1.0


class Progress:
    """Counts the steps of one task; draws nothing before it has lasted `SHOW_AFTER_S`.

    A task without steps of its own (``total=None``) gets a bar that only moves, and the time.
    """

    def __init__(self, label: str, total: int | None, unit: str) -> None:
        self.label, self.total, self.unit = label, total, unit
        self._done = 0
        self._bar: Any = None
        self._task: Any = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(SHOW_AFTER_S, self._show)
        self._timer.daemon = True
        if _wanted():
            self._timer.start()

    def advance(self, steps: int = 1) -> None:
        """Report that many more steps as done."""
        with self._lock:
            self._done += steps
            if self._bar is not None:
                self._bar.update(self._task, completed=self._done)

    def close(self) -> None:
        """Take the bar off the screen; safe to call more than once."""
        self._timer.cancel()
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _show(self) -> None:
        with self._lock:
            if self._timer.finished.is_set():
                return  # It was closed while the timer went off.
            self._bar = _new_bar(counted=self.total is not None)
            self._bar.start()
            self._task = self._bar.add_task(
                self.label, total=self.total, completed=self._done, unit=self.unit
            )


@contextmanager
def progress(label: str, total: int | None = None, unit: str = "") -> Iterator[Progress]:
    """Show a task's progress while the block runs.

    Example:
        >>> with progress("sorting partitions", total=4, unit="partitions") as bar:
        ...     for _ in range(4):
        ...         bar.advance()
    """
    bar = Progress(label, total, unit)
    try:
        yield bar
    finally:
        bar.close()


def rate_in_words(per_second: float) -> str:
    """A rate in three figures.

    >>> rate_in_words(0.25), rate_in_words(43210), rate_in_words(5_200_000)
    ('0.25', '43.2 k', '5.2 M')
    """
    for factor, prefix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if per_second >= factor:
            return f"{per_second / factor:.3g}{prefix}"
    return f"{per_second:.3g}"


def _wanted() -> bool:
    choice = os.environ.get("GRAPHRAY_PROGRESS", "")
    return sys.stderr.isatty() if choice == "" else choice != "0"


def _new_bar(counted: bool) -> Any:
    # Imported where it is first drawn: rich takes longer to import than most tasks last.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Steps per second, for tasks whose steps have a unit."""

        def render(self, task: Task) -> Text:
            unit, speed = task.fields["unit"], task.speed
            return Text(f"{rate_in_words(speed)} {unit}/s" if unit and speed else "")

    columns: list[Any] = [TextColumn("{task.description}"), BarColumn()]
    if counted:
        columns += [MofNCompleteColumn(), TextColumn("{task.fields[unit]}")]
        columns += [RateColumn(), TimeRemainingColumn()]
    else:
        columns += [RateColumn(), TimeElapsedColumn()]
    return RichProgress(*columns, console=Console(stderr=True), transient=True)
