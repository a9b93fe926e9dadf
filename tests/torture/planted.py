"""Bugs planted on purpose in the processes of a real cluster, to show that its checkers can see.

Ray runs `plant_from_environment` in every worker process of a job that was connected for it, before
anything else: methods are replaced there as the simulator does, and the product has no switch for
it. (What a killed process has written is kept by the kernel, so a skipped fsync shows only in the
simulator, whose disks lose power.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLANTED: dict[str, Callable[[], Any]] = {}


def plant_from_environment() -> None:
    """Put the bug in force that this process is to have, until it ends."""
