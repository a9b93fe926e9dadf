"""What is done to a running graph: each fault breaks something at once, and mends it later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

from graphray.errors import ClusterError, TransactionError, VersionConflict
from tests.torture.client_process import ClientPool
from tests.torture.graph import PARTS
from tests.torture.machines import Machine, send_signal
from tests.torture.running import REPLICAS, RunningGraph

Mend: TypeAlias = Callable[[], None]
_FILLER = "filler"
_CHUNKS = (bytes(2**20), bytes(4096))


@dataclass
class Struck:
    """A fault that has been done.

    Attributes:
        parts: the partitions that it concerns.
        mend: ends it.
    """

    parts: tuple[int, ...]
    mend: Mend = lambda: None


@dataclass(frozen=True)
class Scene:
    """What faults are done to."""

    running: RunningGraph
    clients: ClientPool
    rng: Random


def kill_primary(scene: Scene) -> Struck:
    part, members = _members(scene)
    send_signal(members[:1], signal.SIGKILL)
    return Struck((part,))


def kill_backup(scene: Scene) -> Struck:
    part, members = _members(scene)
    send_signal(_one_of(scene, members[1:]), signal.SIGKILL)
    return Struck((part,))


def kill_partition(scene: Scene) -> Struck:
    """All replicas of a partition at once: what was acknowledged is on their disks alone."""
    part, members = _members(scene)
    send_signal(members, signal.SIGKILL)
    return Struck((part,))


def pause_primary(scene: Scene) -> Struck:
    part, members = _members(scene)
    return _paused((part,), members[:1])


def pause_backup(scene: Scene) -> Struck:
    part, members = _members(scene)
    return _paused((part,), _one_of(scene, members[1:]))


def pause_all(scene: Scene) -> Struck:
    """Everybody sleeps past every lease, and wakes up at once."""
    everybody = [actor.pid for part in range(PARTS) for actor in scene.running.primary_first(part)]
    return _paused(tuple(range(PARTS)), everybody)


def kill_catalog(scene: Scene) -> Struck:
    catalog = scene.running.catalog()
    send_signal([catalog.pid] if catalog else [], signal.SIGKILL)
    return Struck(tuple(range(PARTS)))


def kill_catalog_and_primary(scene: Scene) -> Struck:
    """Nobody is there to replace the primary before the catalog is back."""
    kill_catalog(scene)
    return kill_primary(scene)


def kill_raylet(scene: Scene) -> Struck:
    """The replicas move; the disk comes back with a new node, long after it counted for lost."""
    machine = _machine(scene)
    parts = _parts_on(scene, machine)
    scene.running.machines.kill_raylet(machine)
    return Struck(parts, lambda: _add_again(scene, machine.disk))


def lose_node(scene: Scene) -> Struck:
    """A node and its disk are gone while it is written to; its replicas move to the spare one."""
    machine = _machine(scene)
    parts = _parts_on(scene, machine)
    scene.running.machines.lose(machine)
    return Struck(parts, lambda: _add_again(scene, None))


def fill_disk(scene: Scene) -> Struck:
    machine = scene.running.machines.small()
    assert machine is not None
    filler = machine.disk / _FILLER
    _fill(filler)
    return Struck(_parts_on(scene, machine), filler.unlink)


def kill_client(scene: Scene) -> Struck:
    """Clients die in the middle of whatever they were doing."""
    pids = scene.clients.pids()
    number = scene.rng.randrange(len(pids))
    send_signal([pids[number]], signal.SIGKILL)
    return Struck(tuple(range(PARTS)), lambda: scene.clients.replace(number))


def pause_clients(scene: Scene) -> Struck:
    """Clients sleep past the leases of the locks that they hold."""
    pids = scene.clients.pids()
    return _paused(tuple(range(PARTS)), [scene.rng.choice(pids)])


def compact(scene: Scene) -> Struck:
    """No fault: what has changed so far becomes a version of the store, under load."""
    problems: list[Exception] = []
    thread = threading.Thread(target=_compact, args=(scene, problems))
    thread.start()

    def mend() -> None:
        thread.join()
        for problem in problems:
            raise problem

    return Struck(tuple(range(PARTS)), mend)


Faults: TypeAlias = Mapping[str, Callable[[Scene], Struck]]

FAULTS: Faults = {
    "primary killed": kill_primary,
    "backup killed": kill_backup,
    "all replicas of a partition killed": kill_partition,
    "primary stopped, then continued": pause_primary,
    "backup stopped, then continued": pause_backup,
    "all replicas stopped, then continued": pause_all,
    "catalog killed": kill_catalog,
    "catalog and primary killed": kill_catalog_and_primary,
    "raylet killed": kill_raylet,
    "node and disk lost": lose_node,
    "disk full": fill_disk,
    "clients killed": kill_client,
    "clients stopped, then continued": pause_clients,
    "changes compacted": compact,
}

# What one replica alone has acknowledged goes with its disk; and there is nothing to compact.
NOT_UNDER_EVENTUAL = {"raylet killed", "node and disk lost", "changes compacted"}


def _members(scene: Scene) -> tuple[int, list[int]]:
    """A partition, and the processes of its members, the primary's first; in a storm maybe none."""
    part = scene.rng.randrange(PARTS)
    return part, [actor.pid for actor in scene.running.primary_first(part)]


def _one_of(scene: Scene, pids: list[int]) -> list[int]:
    return [scene.rng.choice(pids)] if pids else []


def _paused(parts: tuple[int, ...], pids: list[int]) -> Struck:
    send_signal(pids, signal.SIGSTOP)
    return Struck(parts, lambda: send_signal(pids, signal.SIGCONT))


def _parts_on(scene: Scene, machine: Machine) -> tuple[int, ...]:
    return tuple(
        part
        for part in range(PARTS)
        for replica in range(REPLICAS)
        if _is_on(scene, part, replica, machine)
    )


def _is_on(scene: Scene, part: int, replica: int, machine: Machine) -> bool:
    actor = scene.running.replica(part, replica)
    return actor is not None and actor.node_id == machine.node_id


def _machine(scene: Scene) -> Machine:
    """A node with replicas, but not the one with the small disk, which others need."""
    machines = scene.running.machines
    busy = [m for m in machines.alive if m is not machines.small() and _parts_on(scene, m)]
    return scene.rng.choice(busy)


def _add_again(scene: Scene, disk: Path | None) -> None:
    scene.running.machines.add(disk)


def _compact(scene: Scene, problems: list[Exception]) -> None:
    try:
        scene.running.graph.compact()
    except (ClusterError, TransactionError, VersionConflict):
        # In a storm something else is broken, or compacts, too; it is the next one's turn.
        return
    except Exception as error:  # noqa: BLE001 - raised in the thread that mends
        problems.append(error)


def _fill(path: Path) -> None:
    with open(path, "wb", buffering=0) as file:
        for chunk in _CHUNKS:
            with suppress(OSError):
                while file.write(chunk) == len(chunk):
                    pass
