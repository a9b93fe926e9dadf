"""What the console shows, and the seam to whoever knows it.

The page leaves out whatever a source does not know (None): an opened store has no machines, and a
graph that keeps no events has no list of them. Nothing is made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from graphray.console.neighborhood import Neighborhood, NeighborhoodQuery
from graphray.status import GraphStatus


@dataclass(frozen=True)
class Machine:
    """One living node of the cluster.

    Attributes:
        node_id: Ray's id of it, as in `graphray.status.ReplicaStatus`.
        address: its IP address.
        hostname: its name.
        is_head: whether Ray's head runs there.
        cpus: logical CPUs that it offers.
        memory_bytes: memory that it offers to tasks and actors.
        labels: Ray's labels of it, such as its zone.
    """

    node_id: str
    address: str
    hostname: str
    is_head: bool
    cpus: float
    memory_bytes: int
    labels: Mapping[str, str]


@dataclass(frozen=True)
class PartitionSize:
    """What one partition owns: nodes, and entries of the adjacency that leads to them."""

    nodes: int
    edges: int


@dataclass(frozen=True)
class ReplicaLoad:
    """How much one replica has to do, and how fast it is.

    Attributes:
        part: the partition.
        replica: the number of the copy.
        calls_per_s: calls that it answered, over the last seconds.
        queue: calls that wait.
        p95_ms: the time within which 95 % of its answers came.
        lag: log entries that it has yet to apply; None where the graph takes no changes.
    """

    part: int
    replica: int
    calls_per_s: float
    queue: int
    p95_ms: float
    lag: int | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to a graph, and why.

    Attributes:
        number: rises from event to event.
        at_unix_s: when, in seconds since 1970.
        kind: a word or two, such as "promoted" or "scaled up".
        text: what happened, in a sentence.
        cause: why; empty where it is not known.
    """

    number: int
    at_unix_s: float
    kind: str
    text: str
    cause: str = ""


@dataclass(frozen=True)
class Overview:
    """A graph at a glance, for the page's upper half.

    Attributes:
        status: as `graphray.Graph.status` gives it.
        kind: which kind of graph it is.
        partitions: by partition.
        machines: the cluster; None for an opened store.
        load: per replica; None where it is not measured.
    """

    status: GraphStatus
    kind: str
    partitions: tuple[PartitionSize, ...]
    machines: tuple[Machine, ...] | None = None
    load: tuple[ReplicaLoad, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the page."""
        return {**asdict(self), "status": self.status.to_json()}


class ConsoleSource(Protocol):
    """One graph, as the console asks about it; called from several threads at once.

    Every method raises `graphray.errors.GraphNotRunning` or another `ClusterError` while the graph
    cannot be reached, and works again when it can be.
    """

    @property
    def title(self) -> str:
        """What the graph is called: its name, or the place of its store."""
        ...

    def overview(self) -> Overview:
        """How it fares now."""
        ...

    def schema(self) -> dict[str, Any]:
        """Node types and relations; see `graphray.console.explorer.Explorer.schema`."""
        ...

    def events(self, after: int) -> tuple[Event, ...] | None:
        """Events with a number above ``after``, oldest first; None where none are kept."""
        ...

    def neighborhood(self, query: NeighborhoodQuery) -> Neighborhood:
        """A sampled neighbourhood.

        Raises:
            NotFoundError: where the node, its type or a relation is not in the graph.
            ArgumentError: where the query is out of range.
        """
        ...

    def node(self, node_type: str | None, node_id: str) -> dict[str, Any]:
        """One node and its properties; raises as `neighborhood` does."""
        ...

    def close(self) -> None:
        """Let go of the graph."""
        ...
