"""The progress helper: silent for what is short, and off a terminal."""

from __future__ import annotations

import threading
import time

import pytest

from graphray import progress as module
from graphray.progress import progress


def test_a_long_task_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAPHRAY_PROGRESS", "1")
    monkeypatch.setattr(module, "SHOW_AFTER_S", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    for total in (3, None):
        with progress("counting sheep", total=total, unit="sheep") as bar:
            bar.advance()
            deadline = time.monotonic() + 10
            while bar._bar is None and time.monotonic() < deadline:
                threading.Event().wait(0.01)
            bar.advance()
        assert "counting sheep" in capsys.readouterr().err


def test_a_short_task_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRAPHRAY_PROGRESS", "1")
    with progress("blinking", total=1) as bar:
        bar.advance()
    assert capsys.readouterr().err == ""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_nothing_is_drawn_off_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GRAPHRAY_PROGRESS")
    monkeypatch.setattr(module, "SHOW_AFTER_S", 0.0)
    with progress("whispering") as bar:
        bar.advance()
        assert bar._bar is None
    assert capsys.readouterr().err == ""
