"""Checking the replicas of a running graph: their data against each other, and their disks."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from graphray.checking.replica_report import ReplicaProblem, ReplicaReport, compare_replicas
from graphray.client.cluster import require_ray
from graphray.client.connection import submit
from graphray.client.running import find_catalog
from graphray.client.transport import LOST, ask, fetch
from graphray.client.view import ActorHandle, GraphView
from graphray.config import CallPolicy
from graphray.errors import ClusterError

_ANSWER_S = 60.0
_LEVEL_S = 20.0
_PAUSE_S = 0.1


def check_replicas(name: str, *, repair: bool = False) -> ReplicaReport:
    """Compare the replicas of a running graph, and read what lies on their disks.

    Args:
        name: the graph.
        repair: have a replica that is wrong set its disk aside and come back from its peers.

    Returns:
        What was found. While the graph is written to, replicas are compared when they happen to be
        equally far; those that are not within 20 s are not compared.

    Raises:
        GraphNotRunning: where no graph of that name runs.
    """
    require_ray("graphray check")
    view: GraphView = ask(find_catalog(name), "view", policy=CallPolicy())
    report = ReplicaReport(name, sum(map(len, view.handles)))
    for part, handles in enumerate(view.handles):
        found = [*_disk_problems(part, handles), *_data_problems(part, handles)]
        report.problems += found
        if repair:
            report.repaired += _repair(part, handles, found)
    return report


def _disk_problems(part: int, handles: Sequence[ActorHandle]) -> list[ReplicaProblem]:
    calls = [submit(handle, "check_disk") for handle in handles]
    problems = []
    for replica, call in enumerate(calls):
        try:
            problems += [
                ReplicaProblem(part, replica, what, True) for what in fetch(call, _ANSWER_S)
            ]
        except LOST as error:
            what = f"did not answer: {type(error).__name__}"
            problems.append(ReplicaProblem(part, replica, what, False))
    return problems


def _data_problems(part: int, handles: Sequence[ActorHandle]) -> list[ReplicaProblem]:
    """Asked again until all are equally far, or the time is up."""
    deadline = time.monotonic() + _LEVEL_S
    while True:
        digests = {}
        for replica, call in enumerate([submit(handle, "digests") for handle in handles]):
            try:
                digests[replica] = fetch(call, _ANSWER_S)
            except (*LOST, ClusterError):
                continue  # Its disk's check has said so.
        are_level = len({lsn for lsn, _ in digests.values()}) <= 1
        if are_level or time.monotonic() >= deadline:
            return compare_replicas(part, digests)
        threading.Event().wait(_PAUSE_S)


def _repair(
    part: int, handles: Sequence[ActorHandle], problems: Sequence[ReplicaProblem]
) -> list[tuple[int, int]]:
    """Begin wrong replicas anew, as long as most of the partition's are left."""
    wrong = sorted({p.replica for p in problems if p.repairable})
    bad = {p.replica for p in problems}
    if not wrong or 2 * len(bad) >= len(handles):
        return []
    for replica in wrong:
        reasons = "; ".join(p.what for p in problems if p.replica == replica)
        fetch(submit(handles[replica], "rebuild", reasons), _ANSWER_S)
    return [(part, replica) for replica in wrong]
