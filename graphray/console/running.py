"""The console's source for a graph that runs on a cluster, followed through launches."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import ray

from graphray.client.graph import Graph
from graphray.client.running import ClusterAccess, find_catalog
from graphray.config import CallPolicy
from graphray.console.explorer import Explorer
from graphray.console.neighborhood import Neighborhood, NeighborhoodQuery
from graphray.console.source import Event, Machine, Overview
from graphray.console.stored import overview_of

PATIENCE = CallPolicy(deadline_s=10.0, try_timeout_s=3.0)
"""A person who looks at a page wants to be told soon what is wrong."""

_HEAD = "node:__internal_head__"


class FollowedGraph:
    """A running graph by its name: connected to anew when it was launched again or has changed.

    Args:
        name: the name it was launched under.
        policy: how long to wait for its actors.
    """

    def __init__(self, name: str, policy: CallPolicy = PATIENCE) -> None:
        self.name = name
        self._policy = policy
        self._lock = threading.Lock()
        self._catalog: Any = None
        self._graph: Graph | None = None

    def current(self) -> Graph:
        """The graph of that name that runs now.

        Raises:
            GraphNotRunning: where none does.
            ClusterError: where its catalog does not answer.
        """
        catalog = find_catalog(self.name)
        with self._lock:
            if self._graph is None or catalog != self._catalog:
                self._graph = Graph(ClusterAccess(catalog, self._policy))
                self._catalog = catalog
            return self._graph

    def forget(self, graph: Graph) -> None:
        """Connect anew next time, if that is the graph at hand."""
        with self._lock:
            if graph is self._graph:
                self._graph = None

    def close(self) -> None:
        """Let go of the graph."""
        with self._lock:
            if self._graph is not None:
                self._graph.close()
                self._graph = None


class RunningSource:
    """A running graph (see `graphray.console.source.ConsoleSource`).

    Args:
        name: the name it was launched under.
        policy: how long to wait for its actors.
    """

    def __init__(self, name: str, policy: CallPolicy = PATIENCE) -> None:
        self.title = name
        self._followed = FollowedGraph(name, policy)
        self._lock = threading.Lock()
        self._explorer_of: tuple[Graph, Explorer] | None = None

    def overview(self) -> Overview:
        """How the graph fares, and the cluster that it runs on."""
        graph = self._followed.current()
        found = overview_of(graph)
        if found.status.snapshot_id != graph.snapshot_id:
            self._followed.forget(graph)  # Another version is served by now.
        return replace(found, machines=living_machines())

    def schema(self) -> dict[str, Any]:
        """Node types and relations."""
        return self._explorer().schema()

    def events(self, after: int) -> tuple[Event, ...] | None:
        """None: running graphs keep no events."""
        return None

    def neighborhood(self, query: NeighborhoodQuery) -> Neighborhood:
        """A sampled neighbourhood."""
        return self._explorer().neighborhood(query)

    def node(self, node_type: str | None, node_id: str) -> dict[str, Any]:
        """One node and its properties."""
        return self._explorer().node(node_type, node_id)

    def close(self) -> None:
        """Let go of the graph; it goes on for others."""
        self._followed.close()

    def _explorer(self) -> Explorer:
        graph = self._followed.current()
        with self._lock:
            if self._explorer_of is None or self._explorer_of[0] is not graph:
                self._explorer_of = graph, Explorer(graph)
            return self._explorer_of[1]


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
