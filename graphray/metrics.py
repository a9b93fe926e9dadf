"""The metrics of running graphs: every name, its labels and what it means, in one place.

Whoever exports one takes its name, help and labels from here; the documentation, the alert rules
and the dashboard are checked against it. Nothing here depends on how metrics are exported.

Names say the unit at their end. Ray puts ``ray_`` before a name and ``_total`` behind a counter's,
and adds labels of its own (node and worker).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphray.errors import ArgumentError

MetricKind = Literal["counter", "gauge", "histogram"]

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_REPLICA = ("graph", "part", "replica")


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is given to Ray.
        kind: a counter only rises; a gauge is what is at the moment; a histogram counts into
            buckets.
        help: what it counts, with the unit.
        labels: what it is told apart by.
        boundaries: of a histogram's buckets, above 0 and rising.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...]
    boundaries: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind == "histogram") != bool(self.boundaries):
            raise ArgumentError(f"metric {self.name!r}: a histogram has boundaries, others none")

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus knows it.

        >>> CALLS.series, QUEUE_LENGTH.series
        (('ray_graphray_calls_total',), ('ray_graphray_queue_length',))
        """
        exported = f"ray_{self.name}"
        if self.kind == "counter":
            return (f"{exported}_total",)
        if self.kind == "histogram":
            return tuple(f"{exported}_{part}" for part in ("bucket", "sum", "count"))
        return (exported,)


CALLS = Metric(
    "graphray_calls",
    "counter",
    "Calls that a replica was asked; the outcome is ok, error or shed",
    (*_REPLICA, "method", "outcome"),
)
CALL_SECONDS = Metric(
    "graphray_call_seconds",
    "histogram",
    "From a call's arrival at a replica to its answer, in seconds",
    (*_REPLICA, "method"),
    _SECONDS,
)
QUEUE_SECONDS = Metric(
    "graphray_queue_seconds",
    "histogram",
    "From a call's arrival at a replica until a thread takes it up, in seconds",
    _REPLICA,
    _SECONDS,
)
QUEUE_LENGTH = Metric(
    "graphray_queue_length", "gauge", "Calls that wait for a thread of a replica", _REPLICA
)
ROWS = Metric("graphray_rows", "counter", "Rows that a replica answered with", _REPLICA)
SENT_BYTES = Metric(
    "graphray_sent_bytes", "counter", "Bytes that a replica answered with", _REPLICA
)
SAMPLED_EDGES = Metric(
    "graphray_sampled_edges",
    "counter",
    "Edges drawn by samplers, in clients' processes and in replicas",
    ("graph",),
)
CACHE_HITS = Metric(
    "graphray_feature_cache_hits",
    "counter",
    "Rows of other nodes' partitions that were read from this node's cache",
    ("graph", "node_type"),
)
CACHE_MISSES = Metric(
    "graphray_feature_cache_misses",
    "counter",
    "Rows of other nodes' partitions that were asked of their owners",
    ("graph", "node_type"),
)
NEIGHBOR_CACHE_HITS = Metric(
    "graphray_neighbor_cache_hits",
    "counter",
    "Nodes of other nodes' partitions whose neighbours were drawn from this node's cache",
    ("graph", "adjacency"),
)
NEIGHBOR_CACHE_MISSES = Metric(
    "graphray_neighbor_cache_misses",
    "counter",
    "Nodes of other nodes' partitions whose neighbours were drawn by their owners",
    ("graph", "adjacency"),
)
FAILOVERS = Metric(
    "graphray_failovers",
    "counter",
    "Calls of clients that another replica answered because the first did not",
    ("graph", "part"),
)
HEDGED_CALLS = Metric(
    "graphray_hedged_calls",
    "counter",
    "Second calls that clients made because the first was slow",
    ("graph", "part"),
)
REPLICAS_WANTED = Metric(
    "graphray_replicas_wanted", "gauge", "Replicas that a partition is to have", ("graph", "part")
)
REPLICAS_SERVING = Metric(
    "graphray_replicas_serving",
    "gauge",
    "Replicas of a partition that serve",
    ("graph", "part"),
)
REPLICA_HEALTH = Metric(
    "graphray_replica_health",
    "gauge",
    "1 for the state that a replica is in: well, slow, suspect, hung, unreachable or dead",
    (*_REPLICA, "health"),
)
REPLICA_QUARANTINED = Metric(
    "graphray_replica_quarantined",
    "gauge",
    "1 where a replica failed too often and is not restarted for the time being",
    _REPLICA,
)
REPLICA_MEMORY_BYTES = Metric(
    "graphray_replica_memory_bytes", "gauge", "What a replica keeps in memory, in bytes", _REPLICA
)
TERM = Metric(
    "graphray_term", "gauge", "The term of a partition's configuration", ("graph", "part")
)
WRITES = Metric(
    "graphray_writes",
    "counter",
    "Writes to a partition; the outcome is applied, refused or indeterminate",
    ("graph", "part", "outcome"),
)
LOG_POSITION = Metric(
    "graphray_log_position", "gauge", "The last log entry that a replica has applied", _REPLICA
)
LOG_LAG_ENTRIES = Metric(
    "graphray_log_lag_entries",
    "gauge",
    "Log entries that a replica is behind its primary",
    _REPLICA,
)
SCALING_DECISIONS = Metric(
    "graphray_scaling_decisions",
    "counter",
    "Changes that the autoscaler asked for: add, remove, split or merge",
    ("graph", "part", "change"),
)
REPLICA_MOVES = Metric(
    "graphray_replica_moves",
    "counter",
    "Replicas moved to another node; the cause is drain, death, balance or label",
    ("graph", "part", "cause"),
)

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order above."""
