"""Leases: which process works in a folder, so that only what a dead one left is swept.

A lease is a small file in the folder that names the process: host, process id, and when it started,
because ids are used again. A folder is *abandoned* when its lease names a process of this host that
is no more. A folder without a lease, or with one of another host, is left alone: who works there
cannot be told from here.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

LEASE_NAME = "lease.json"

# Start times are derived from the time since boot, and shift a little when the clock is set.
_START_TOLERANCE_S = 5.0


def take_lease(folder: Path) -> None:
    """Put this process's lease into a folder."""
    process = psutil.Process()
    lease = {"host": socket.gethostname(), "pid": process.pid, "started": process.create_time()}
    temporary = folder / f"{LEASE_NAME}.tmp"
    temporary.write_text(json.dumps(lease))
    os.replace(temporary, folder / LEASE_NAME)


def end_lease(folder: Path) -> None:
    """Take a lease out of its folder."""
    (folder / LEASE_NAME).unlink(missing_ok=True)


def is_abandoned(folder: Path) -> bool:
    """Whether the process whose lease is in the folder has ended."""
    try:
        lease = json.loads((folder / LEASE_NAME).read_text())
        host, pid, started = lease["host"], int(lease["pid"]), float(lease["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _START_TOLERANCE_S
        return not same or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def sweep(parent: Path, keep: Callable[[Path], bool] = lambda folder: False) -> None:
    """Remove the abandoned folders below one, except those to keep.

    ``keep`` is asked when the process is known to be dead, so that its answer is final. A folder is
    renamed before it is removed: whoever takes one over renames it, too, and only one of them can.
    """
    if not parent.is_dir():
        return
    for folder in parent.iterdir():
        if folder.is_dir() and is_abandoned(folder) and not keep(folder):
            swept = parent / f"swept-{secrets.token_hex(8)}"
            with suppress(FileNotFoundError):
                os.rename(folder, swept)
            shutil.rmtree(swept, ignore_errors=True)


def take_over(abandoned: Path, folder: Path) -> bool:
    """Make an abandoned folder one of this process's, under a new name.

    Returns:
        False where it is gone: somebody else took it, or swept it.
    """
    try:
        take_lease(abandoned)
        # Of several takers one can rename; the lease in it may be another one's by then.
        os.rename(abandoned, folder)
        take_lease(folder)
    except FileNotFoundError:
        return False
    return True
