"""The folder in which a build spills, and going on where a killed build of the same graph stopped.

A workspace on the local disk has a lease (see `graphray.store.lease`), and says what is built in it
(`Plan`): inputs by path, size and time, and all settings. When a build begins, it looks for the
workspace of a dead one that says the same, and takes it over by renaming it, which one of several
takers can do; all others that dead builds left are swept. A plan is for this boot of the machine
only, because what a killed process wrote survives it, but not the loss of power.

Workspaces hold pickles, so one is taken over only from the same user, and when nobody else may
write to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import fs

from graphray.errors import StoreError
from graphray.ingest.spill import SpillFolder
from graphray.store import Place
from graphray.store.lease import is_abandoned, sweep, take_lease, take_over

_SPILL_NAME = "spill"
_PLAN_NAME = "plan.json"
_BUILD_NAME = "build"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Workspace:
    """A folder of a build's own.

    Attributes:
        spill: for spill files.
        local: the same on the local disk; None where it lies elsewhere.
        plan: the digest of what is built; None where nobody can tell, so that nobody goes on.
    """

    spill: SpillFolder
    local: Path | None
    plan: str | None

    @property
    def build_id(self) -> str | None:
        """The build of the store whose work is in here; None where none is."""
        if self.local is None or self.plan is None:
            return None
        with suppress(FileNotFoundError):
            return (self.local / _BUILD_NAME).read_text()
        return None

    @property
    def done(self) -> Path | None:
        """The folder of results that can be gone on with; None where there are to be none."""
        return None if self.local is None or self.plan is None else self.local / "done"

    def begin(self, build_id: str, *, goes_on: bool) -> None:
        """Note the build that works in here; unless it goes on, what was done before is dropped."""
        if self.local is None or self.done is None:
            return
        try:
            if not goes_on:
                shutil.rmtree(self.done, ignore_errors=True)
            self.done.mkdir(exist_ok=True)
            _write_whole(self.local / _BUILD_NAME, build_id)
        except OSError as error:
            raise _cannot(self.local, error) from error


def digest_of(plan: Any) -> str:
    """The digest of what is built, for this boot of the machine.

    Args:
        plan: a plain structure of all that the store depends on.
    """
    boot = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
    return hashlib.sha256(json.dumps([boot, plan]).encode()).hexdigest()


def spill_parent(store: Path | None, chosen: str | os.PathLike[str] | None) -> Path:
    """Where builds of a store spill: the folder chosen, else beside the store's data.

    A store that is not on the local disk has its builds spill into the system's temporary folder.
    """
    if chosen is not None:
        return Path(chosen).expanduser().absolute() / "graphray-spill"
    if store is not None:
        return store / _SPILL_NAME
    return Path(tempfile.gettempdir()) / "graphray-spill"


@contextmanager
def workspace(parent: Path, plan: str | None = None) -> Iterator[Workspace]:
    """A folder below ``parent``, removed when the block ends; abandoned ones are swept first.

    Args:
        parent: on the local disk.
        plan: a digest; the workspace of a dead build that says the same is taken over.

    Raises:
        StoreError: where it cannot be made.
    """
    made = [p for p in (parent, *parent.parents) if not p.exists()]
    folder = parent / secrets.token_hex(8)
    try:
        if plan is None or not _take_over(parent, plan, folder):
            folder.mkdir(parents=True)
            folder.chmod(stat.S_IRWXU)
            take_lease(folder)
            if plan is not None:
                _write_whole(folder / _PLAN_NAME, plan)
        sweep(parent)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _cannot(folder, error) from error
    try:
        yield Workspace(SpillFolder(fs.LocalFileSystem(), str(folder)), folder, plan)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another build spills there
            parent.rmdir()
            for above in made[1:]:
                above.rmdir()


@contextmanager
def remote_workspace(place: Place) -> Iterator[Workspace]:
    """A folder beside the data of a store that is not on the local disk, removed at the end.

    Nobody can tell whether who made it is alive: what a killed build leaves stays.
    """
    name = f"{_SPILL_NAME}/{secrets.token_hex(8)}"
    filesystem, path = place.filesystem, place.path(name)
    made_folder = not place.exists()
    try:
        filesystem.create_dir(path, recursive=True)
    except OSError as error:
        raise _cannot(path, error) from error
    try:
        yield Workspace(SpillFolder(filesystem, path), None, None)
    finally:
        place.remove_tree(name)
        place.remove_if_empty(_SPILL_NAME)
        if made_folder:
            place.remove_if_empty()


def _take_over(parent: Path, plan: str, folder: Path) -> bool:
    """Make the workspace of a dead build that did the same the new folder, where there is one."""
    for dead in parent.iterdir() if parent.is_dir() else ():
        if not (dead.is_dir() and is_abandoned(dead) and _is_private(dead)):
            continue
        with suppress(FileNotFoundError):
            if (dead / _PLAN_NAME).read_text() == plan and take_over(dead, folder):
                return True
    return False


def _is_private(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def _cannot(folder: Path | str, error: OSError) -> StoreError:
    return StoreError(f"cannot spill to {folder}: {error}", path=str(folder))
