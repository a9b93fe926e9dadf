"""Versions, check, backup and restore from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def store(run: Run, files: Path) -> Path:
    run("build", "edges.csv", "store", "--parts", 2)
    run("build", "edges.csv", "store", "--parts", 2, "--if-exists", "new_version")
    return Path("store")


def test_versions_are_listed_and_dropped(run: Run, store: Path) -> None:
    listed = json.loads(run("versions", "store", "--json").stdout)
    assert [each["version"] for each in listed] == [1, 2]
    assert listed[0]["snapshot_id"] == listed[1]["snapshot_id"]
    assert run("versions", "store", "--drop", 2).exit_code == 1
    dropped = run("versions", "store", "--drop", 1)
    assert (dropped.exit_code, "freed" in dropped.output) == (0, True)
    assert len(list(store.glob("data/*"))) == 1
    assert run("info", "store", "--verify").exit_code == 0


def test_check_says_what_is_wrong_and_ends_with_1(run: Run, store: Path) -> None:
    sound = run("check", "store")
    assert (sound.exit_code, "0 problems" in sound.output) == (0, True)
    file = max(store.rglob("*.arrow"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    results = [run("check", "store", "--version", v, "--json") for v in (1, 2)]
    assert sorted(result.exit_code for result in results) == [0, 1]
    (problem,) = [p for r in results for p in json.loads(r.stdout)["problems"]]
    assert file.as_posix().endswith(problem["path"])


def test_backup_and_restore(run: Run, store: Path) -> None:
    assert run("backup", "store", "backup").exit_code == 0
    assert run("restore", "backup", "again").exit_code == 0
    assert run("check", "again").exit_code == 0
    assert run("restore", "nowhere", "again").exit_code == 1
