"""The nodes of a cluster, each with a folder that stands for its disk.

Ray's test cluster runs all nodes on one machine. What tells their disks apart is the state folder
(``XDG_STATE_HOME``), which a node's processes inherit: a replica that moves to another node finds
nothing of what it had, as in life. One disk may be a small tmpfs, which can be filled.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from ray.cluster_utils import Cluster

# Room for two segments of the log of one replica of every partition.
TMPFS_BYTES = 96 * 2**20
_NODE = {"num_cpus": 4, "object_store_memory": 150 * 2**20}


@dataclass(eq=False)
class Machine:
    """A node and its disk.

    Attributes:
        node: Ray's object.
        disk: the folder.
    """

    node: Any
    disk: Path

    @property
    def node_id(self) -> str:
        """Ray's id of the node."""
        return self.node.node_id

    def pids(self) -> list[int]:
        """The node's raylet and all of its workers."""
        raylet = psutil.Process(self.node.all_processes["raylet"][0].process.pid)
        return [raylet.pid, *(child.pid for child in raylet.children(recursive=True))]


class Machines:
    """The worker nodes of a cluster, by which replicas are carried; the head carries none.

    Args:
        cluster: with its head alone.
        folder: for the disks.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._mounted: list[Path] = []
        self._made = 0
        self.alive: list[Machine] = []

    def add(self, disk: Path | None = None) -> Machine:
        """Add a node, with a disk of its own or one that outlived its node."""
        disk = disk or self.new_disk()
        node = self._cluster.add_node(**_NODE, env_vars={"XDG_STATE_HOME": str(disk)})
        machine = Machine(node, disk)
        self.alive.append(machine)
        return machine

    def new_disk(self) -> Path:
        """A folder."""
        self._made += 1
        disk = self._folder / f"disk-{self._made}"
        disk.mkdir(parents=True)
        return disk

    def new_small_disk(self) -> Path | None:
        """A disk that is soon full; None where this process may not mount any."""
        disk = self.new_disk()
        options = f"size={TMPFS_BYTES}"
        command = ["mount", "-t", "tmpfs", "-o", options, "graphray-torture", str(disk)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        self._mounted.append(disk)
        return disk

    def small(self) -> Machine | None:
        """The node with the small disk, where there is one."""
        return next((m for m in self.alive if m.disk in self._mounted), None)

    def at(self, node_id: str) -> Machine | None:
        """The node of that id; None for the head and for one that is gone."""
        return next((m for m in self.alive if m.node_id == node_id), None)

    def kill_raylet(self, machine: Machine) -> None:
        """The raylet dies, and its workers notice; the disk stays."""
        self.alive.remove(machine)
        self._cluster.remove_node(machine.node, allow_graceful=False)

    def lose(self, machine: Machine) -> None:
        """Everything on a node ends at once, and its disk is gone."""
        send_signal(machine.pids(), signal.SIGKILL)
        self.kill_raylet(machine)
        if machine.disk not in self._mounted:
            shutil.rmtree(machine.disk)

    def clear(self, graph: str) -> None:
        """Delete what a graph that has ended left on the disks."""
        for disk in self._folder.iterdir():
            shutil.rmtree(disk / "graphray" / graph, ignore_errors=True)

    def close(self) -> None:
        """Unmount what was mounted; the cluster's own processes are its owner's."""
        for disk in self._mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=True, capture_output=True)


def send_signal(pids: Iterable[int], number: int) -> None:
    """Send a signal to processes; one that has ended is passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
