from __future__ import annotations

import json
import tempfile
from pathlib import Path

import psutil
import pytest
from pyarrow import fs

from graphray.errors import StoreError
from graphray.ingest.workspace import remote_workspace, spill_parent, workspace
from graphray.store import Place
from graphray.store.lease import LEASE_NAME

PLAN = "digest"


def abandoned(parent: Path, plan: str = PLAN, mode: int = 0o700) -> Path:
    """A workspace as a process leaves it that is killed; with one result in it."""
    with workspace(parent, plan) as space:
        space.begin("build", goes_on=False)
        assert space.local is not None
        dead = parent / "dead"
        space.local.rename(dead)
    (dead / "done" / "0-0").write_text("result")
    lease = json.loads((dead / LEASE_NAME).read_text())
    lease["pid"] = next(pid for pid in range(2**22, 2, -1) if not psutil.pid_exists(pid))
    (dead / LEASE_NAME).write_text(json.dumps(lease))
    dead.chmod(mode)
    return dead


def test_where_builds_spill(tmp_path: Path) -> None:
    assert spill_parent(tmp_path, None).parent == tmp_path
    assert spill_parent(tmp_path, "/elsewhere") == Path("/elsewhere/graphray-spill")
    assert str(spill_parent(None, None)).startswith(tempfile.gettempdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot spill to"), workspace(tmp_path / "file"):
        pass


def test_a_workspace_leaves_nothing(tmp_path: Path) -> None:
    with workspace(tmp_path / "deep" / "spill") as space:
        assert space.local is not None
        assert (space.build_id, space.done) == (None, None)
        (space.local / "x").write_text("")
    assert not list(tmp_path.iterdir())


def test_that_of_the_same_plan_is_taken_over(tmp_path: Path) -> None:
    dead = abandoned(tmp_path)
    with workspace(tmp_path, PLAN) as space:
        assert not dead.exists()
        assert space.build_id == "build"
        assert space.done is not None
        space.begin("next", goes_on=True)
        assert (space.done / "0-0").read_text() == "result"
        with workspace(tmp_path, PLAN) as other:
            assert other.build_id is None, "the first one is alive"
        space.begin("next", goes_on=False)
        assert not list(space.done.iterdir())


@pytest.mark.parametrize(("plan", "mode"), [("other", 0o700), (PLAN, 0o770), (PLAN, 0o702)])
def test_any_other_is_swept(tmp_path: Path, plan: str, mode: int) -> None:
    dead = abandoned(tmp_path, plan, mode)
    with workspace(tmp_path, PLAN) as space:
        assert space.build_id is None
        assert list(tmp_path.iterdir()) == [space.local]
    assert not dead.exists()


def test_beside_a_store_that_is_not_on_the_local_disk() -> None:
    memory, _ = fs.FileSystem.from_uri("mock:///")
    place = Place((memory, "store"))
    with remote_workspace(place) as space:
        assert space.plan is None
        assert memory.get_file_info(space.spill.path).type == fs.FileType.Directory
    assert not place.names()
