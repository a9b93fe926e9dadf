"""Killing a replica the hard way, and timing how long its partition takes to heal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from graphray.client.graph import Graph
from graphray.errors import PartitionUnavailable
from graphray.status import ReplicaStatus

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Recovery:
    """What was killed, and when a new process served in its place."""

    part: int
    replica: int
    killed_pid: int
    new_pid: int
    took_s: float


def kill_and_watch(graph: Graph, node_id: str, timeout_s: float) -> Future[Recovery]:
    """SIGKILL a replica's process on this machine; the future ends when it serves again.

    Args:
        graph: a running graph.
        node_id: Ray's id of this machine: process ids of another one would mean others here.
        timeout_s: how long to wait for the recovery.
    """
    victim, pid = choose_victim(graph.replicas(), node_id)
    pool = ThreadPoolExecutor(1, thread_name_prefix="graphray-quickstart")
    os.kill(pid, signal.SIGKILL)
    watch = pool.submit(_await_recovery, graph, victim, pid, time.monotonic(), timeout_s)
    pool.shutdown(wait=False)
    return watch


def choose_victim(replicas: Sequence[ReplicaStatus], node_id: str) -> tuple[ReplicaStatus, int]:
    """The first replica that serves on this machine, and its process.

    Raises:
        PartitionUnavailable: where none does.
    """
    for replica in replicas:
        if replica.state == "serving" and replica.node_id == node_id and replica.pid:
            return replica, replica.pid
    raise PartitionUnavailable("no replica serves on this machine; see 'graphray status'")


def _await_recovery(
    graph: Graph, victim: ReplicaStatus, killed_pid: int, killed_at: float, timeout_s: float
) -> Recovery:
    pause = threading.Event()
    while time.monotonic() - killed_at < timeout_s:
        for now in graph.replicas():
            same = (now.part, now.replica) == (victim.part, victim.replica)
            if same and now.state == "serving" and now.pid and now.pid != killed_pid:
                took_s = time.monotonic() - killed_at
                return Recovery(now.part, now.replica, killed_pid, now.pid, took_s)
        pause.wait(_LOOK_EVERY_S)
    raise PartitionUnavailable(
        f"replica {victim.replica} of partition {victim.part} did not serve again within "
        f"{timeout_s:g} s"
    )
