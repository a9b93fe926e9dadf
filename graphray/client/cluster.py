"""The Ray cluster at hand: find it, or start a local one."""

from __future__ import annotations

import logging
import os
from typing import Any

import ray

from graphray.errors import GraphNotRunning
from graphray.progress import progress

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}


def require_ray(purpose: str) -> None:
    """Be connected to the cluster at hand: the job's, ``RAY_ADDRESS``, or one on this machine.

    Raises:
        GraphNotRunning: where there is none.
    """
    if ray.is_initialized():
        return
    try:
        ray.init(address=os.environ.get("RAY_ADDRESS", "auto"), **_QUIET)
    except ConnectionError:
        raise GraphNotRunning(
            f"{purpose} needs a Ray cluster, and there is none at hand: set RAY_ADDRESS, or start "
            "one with 'ray start --head' or 'graphray launch'"
        ) from None


def ensure_ray() -> bool:
    """Be connected to the cluster at hand, or to a local Ray started for it.

    Returns:
        Whether a local Ray was started; it ends with this process.
    """
    if ray.is_initialized():
        return False
    try:
        require_ray("launching a graph")
    except GraphNotRunning:
        if "RAY_ADDRESS" in os.environ:
            raise
        start_local_ray()
        return True
    return False


def start_local_ray() -> None:
    """Start a Ray of this process's own, which ends with it; no other cluster is touched."""
    # Left unset, Ray would turn token authentication on for this one Ray and leave a token file in
    # the home folder that confuses the next `ray start`. A local Ray listens to this machine only.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    with progress("starting Ray"):
        ray.init(address="local", include_dashboard=False, **_QUIET)
