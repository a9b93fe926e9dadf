"""A graph and its cluster as the watch knows them: what comes in, and what has happened by it.

A state machine: whoever keeps it says what was seen and when, and is told what happened and which
replicas to kill. It neither asks nor acts itself (`actors.health_watch` does).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from graphray.events import Happening
from graphray.health.nodes import NodeSeen, NodeWatch
from graphray.health.replica_watch import Beat, Leave, ReplicaWatch
from graphray.health.settings import HealthSettings
from graphray.health.terms import Term, TermWatch
from graphray.status import ReplicaStatus

Place = tuple[int, int]
"""Partition, and number of the copy."""


class GraphWatch:
    """Every replica of a graph, every node of its cluster, and every partition's term.

    Args:
        settings: what the watch goes by.
    """

    def __init__(self, settings: HealthSettings) -> None:
        self._settings = settings
        self._nodes = NodeWatch()
        self._terms = TermWatch(lambda part, replica: self._at((part, replica)).trouble)
        self._replicas: dict[Place, ReplicaWatch] = {}
        self._looked_s: float | None = None

    def nodes_seen(self, nodes: Sequence[NodeSeen]) -> list[Happening]:
        """Ray's list of nodes, as it is now."""
        replicas_on = {
            node_id: [f"{r.part}/{r.replica}" for r in replicas]
            for node_id, replicas in self._by_node().items()
        }
        return list(self._nodes.look(nodes, replicas_on))

    def term_seen(self, term: Term) -> list[Happening]:
        """The newest term of a partition that is known now."""
        return list(self._terms.look(term))

    def heard(self, place: Place, beat: Beat, latency_s: float, now_s: float) -> list[Happening]:
        """A replica answered a heartbeat within so long."""
        return list(self._at(place).heard(beat, latency_s, now_s))

    def ended(self, place: Place, now_s: float) -> None:
        """Ray says that a replica has no process now."""
        self._at(place).ended(now_s)

    def check_in(
        self, place: Place, incarnation: str, now_s: float, *, jitter: float
    ) -> tuple[Leave, list[Happening]]:
        """A restarted replica asks whether it may go on; see `ReplicaWatch.check_in`.

        Args:
            place: which one.
            incarnation: the name of its process.
            now_s: the time.
            jitter: 0 up to 1, at random; see `Quarantine.failed`.
        """
        replica = self._at(place)
        is_lost_with_node = self._nodes.has_ended(replica.node_id) if replica.node_id else False
        why = "its node has ended" if is_lost_with_node else "its process has ended"
        return replica.check_in(
            incarnation, why, now_s, is_failure=not is_lost_with_node, jitter=jitter
        )

    def release(self, place: Place, now_s: float) -> list[Happening]:
        """A person says that the cause of a replica's quarantine is mended."""
        return list(self._at(place).release(now_s))

    def look(self, now_s: float) -> tuple[list[Happening], list[Place]]:
        """Judge everyone by what is known now.

        Returns:
            What has happened, and which replicas are to be killed.
        """
        self._excuse_own_absence(now_s)
        happened: list[Happening] = []
        phis = {place: replica.phi(now_s) for place, replica in self._replicas.items()}
        latencies = {place: replica.latency_s for place, replica in self._replicas.items()}
        by_node, by_part = self._by_node(), self._by_part()
        for replica in self._replicas.values():
            happened += replica.look(
                now_s,
                neighbours_phi=self._neighbours(replica, by_node, phis, now_s),
                siblings_latency_s=_of_others(by_part[replica.part], replica, latencies),
                node_has_ended=bool(replica.node_id) and self._nodes.has_ended(replica.node_id),
            )
        killed = []
        for place, replica in self._replicas.items():
            others = (r for r in by_part[replica.part] if r is not replica)
            if any(r.is_serving for r in others) and replica.is_to_be_killed(now_s):
                happened.append(replica.killed(now_s))
                killed.append(place)
        return happened, killed

    def explain(self, status: ReplicaStatus, now_s: float) -> ReplicaStatus:
        """What a probe has found of a replica, with what the watch knows beside it."""
        return self._at((status.part, status.replica)).explain(status, now_s)

    def _excuse_own_absence(self, now_s: float) -> None:
        """Where the watch was stopped or starved, all others seem to be silent."""
        before, every_s = self._looked_s, self._settings.heartbeats.every_s
        self._looked_s = now_s
        if before is not None and now_s - before > 2 * every_s:
            for replica in self._replicas.values():
                replica.excuse(now_s - before - every_s)

    def _neighbours(
        self,
        replica: ReplicaWatch,
        by_node: Mapping[str, Sequence[ReplicaWatch]],
        phis: Mapping[Place, float | None],
        now_s: float,
    ) -> list[float]:
        """The silence of the others on a replica's node; they are asked about a silent one only.

        One that is alone on its node has Ray's own agent there for a neighbour: Ray would have
        noticed by now if the node could not be reached.
        """
        if (phis[replica.part, replica.replica] or 0.0) < self._settings.verdicts.suspect_phi:
            return []
        others = _of_others(by_node[replica.node_id], replica, phis)
        if others:
            return others
        is_long = replica.silence_s(now_s) >= self._settings.hung_after_s
        return [0.0] if is_long and self._nodes.is_alive(replica.node_id) else []

    def _at(self, place: Place) -> ReplicaWatch:
        if place not in self._replicas:
            self._replicas[place] = ReplicaWatch(*place, self._settings)
        return self._replicas[place]

    def _by_node(self) -> dict[str, list[ReplicaWatch]]:
        found: defaultdict[str, list[ReplicaWatch]] = defaultdict(list)
        for replica in self._replicas.values():
            found[replica.node_id].append(replica)
        return found

    def _by_part(self) -> dict[int, list[ReplicaWatch]]:
        found: defaultdict[int, list[ReplicaWatch]] = defaultdict(list)
        for replica in self._replicas.values():
            found[replica.part].append(replica)
        return found


def _of_others(
    group: Sequence[ReplicaWatch], replica: ReplicaWatch, known: Mapping[Place, float | None]
) -> list[float]:
    """What is known of the other replicas of a group."""
    others = (known[r.part, r.replica] for r in group if r is not replica)
    return [value for value in others if value is not None]
