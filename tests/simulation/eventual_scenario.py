"""Cells on replicas that all accept writes, under all faults."""

from __future__ import annotations

from random import Random

from graphray.replication.configuration import Configuration, Strategy
from graphray.replication.effects import Clock
from graphray.replication.eventual_replica import EventualReplica
from graphray.replication.packing import unpack
from tests.simulation.cell_clients import MERGED, CellClient, union
from tests.simulation.checkers.convergence import check_cell_sessions, check_convergence
from tests.simulation.checkers.linearizability import Violation
from tests.simulation.cluster import SETTINGS, Cluster, ReplicaGroup
from tests.simulation.disk import SimulatedDisk
from tests.simulation.history import History
from tests.simulation.nemesis import FaultMix, Nemesis
from tests.simulation.process import Process
from tests.simulation.runs import FAULTS_MS, QUIET_MS, Run, finish_run


class EventualGroup(ReplicaGroup):
    """Replicas of the eventual strategy."""

    def start_replica(self, name: str) -> Process:
        disk = SimulatedDisk()

        def start(clock: Clock) -> EventualReplica:
            rng = Random(self._cluster.rng.random())
            replica = EventualReplica(name, self.catalog, {MERGED: union}, SETTINGS, rng)
            replica.recover(*disk.read())
            return replica

        return self._cluster.process(name, start, disk=disk)

    def first_configuration(self) -> Configuration:
        return Configuration(self.partition, 1, Strategy.EVENTUAL, self.wanted, wanted=self.wanted)

    def may_lose_a_disk(self) -> bool:
        """One disk is all that is promised."""
        return False


def run_cells(rng_seed: int) -> Run:
    """Three replicas, four clients, two columns."""
    cluster = Cluster(rng_seed)
    group = EventualGroup(cluster, "p0", Strategy.EVENTUAL, 3, _no_state)
    cluster.groups["p0"] = group
    history = History()
    for number in range(4):
        CellClient(cluster, f"client{number}", group, history, FAULTS_MS)
    nemesis = Nemesis(cluster, FaultMix(), FAULTS_MS)
    cluster.scheduler.run_until(FAULTS_MS)
    nemesis.make_peace()
    cluster.scheduler.run_until(FAULTS_MS + QUIET_MS)
    run = finish_run("eventual", rng_seed, cluster, history)
    run.violations = _check(group, history, run)
    return run


def _no_state(name: str) -> None:
    raise AssertionError("an eventual replica makes its own state")


def _check(group: EventualGroup, history: History, run: Run) -> list[Violation]:
    replicas = {name: _machine(group, name) for name in group.newest().members}
    final = {
        name: {f"{key.decode()}.{column}": cell for (key, column), cell in replica.cells.items()}
        for name, replica in replicas.items()
    }
    run.counts["conflicts"] += sum(replica.cells.conflicts for replica in replicas.values())
    found = check_convergence(history.operations, final, MERGED, unpack)
    found += check_cell_sessions(history.operations, MERGED)
    newest = group.newest()
    if set(newest.everyone) != set(group.wanted):
        found.append(Violation("progress", f"{newest.everyone} instead of {group.wanted}"))
    return found


def _machine(group: EventualGroup, name: str) -> EventualReplica:
    machine = group.replicas[name].machine
    assert isinstance(machine, EventualReplica)
    return machine
