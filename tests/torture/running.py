"""A graph that runs on machines that can be broken: where its actors are, and if it is well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import ray
from ray._private.state import actors

import graphray as gr
from graphray.client.view import GraphSpec, place_of
from graphray.errors import GraphRayError
from graphray.health import HealthSettings, QuarantineSettings
from graphray.replication.settings import ReplicationSettings
from tests.torture.decisions import Decisions
from tests.torture.graph import GUARDED, KEY, PARTS
from tests.torture.machines import Machines

REPLICAS = 3
# Between those of the simulator and those of a cluster: a failover takes a few seconds, and a
# process of a busy machine may hang for most of one.
SETTINGS = ReplicationSettings(
    heartbeat_ms=200,
    lease_ms=1_000,
    suspect_ms=1_500,
    seal_wait_ms=1_500,
    read_wait_ms=1_000,
    checkpoint_entries=500,
    keep_entries=200,
)
# More than the head has: it shall carry the catalog and the clients alone.
CPUS_PER_REPLICA = 2
WELL_S = 90.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Actor:
    """An actor's process, and the node that it is on."""

    pid: int
    node_id: str


class RunningGraph:
    """One launched graph.

    Args:
        store: what to launch.
        folder: for its state.
        machines: what it runs on, where faults are done to them.
        name: of the graph.
        replication: the strategy.
        well_s: how long it may take to get over a fault.
    """

    def __init__(
        self,
        store: Path,
        folder: Path,
        machines: Machines | None,
        name: str,
        replication: str,
        well_s: float = WELL_S,
    ) -> None:
        self.name = name
        self.machines = machines
        self.replication = replication
        self._well_s = well_s
        options = gr.LaunchOptions(
            replication=replication,  # type: ignore[arg-type]
            replication_settings=SETTINGS,
            # Here replicas fail again and again, and nothing about them is to be mended.
            health=HealthSettings(
                quarantine=QuarantineSettings(failures_max=10**6, backoff_max_s=0.5)
            ),
            state_uri=str(folder),
            cpus_per_replica=CPUS_PER_REPLICA,
        )
        self._spec = GraphSpec(name, str(store), 0, options)
        self.graph = gr.launch(store, name, replicas=REPLICAS, options=options)
        # Opens it for changes.
        self.graph.read("eventual").exists([GUARDED], KEY)
        self.decisions = Decisions(folder)

    def replica_actor(self, part: int, replica: int) -> str:
        """The name of the actor of one copy of a partition."""
        return self._spec.replica_actor(part, replica)

    def replica(self, part: int, replica: int) -> Actor | None:
        """The process of one copy of a partition; None where it has none now."""
        return self._actor(self.replica_actor(part, replica))

    def catalog(self) -> Actor | None:
        """The catalog's process; None where it has none now."""
        return self._actor(self._spec.catalog_actor)

    def primary_first(self, part: int) -> list[Actor]:
        """The processes of a partition's members that have one."""
        members = self.decisions.newest(part).members
        found = [self.replica(*place_of(identity)) for identity in members]
        return [actor for actor in found if actor is not None]

    def is_well(self) -> bool:
        """Whether all replicas serve, and all partitions have all of their members."""
        with suppress(GraphRayError):
            complete = all(self.decisions.is_complete(part, REPLICAS) for part in range(PARTS))
            return complete and self.graph.status().is_well
        return False

    def await_well(self) -> float:
        """Wait until it is; returns how many seconds that took.

        Raises:
            TimeoutError: where it did not become well.
        """
        return wait_for(self.is_well, self._well_s, self._story)

    def close(self) -> None:
        """End the graph."""
        self.graph.shutdown()

    def _actor(self, name: str) -> Actor | None:
        for actor in actors().values():
            if actor["Name"] == name and actor["State"] == "ALIVE":
                return Actor(actor["Pid"], actor["Address"]["NodeID"])
        return None

    def _story(self) -> str:
        told = [str(self.decisions.newest(part)) for part in range(PARTS)]
        with suppress(GraphRayError, ray.exceptions.RayError):
            told += map(str, self.graph.status().replicas)
        return "; ".join(told)


def wait_for(holds: Callable[[], bool], deadline_s: float, story: Callable[[], str]) -> float:
    """Wait until something holds; returns how many seconds that took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > deadline_s:
            raise TimeoutError(f"not within {deadline_s:g} s: {story()}")
        threading.Event().wait(_POLL_S)
    return time.monotonic() - began
