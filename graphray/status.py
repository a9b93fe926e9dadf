"""What a graph reports about itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

ReplicaState = Literal["starting", "serving", "unreachable", "in-process"]


@dataclass(frozen=True)
class ReplicaStatus:
    """One copy of a partition.

    Attributes:
        part: the partition.
        replica: the number of the copy, from 0.
        state: "serving", "starting" (loading, or being restarted), "unreachable" (did not answer),
            or "in-process" (an opened store: this process is the only reader).
        node_id: Ray's id of the node it runs on; empty where it is not known.
        pid: its process on that node, or None where it is not known.
        reason: what is wrong, where something is.
    """

    part: int
    replica: int
    state: ReplicaState
    node_id: str = ""
    pid: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class CacheStatus:
    """The hot rows of one node type on one node, and how they served the node's processes.

    Attributes:
        node_id: Ray's id of the node.
        node_type: whose rows.
        columns: the properties that are cached; none where only reads were counted.
        rows: how many nodes' rows are.
        size_bytes: what they take in the node's object store.
        by: how they were chosen.
        hits: rows of partitions elsewhere that were read from here, by all processes of the node
            as they last reported.
        misses: rows of partitions elsewhere that were asked of their owners.
    """

    node_id: str
    node_type: str
    columns: tuple[str, ...] = ()
    rows: int = 0
    size_bytes: int = 0
    by: str = ""
    hits: int = 0
    misses: int = 0

    @property
    def hit_rate(self) -> float:
        """The share of hits; 0 where nothing was read."""
        return self.hits / max(1, self.hits + self.misses)


@dataclass(frozen=True)
class GraphStatus:
    """A graph at a glance.

    Attributes:
        name: the name it was launched under; empty for an opened store.
        uri: where its store is.
        version: the published version that is served.
        snapshot_id: what tells this state of the graph from every other.
        parts: number of partitions.
        nodes: nodes per type.
        edges: adjacency entries per relation (an undirected edge has one at each end).
        replicas: every copy of every partition.
        caches: the rows of other nodes' partitions that nodes keep.
        warnings: what the graph had to settle for, such as replicas that share a node.
    """

    name: str
    uri: str
    version: int
    snapshot_id: str
    parts: int
    nodes: dict[str, int]
    edges: dict[str, int]
    replicas: tuple[ReplicaStatus, ...]
    warnings: tuple[str, ...] = ()
    caches: tuple[CacheStatus, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether every replica serves."""
        return all(replica.state in ("serving", "in-process") for replica in self.replicas)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for scripts."""
        return {**asdict(self), "is_well": self.is_well}
