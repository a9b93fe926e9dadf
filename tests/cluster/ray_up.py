"""A cluster by the book: the steps at the top of ``cluster.yaml``, on hosts made of namespaces.

Everything is done from the laptop: ``ray up``, ``ray dashboard`` (a tunnel over SSH), ``ray job
submit`` through that tunnel, ``ray down``. The file is the repository's own with the addresses and
the key filled in, as its first step says, and small nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.cluster.hosts import CHECKOUT, HEAD, SHARED, WORKERS, Host, address_of, end
from tests.cluster.installed import ENVIRONMENT
from tests.torture.running import wait_for

CLUSTER_FILE = SHARED / "cluster.yaml"
KEY = Path(".ssh/id_ed25519")
UP_S = 180.0
# On a busy machine a worker may need a second start.
JOINED_S = 240.0
DOWN_S = 90.0
_SHORT_S = 30.0
_STORE_BYTES = 150 * 2**20
# The head has enough for the catalog and the clients, and for no replica; a worker for one of each
# of the two partitions.
_HEAD_SIZE = f"--num-cpus=1 --object-store-memory={_STORE_BYTES}"
_WORKER_SIZE = f"--num-cpus=4 --object-store-memory={_STORE_BYTES}"
_RAY = str(ENVIRONMENT / "bin" / "ray")
_PYTHON = str(ENVIRONMENT / "bin" / "python")
_TUNNEL = "http://localhost:8265"
_ASK_VERSION = f"from urllib.request import urlopen; urlopen('{_TUNNEL}/api/version', timeout=5)"
_COUNT_NODES = (
    "import ray; ray.init(address='auto', log_to_driver=False);"
    "print('alive:', sum(node['Alive'] for node in ray.nodes()))"
)


def write_cluster_file() -> None:
    """Fill in the repository's ``cluster.yaml``."""
    config = yaml.safe_load((CHECKOUT / "cluster.yaml").read_text())
    config["provider"]["head_ip"] = address_of(HEAD)
    config["provider"]["worker_ips"] = [address_of(name) for name in WORKERS]
    config["auth"] = {"ssh_user": "root", "ssh_private_key": f"~/{KEY}"}
    _resize(config["head_start_ray_commands"], _HEAD_SIZE)
    _resize(config["worker_start_ray_commands"], _WORKER_SIZE)
    CLUSTER_FILE.write_text(yaml.safe_dump(config))


@contextmanager
def cluster(laptop: Host) -> Iterator[None]:
    """``ray up``, until all workers have joined; ``ray down`` at the end."""
    up = ("up", "--yes", "--no-config-cache", str(CLUSTER_FILE))
    laptop.run(_RAY, *up, folder=CHECKOUT, deadline_s=UP_S)
    try:
        yield
    finally:
        laptop.run(_RAY, "down", "--yes", str(CLUSTER_FILE), folder=CHECKOUT, deadline_s=DOWN_S)


def await_workers(head: Host) -> float:
    """Wait until every worker has joined the head; returns how many seconds that took."""

    def alive() -> str:
        return head.run(_PYTHON, "-c", _COUNT_NODES, deadline_s=_SHORT_S)

    return wait_for(lambda: f"alive: {len(WORKERS) + 1}" in alive(), JOINED_S, alive)


@contextmanager
def tunnel(laptop: Host) -> Iterator[None]:
    """``ray dashboard``: the dashboard, which also takes jobs, as if it ran on the laptop."""
    process = laptop.start(_RAY, "dashboard", str(CLUSTER_FILE), folder=CHECKOUT)
    try:
        wait_for(lambda: _is_open(laptop), _SHORT_S, lambda: "the tunnel is not open")
        yield
    finally:
        end(process)


def submit(laptop: Host, folder: Path, *command: str, deadline_s: float) -> str:
    """``ray job submit`` through the tunnel; returns what the job printed."""
    options = ("--address", _TUNNEL, "--working-dir", str(folder))
    return laptop.run(_RAY, "job", "submit", *options, "--", *command, deadline_s=deadline_s)


def _is_open(laptop: Host) -> bool:
    process = laptop.start(_PYTHON, "-c", _ASK_VERSION)
    process.communicate(timeout=_SHORT_S)
    return process.returncode == 0


def _resize(commands: list[str], size: str) -> None:
    (last,) = [number for number, command in enumerate(commands) if "ray start" in command]
    commands[last] = commands[last].replace("ray start", f"ray start {size}")
