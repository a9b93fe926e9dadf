"""The benchmark of training where it cannot run."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks import loader


def test_without_torch_it_says_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (row,) = loader.run(quick=True)
    assert row.value is None
    assert row.reference == "skipped: torch is not installed"
