"""What the tests of the command line share: small files, and a way to run a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from graphray.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """``run("info", "store/")``: the command's result; anything but an exit is raised."""

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)

    return invoke


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, made the current one, with ``edges.csv`` (a ring and a chord) and ``nodes.csv``."""
    monkeypatch.chdir(tmp_path)
    Path("edges.csv").write_text("src,dst\n10,11\n11,12\n12,13\n13,10\n10,12\n")
    Path("nodes.csv").write_text("id,age\n10,1\n11,2\n12,3\n13,4\n14,5\n")
    return tmp_path
