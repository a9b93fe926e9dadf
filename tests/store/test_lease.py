from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from graphray.store.lease import LEASE_NAME, end_lease, is_abandoned, sweep, take_lease


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / LEASE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_living_process_keeps_its_folder(tmp_path: Path) -> None:
    take_lease(tmp_path)
    assert not is_abandoned(tmp_path)
    end_lease(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_process_that_has_ended(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from graphray.store.lease import take_lease; "
    code += "take_lease(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert is_abandoned(tmp_path)


def test_a_process_id_that_is_used_again(tmp_path: Path) -> None:
    take_lease(tmp_path)
    rewrite(tmp_path, started=1.0)
    assert is_abandoned(tmp_path)


def test_a_zombie_has_ended(tmp_path: Path) -> None:
    take_lease(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    rewrite(tmp_path, pid=child.pid, started=psutil.Process(child.pid).create_time())
    assert is_abandoned(tmp_path)
    child.wait()


@pytest.mark.parametrize("lease", ["", "{}", "[1]", '{"host": "x", "pid": "y", "started": 1}'])
def test_who_cannot_be_told_is_left_alone(tmp_path: Path, lease: str) -> None:
    assert not is_abandoned(tmp_path)
    (tmp_path / LEASE_NAME).write_text(lease)
    assert not is_abandoned(tmp_path)


def test_another_host_is_left_alone(tmp_path: Path) -> None:
    take_lease(tmp_path)
    rewrite(tmp_path, host="elsewhere", pid=2**22 + 1)
    assert not is_abandoned(tmp_path)


def test_sweeping_takes_only_what_is_abandoned_and_not_kept(tmp_path: Path) -> None:
    for name in ("dead", "kept", "alive", "unknown"):
        (tmp_path / name).mkdir()
        if name != "unknown":
            take_lease(tmp_path / name)
    for name in ("dead", "kept"):
        rewrite(tmp_path / name, started=1.0)
    (tmp_path / "notes.txt").write_text("mine")
    sweep(tmp_path, keep=lambda folder: folder.name == "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alive",
        "kept",
        "notes.txt",
        "unknown",
    ]
    sweep(tmp_path / "no such folder")
