"""Bugs planted on purpose in the processes of a real cluster, to show that its checkers can see.

Ray runs `plant_from_environment` in every worker process of a job that was connected for it, before
anything else: methods are replaced there as the simulator does, and the product has no switch for
it. What a killed process had written is kept by the kernel, so a skipped fsync shows only in the
simulator, whose disks lose power; here a recovery that forgets the log's end stands for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from graphray.replication.entries import Entry, Record
from graphray.replication.messages import Snapshot
from graphray.replication.replica import Replica
from tests.simulation.planted import PLANTED as SIMULATED
from tests.torture.clusters import PLANTED_VARIABLE
from tests.torture.nemesis import Step

_FORGOTTEN_ENTRIES = 40


@dataclass(frozen=True)
class PlantedBug:
    """One bug.

    Attributes:
        name: what is wrong.
        plant: puts it in force.
        strategy: of the graph that has it.
        workloads: that show it.
        plan: the faults that bring it out.
    """

    name: str
    plant: Callable[[], AbstractContextManager[Any]]
    strategy: str
    workloads: tuple[str, ...]
    plan: tuple[Step, ...]


def plant_from_environment() -> None:
    """Put the bug in force that this process is to have, until it ends."""
    PLANTED[os.environ[PLANTED_VARIABLE]].plant().__enter__()


def _recovery_forgets_the_end() -> AbstractContextManager[Any]:
    original = Replica.recover

    def recover(self: Replica, snapshot: Snapshot | None, records: Iterable[Record]) -> None:
        kept = list(records)
        entries = [record for record in kept if isinstance(record, Entry)]
        forgotten = entries[-_FORGOTTEN_ENTRIES:]
        original(self, snapshot, [record for record in kept if record not in forgotten])

    return patch.object(Replica, "recover", recover)


_simulated = {bug.name: bug.plant for bug in SIMULATED}
_WORK = Step((), hold_s=0.0, operations=300)
_CLIENTS_STOPPED = Step(("clients stopped, then continued",), hold_s=2.5, operations=10)

_BUGS = (
    PlantedBug(
        "reads not validated",
        _simulated["reads not validated"],
        "full",
        ("lists", "shared lists", "bank"),
        (_WORK,),
    ),
    PlantedBug(
        "read from a stale backup",
        _simulated["read from a stale backup"],
        "full",
        ("lists", "registers"),
        (_WORK,),
    ),
    PlantedBug(
        "recovery forgets the log's end",
        _recovery_forgets_the_end,
        "full",
        ("lists", "bags", "registers"),
        (_WORK, Step(("all replicas of a partition killed",), hold_s=0.0), _WORK),
    ),
    PlantedBug(
        "prepared keys not protected",
        _simulated["prepared keys not protected"],
        "full",
        ("shared lists", "bank"),
        (_WORK,),
    ),
    PlantedBug(
        "lock without a check of its fence",
        _simulated["lock without a check of its fence"],
        "full",
        ("guarded",),
        (_CLIENTS_STOPPED,) * 6,
    ),
)
PLANTED = {bug.name: bug for bug in _BUGS}
