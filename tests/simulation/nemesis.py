"""Whoever breaks things: kills, pauses, cuts, loses disks, moves clocks and replicas, at random.

It knows one limit: it never loses more disks than the strategy promises to survive (copies_min - 1
among the configurations that may hold acknowledged writes), for then writes *must* be lost.
Everything else is allowed at any time, several at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphray.replication.entries import EntryKind
from graphray.replication.eventual_messages import PutDone
from graphray.replication.messages import Append, Sealed, Want, WriteDone
from tests.simulation.cluster import Cluster, ReplicaGroup
from tests.simulation.network import NetworkFaults
from tests.simulation.process import Process


@dataclass(frozen=True)
class FaultMix:
    """How often what happens; weights are relative to each other.

    Attributes:
        pause_between_ms: the mean time between two faults.
        crash_on_sealed: how likely a replica dies right after it has promised a term.
        crash_on_barrier: how likely a primary dies right after it has sent its term's first entry.
        power_cut_on_ack: how likely all die right after one has acknowledged a write.
    """

    pause_between_ms: float = 120.0
    kill: float = 2.0
    lose_disk: float = 0.7
    pause: float = 2.0
    cut: float = 2.0
    storm: float = 1.0
    catalog: float = 1.0
    clock_jump: float = 0.5
    move: float = 1.0
    power_cut: float = 0.7
    usurp: float = 1.0
    crash_on_sealed: float = 0.1
    crash_on_barrier: float = 0.1
    power_cut_on_ack: float = 0.01


class Nemesis:
    def __init__(self, cluster: Cluster, mix: FaultMix, until_ms: float) -> None:
        self._cluster = cluster
        self._mix = mix
        self._until_ms = until_ms
        self._down: set[Process] = set()
        self._watch = cluster.watch
        cluster.network.on_send = self._on_send
        self._schedule_next()
        for group in cluster.groups.values():
            self._operate(group)

    # --- the operator, who is on the system's side ------------------------------------------------

    def _operate(self, group: ReplicaGroup) -> None:
        """Ask for the replicas that are wanted until a configuration says so."""
        newest = group.newest()
        if newest.wanted != group.wanted or newest.coverage != group.coverage:
            sender = f"{group.partition}.operator"
            want = Want(group.wanted, group.coverage)
            self._cluster.network.send(sender, group.catalog, want)
        self._cluster.scheduler.after(40, lambda: self._operate(group))

    # --- faults -----------------------------------------------------------------------------------

    def _schedule_next(self) -> None:
        delay_ms = self._cluster.rng.expovariate(1 / self._mix.pause_between_ms)
        self._cluster.scheduler.after(delay_ms, self._strike)

    def _strike(self) -> None:
        now_ms = self._cluster.scheduler.now_ms
        if now_ms >= self._until_ms:
            return
        mix, rng = self._mix, self._cluster.rng
        faults: dict[Callable[[ReplicaGroup], None], float] = {
            self._kill: mix.kill,
            self._lose_disk: mix.lose_disk,
            self._pause: mix.pause,
            self._cut: mix.cut,
            self._storm: mix.storm,
            self._strike_catalog: mix.catalog,
            self._jump_clock: mix.clock_jump,
            self._move: mix.move,
            self._cut_power: mix.power_cut,
            self._usurp: mix.usurp,
        }
        group = self._cluster.groups[rng.choice(sorted(self._cluster.groups))]
        fault = rng.choices(list(faults), list(faults.values()))[0]
        primary = group.newest().primary
        fault(group)
        self._watch.note_fault(group, primary, now_ms)
        self._schedule_next()

    def _some_replica(self, group: ReplicaGroup) -> Process:
        newest = group.newest()
        # The primary is where most can go wrong.
        names = [*newest.everyone, newest.primary, newest.primary]
        return group.replicas[self._cluster.rng.choice(names)]

    def _count(self, fault: str) -> None:
        self._cluster.counts[fault] += 1

    def _kill(self, group: ReplicaGroup) -> None:
        self._crash(self._some_replica(group), self._cluster.rng.uniform(5, 400))

    def _crash(self, process: Process, down_ms: float) -> None:
        if process.alive:
            self._count("crashes")
            process.kill()
            self._down.add(process)
            self._cluster.scheduler.after(down_ms, lambda: self._restart(process))

    def _cut_power(self, group: ReplicaGroup) -> None:
        """All replicas of a partition die at the same moment; only what is on disk is left."""
        self._count("power cuts")
        for name in group.newest().everyone:
            self._crash(group.replicas[name], self._cluster.rng.uniform(5, 200))

    def _usurp(self, group: ReplicaGroup) -> None:
        """Take a primary's followers away, restart them, and have the catalog begin a new term.

        The primary keeps its clients, and its belief that it leads.
        """
        rng, newest = self._cluster.rng, group.newest()
        self._count("usurpations")
        followers = [name for name in newest.everyone if name != newest.primary]
        for name in followers:
            self._cluster.network.cut_between(newest.primary, name)
            if rng.random() < 0.8:
                self._crash(group.replicas[name], rng.uniform(1, 5))
        self._move(group)
        self._cluster.scheduler.after(rng.uniform(50, 300), self._cluster.network.heal)

    def _on_send(self, sender: str, message: object) -> None:
        """Strike at the worst moments: after a promise, or after the first entry of a term."""
        rng, scheduler = self._cluster.rng, self._cluster.scheduler
        group = self._group_of(sender)
        if group is None:
            return
        if isinstance(message, WriteDone | PutDone):
            self._watch.note_write(group.partition, scheduler.now_ms)
        if scheduler.now_ms >= self._until_ms:
            return
        if isinstance(message, Sealed) and rng.random() < self._mix.crash_on_sealed:
            down_ms = rng.uniform(1, 10)
            scheduler.after(0, lambda: self._crash(group.replicas[sender], down_ms))
        if _opens_a_term(message) and rng.random() < self._mix.crash_on_barrier:
            up_again_ms = rng.uniform(1, 10)
            scheduler.after(0, lambda: self._crash(group.replicas[sender], up_again_ms))
        if isinstance(message, WriteDone | PutDone) and rng.random() < self._mix.power_cut_on_ack:
            scheduler.after(0, lambda: self._cut_power(group))

    def _group_of(self, address: str) -> ReplicaGroup | None:
        partition = address.split(".")[0]
        group = self._cluster.groups.get(partition)
        return group if group is not None and address in group.replicas else None

    def _restart(self, process: Process) -> None:
        if process in self._down:
            self._down.discard(process)
            process.start()

    def _lose_disk(self, group: ReplicaGroup) -> None:
        process = self._some_replica(group)
        if process.address not in group.wanted or not group.may_lose_a_disk():
            return
        self._count("disks lost")
        group.lose_disk(process.address)
        self._down.discard(process)

    def _pause(self, group: ReplicaGroup) -> None:
        process = self._some_replica(group)
        if not process.alive or process.paused:
            return
        self._count("pauses")
        process.pause()
        delay_ms = self._cluster.rng.choice([30, 120, 300, 600]) * self._cluster.rng.random()
        self._cluster.scheduler.after(delay_ms, process.resume)

    def _cut(self, group: ReplicaGroup) -> None:
        rng, network = self._cluster.rng, self._cluster.network
        victim = self._some_replica(group).address
        others = [*group.newest().everyone, group.catalog]
        if rng.random() < 0.4:
            others = [rng.choice(others)]
        elif rng.random() < 0.3:
            others += [client.address for client in self._cluster.clients]
        both_ways = rng.random() < 0.7
        self._count("network cuts")
        for other in others:
            if other != victim:
                network.cut_between(victim, other, both_ways=both_ways)
        self._cluster.scheduler.after(rng.uniform(20, 500), network.heal)

    def _storm(self, group: ReplicaGroup) -> None:
        rng, network = self._cluster.rng, self._cluster.network
        network.faults = NetworkFaults(
            rng.uniform(0, 0.3), rng.uniform(0, 0.3), rng.uniform(0, 0.3), rng.uniform(10, 300)
        )
        self._count("network storms")
        self._cluster.scheduler.after(rng.uniform(50, 400), self._calm)

    def _calm(self) -> None:
        self._cluster.network.faults = NetworkFaults()

    def _strike_catalog(self, group: ReplicaGroup) -> None:
        """Kill the catalog, or let a second one run beside it."""
        main, spare = group.catalogs
        self._count("catalog deaths")
        if self._cluster.rng.random() < 0.5 and main.alive:
            main.kill()
            self._cluster.scheduler.after(self._cluster.rng.uniform(10, 400), main.start)
        elif not spare.alive:
            spare.start()
            self._cluster.scheduler.after(self._cluster.rng.uniform(50, 500), spare.kill)

    def _jump_clock(self, group: ReplicaGroup) -> None:
        self._count("clock jumps")
        process = self._some_replica(group)
        process.clock.wall_offset_ms += self._cluster.rng.uniform(-5_000, 5_000)

    def _move(self, group: ReplicaGroup) -> None:
        """Ask for a new replica in place of an old one."""
        if group.newest().wanted != group.wanted:
            return
        self._count("moves")
        leaving = self._cluster.rng.choice(group.wanted)
        group.replace(leaving)

    # --- peace ------------------------------------------------------------------------------------

    def make_peace(self) -> None:
        """End every fault."""
        self._cluster.network.heal()
        self._calm()
        for group in self._cluster.groups.values():
            main, spare = group.catalogs
            spare.kill()
            if not main.alive:
                main.start()
            for process in group.replicas.values():
                process.resume()
        for process in list(self._down):
            self._restart(process)


def _opens_a_term(message: object) -> bool:
    return (
        isinstance(message, Append)
        and bool(message.entries)
        and message.entries[-1].kind is EntryKind.BARRIER
        and message.entries[-1].term == message.configuration.term
    )
