"""The console's source for a graph that runs on a cluster, followed through launches."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import ray

from graphray.client.graph import Graph
from graphray.client.running import ClusterAccess, find_catalog
from graphray.config import CallPolicy
from graphray.console.explorer import Explorer
from graphray.console.neighborhood import Neighborhood, NeighborhoodQuery
from graphray.console.source import Event, Machine, Overview
from graphray.console.stored import overview_of
from graphray.events import Event as GraphEvent

PATIENCE = CallPolicy(deadline_s=10.0, try_timeout_s=3.0)
"""A person who looks at a page wants to be told soon what is wrong."""

_HEAD = "node:__internal_head__"


@dataclass(frozen=True)
class _Connection:
    """A hold on the graph.

    Attributes:
        catalog: the actor handle that was found under the name.
        graph: the graph.
        explorer: draws its neighbourhoods.
        snapshot_id: what the catalog served then.
    """

    catalog: Any
    graph: Graph
    explorer: Explorer
    snapshot_id: str


class RunningSource:
    """A running graph (see `graphray.console.source.ConsoleSource`).

    It is connected to anew when it was launched again, or serves another version.

    Args:
        name: the name it was launched under.
        policy: how long to wait for its actors.
    """

    def __init__(self, name: str, policy: CallPolicy = PATIENCE) -> None:
        self.title = name
        self._policy = policy
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def overview(self) -> Overview:
        """How the graph fares, and the cluster that it runs on."""
        connection = self._connected()
        found = overview_of(connection.graph)
        if found.status.snapshot_id != connection.snapshot_id:
            self._let_go_of(connection)
        return replace(found, machines=living_machines())

    def schema(self) -> dict[str, Any]:
        """Node types and relations."""
        return self._connected().explorer.schema()

    def events(self, after: int) -> tuple[Event, ...] | None:
        """What has happened, as the graph's catalog noted it."""
        return tuple(map(_shown, self._connected().graph.events(after)))

    def neighborhood(self, query: NeighborhoodQuery) -> Neighborhood:
        """A sampled neighbourhood."""
        return self._connected().explorer.neighborhood(query)

    def node(self, node_type: str | None, node_id: str) -> dict[str, Any]:
        """One node and its properties."""
        return self._connected().explorer.node(node_type, node_id)

    def close(self) -> None:
        """Let go of the graph; it goes on for others."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.graph.close()

    def _connected(self) -> _Connection:
        catalog = find_catalog(self.title)
        with self._lock:
            if self._connection is None or self._connection.catalog != catalog:
                graph = Graph(ClusterAccess(catalog, self._policy))
                served = graph.status().snapshot_id
                self._connection = _Connection(catalog, graph, Explorer(graph), served)
            return self._connection

    def _let_go_of(self, connection: _Connection) -> None:
        """Connect anew next time, unless that has been done."""
        with self._lock:
            if self._connection is connection:
                self._connection = None


def _shown(event: GraphEvent) -> Event:
    text = f"{event.what}; {event.action}" if event.action else event.what
    return Event(event.number, event.at_unix_s, event.kind, text, event.cause)


def living_machines() -> tuple[Machine, ...]:
    """The nodes of the cluster at hand that are alive, the head first."""
    machines = [_machine(node) for node in ray.nodes() if node["Alive"]]
    return tuple(sorted(machines, key=lambda m: (not m.is_head, m.hostname, m.node_id)))


def _machine(node: dict[str, Any]) -> Machine:
    resources = node["Resources"]
    return Machine(
        node_id=node["NodeID"],
        address=node["NodeManagerAddress"],
        hostname=node["NodeManagerHostname"],
        is_head=_HEAD in resources,
        cpus=resources.get("CPU", 0.0),
        memory_bytes=int(resources.get("memory", 0)),
        labels=dict(node.get("Labels") or {}),
    )
