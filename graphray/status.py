"""What a graph reports about itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

ReplicaState = Literal[
    "starting", "serving", "suspect", "hung", "unreachable", "quarantined", "in-process"
]

Health = Literal["well", "degraded", "failing"]
"""Every replica serves; reads go on with fewer copies; some partition has no copy that serves."""


@dataclass(frozen=True)
class ReplicaStatus:
    """One copy of a partition.

    Attributes:
        part: the partition.
        replica: the number of the copy, from 0.
        state: "serving", "starting" (loading, or being restarted), "unreachable" (did not answer),
            "suspect" or "hung" (nor answers its heartbeats), "quarantined" (failed too often, and
            is left alone for a time), or "in-process" (an opened store: this process is the only
            reader).
        node_id: Ray's id of the node it runs on; empty where it is not known.
        pid: its process on that node, or None where it is not known.
        reason: what is wrong, where something is.
        conflicts: under eventual replication, how many writes this copy has met since it was begun
            whose writer had not seen what they stand against or are merged with.
        placement: why it stands on this node, in a few words; empty where nothing decided it.
    """

    part: int
    replica: int
    state: ReplicaState
    node_id: str = ""
    pid: int | None = None
    reason: str = ""
    conflicts: int = 0
    placement: str = ""

    @property
    def serves(self) -> bool:
        """Whether it answers reads now."""
        return self.state in ("serving", "in-process")


@dataclass(frozen=True)
class CacheStatus:
    """Hot rows of one node type on one node, and how they served the node's processes.

    Attributes:
        node_id: Ray's id of the node.
        node_type: whose rows.
        columns: the properties that are cached, or what of each neighbour is; none where only reads
            were counted.
        rows: how many nodes' rows are.
        size_bytes: what they take in the node's object store.
        by: how they were chosen.
        hits: rows of partitions elsewhere that were read from here, by all processes of the node
            as they last reported.
        misses: rows of partitions elsewhere that were asked of their owners.
        adjacency: the relation and the stored direction along which the nodes' neighbours are
            cached, such as "paper-cites-paper in"; empty for their properties.
    """

    node_id: str
    node_type: str
    columns: tuple[str, ...] = ()
    rows: int = 0
    size_bytes: int = 0
    by: str = ""
    hits: int = 0
    misses: int = 0
    adjacency: str = ""

    @property
    def of(self) -> str:
        """What is cached, in words: a node type, or the adjacency that its neighbours are of."""
        return self.adjacency or self.node_type

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
    placement: str = ""

    @property
    def is_well(self) -> bool:
        """Whether every replica serves."""
        return all(replica.serves for replica in self.replicas)

    @property
    def serving(self) -> tuple[int, ...]:
        """How many replicas of each partition serve."""
        counts = [0] * self.parts
        for replica in self.replicas:
            counts[replica.part] += replica.serves
        return tuple(counts)

    @property
    def health(self) -> Health:
        """How the graph fares, in one word.

        >>> GraphStatus("g", "", 1, "", 1, {}, {}, (ReplicaStatus(0, 0, "starting"),)).health
        'failing'
        """
        if self.is_well:
            return "well"
        return "degraded" if all(self.serving) else "failing"

    @property
    def verdict(self) -> str:
        """Whether it is well, and where not, which partitions are short of what: one line."""
        if self.is_well:
            return "well: every replica serves"
        lost = [part for part, count in enumerate(self.serving) if not count]
        if lost:
            return f"failing: no replica serves {named_partitions(lost)}"
        copies = Counter(replica.part for replica in self.replicas)
        short = [part for part, count in enumerate(self.serving) if count < copies[part]]
        return (
            f"degraded: every partition is served, with fewer copies of {named_partitions(short)}"
        )

    def to_json(self) -> dict[str, Any]:
        """A plain structure for scripts."""
        judged = {"is_well": self.is_well, "health": self.health, "verdict": self.verdict}
        return {**asdict(self), **judged}


_NAMED_MAX = 5


def named_partitions(parts: list[int]) -> str:
    """The first of some partitions by number.

    >>> named_partitions([4]), named_partitions([1, 2, 3, 4, 5, 6, 7])
    ('partition 4', 'partitions 1, 2, 3, 4, 5 and 2 more')
    """
    named = ", ".join(map(str, parts[:_NAMED_MAX]))
    more = f" and {len(parts) - _NAMED_MAX} more" if len(parts) > _NAMED_MAX else ""
    return f"partition{'s' if len(parts) > 1 else ''} {named}{more}"
