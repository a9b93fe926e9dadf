"""A Ray that outlives the command which starts it: a head node on this machine."""

from __future__ import annotations

import os
import subprocess
import sys

from graphray.errors import LaunchError

_START = ("-m", "ray.scripts.scripts", "start", "--head", "--disable-usage-stats")


def start_lasting_ray() -> None:
    """Run ``ray start --head``; it listens to this machine only and runs until ``ray stop``.

    Raises:
        LaunchError: where Ray does not start, with the last of what it said.
    """
    # Without a mode, what `ray start` and later connections take for granted differs.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    command = [sys.executable, *_START, "--node-ip-address=127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise LaunchError("Ray could not be started with 'ray start --head': " + " ".join(said))
