"""The metrics of running graphs: every name, its labels and what it means, in one place.

Whoever exports one takes its name, help and labels from here; the documentation, the alert rules
and the dashboard are checked against it. What a process counts is kept by `graphray.tally`, and
exported by `graphray.client.exporter`; nothing here depends on either.

Names say the unit at their end. Ray puts ``ray_`` before a name and ``_total`` behind a counter's,
and adds labels of its own (node and worker).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphray.errors import ArgumentError

MetricKind = Literal["counter", "gauge", "histogram"]
Exporter = Literal["replica", "catalog", "client", "autoscaler"]

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LONG_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
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
        by: which processes export it; a client is any process that uses a running graph.
        boundaries: of a histogram's buckets, above 0 and rising.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...]
    by: Exporter
    boundaries: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind == "histogram") != bool(self.boundaries):
            raise ArgumentError(f"metric {self.name!r}: a histogram has boundaries, others none")

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus knows it.

        >>> CALLS.series, TERM.series
        (('ray_graphray_calls_total',), ('ray_graphray_term',))
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
    "Calls that a replica took up; the outcome is ok, error or shed",
    (*_REPLICA, "method", "outcome"),
    "replica",
)
CALL_SECONDS = Metric(
    "graphray_call_seconds",
    "histogram",
    "From when a replica takes a call up to its answer, in seconds",
    (*_REPLICA, "method"),
    "replica",
    _SECONDS,
)
QUEUE_SECONDS = Metric(
    "graphray_queue_seconds",
    "histogram",
    "From a request's arrival at a replica until it is run, in seconds",
    _REPLICA,
    "replica",
    _SECONDS,
)
QUEUE_LENGTH = Metric(
    "graphray_queue_length",
    "gauge",
    "Requests that have arrived at a replica and wait to be run",
    _REPLICA,
    "replica",
)
ROWS = Metric(
    "graphray_rows",
    "counter",
    "Rows that a replica was asked for",
    _REPLICA,
    "replica",
)
SENT_BYTES = Metric(
    "graphray_sent_bytes",
    "counter",
    "Bytes that a replica answered with",
    _REPLICA,
    "replica",
)
REPLICA_LOADED = Metric(
    "graphray_replica_loaded",
    "gauge",
    "1 where a replica has loaded its partition, else 0",
    _REPLICA,
    "replica",
)
REPLICA_MEMORY_BYTES = Metric(
    "graphray_replica_memory_bytes",
    "gauge",
    "What a replica keeps in memory of its own, in bytes",
    _REPLICA,
    "replica",
)
REPLICA_TERM = Metric(
    "graphray_replica_term",
    "gauge",
    "The term that a replica works in",
    _REPLICA,
    "replica",
)
REPLICA_ROLE = Metric(
    "graphray_replica_role",
    "gauge",
    "1 for the role of a replica: primary, backup, head, link, tail, learner, peer or none",
    (*_REPLICA, "role"),
    "replica",
)
LOG_POSITION = Metric(
    "graphray_log_position",
    "gauge",
    "The last log entry that a replica has applied",
    _REPLICA,
    "replica",
)
UNCOMMITTED_ENTRIES = Metric(
    "graphray_uncommitted_entries",
    "gauge",
    "Entries of a replica's log that it does not know to be committed",
    _REPLICA,
    "replica",
)
LOG_LAG_ENTRIES = Metric(
    "graphray_log_lag_entries",
    "gauge",
    "Log entries that a replica is behind the one that sends it the log, which exports this",
    _REPLICA,
    "replica",
)
LOG_WRITE_SECONDS = Metric(
    "graphray_log_write_seconds",
    "histogram",
    "From a write to a replica's log until it is on disk (fsync), in seconds",
    _REPLICA,
    "replica",
    _SECONDS,
)
PENDING_BYTES = Metric(
    "graphray_pending_bytes",
    "gauge",
    "What changes take in a replica's memory beside the store, in bytes",
    _REPLICA,
    "replica",
)
PINNED_SNAPSHOTS = Metric(
    "graphray_pinned_snapshots",
    "gauge",
    "States that are pinned at a replica",
    _REPLICA,
    "replica",
)
CONFLICTS = Metric(
    "graphray_conflicts",
    "counter",
    "Conflicting writes that a replica has met, under eventual replication",
    _REPLICA,
    "replica",
)
REPLICAS_WANTED = Metric(
    "graphray_replicas_wanted",
    "gauge",
    "Replicas that a partition is to have",
    ("graph", "part"),
    "catalog",
)
REPLICAS_SERVING = Metric(
    "graphray_replicas_serving",
    "gauge",
    "Replicas of a partition that serve",
    ("graph", "part"),
    "catalog",
)
REPLICA_STATE = Metric(
    "graphray_replica_state",
    "gauge",
    "1 for the state that a replica is in, as graphray status shows it, and 0 for the others",
    (*_REPLICA, "state"),
    "catalog",
)
TERM = Metric(
    "graphray_term",
    "gauge",
    "The term of a partition's newest configuration: how many were begun",
    ("graph", "part"),
    "catalog",
)
COMPACTION_SECONDS = Metric(
    "graphray_compaction_seconds",
    "histogram",
    "Duration of compactions that ended well, in seconds",
    ("graph",),
    "catalog",
    _LONG_SECONDS,
)
CACHED_BYTES = Metric(
    "graphray_feature_cache_bytes",
    "gauge",
    "Hot rows that a node keeps of other nodes' partitions, in bytes",
    ("graph", "node", "node_type"),
    "catalog",
)
NEIGHBOR_CACHED_BYTES = Metric(
    "graphray_neighbor_cache_bytes",
    "gauge",
    "Hot neighbours that a node keeps of other nodes' partitions, in bytes",
    ("graph", "node", "adjacency"),
    "catalog",
)
SAMPLED_EDGES = Metric(
    "graphray_sampled_edges",
    "counter",
    "Edges of the neighbourhoods that samplers drew",
    ("graph",),
    "client",
)
CACHE_HITS = Metric(
    "graphray_feature_cache_hits",
    "counter",
    "Rows of other nodes' partitions that were read from this node's cache",
    ("graph", "node_type"),
    "client",
)
CACHE_MISSES = Metric(
    "graphray_feature_cache_misses",
    "counter",
    "Rows of other nodes' partitions that were asked of their owners",
    ("graph", "node_type"),
    "client",
)
NEIGHBOR_CACHE_HITS = Metric(
    "graphray_neighbor_cache_hits",
    "counter",
    "Nodes of other nodes' partitions whose neighbours were drawn from this node's cache",
    ("graph", "adjacency"),
    "client",
)
NEIGHBOR_CACHE_MISSES = Metric(
    "graphray_neighbor_cache_misses",
    "counter",
    "Nodes of other nodes' partitions whose neighbours were drawn by their owners",
    ("graph", "adjacency"),
    "client",
)
FAILOVERS = Metric(
    "graphray_failovers",
    "counter",
    "Calls of clients that went to another replica because one did not answer",
    ("graph", "part"),
    "client",
)
HEDGED_CALLS = Metric(
    "graphray_hedged_calls",
    "counter",
    "Second calls that clients made because the first was slow",
    ("graph", "part"),
    "client",
)
WRITES = Metric(
    "graphray_writes",
    "counter",
    "Writes to a partition; the outcome is applied, refused or indeterminate",
    ("graph", "part", "outcome"),
    "client",
)
SCALING_DECISIONS = Metric(
    "graphray_scaling_decisions",
    "counter",
    "Changes that the autoscaler asked for: add, remove, split or merge",
    ("graph", "part", "change"),
    "autoscaler",
)
REPLICA_MOVES = Metric(
    "graphray_replica_moves",
    "counter",
    "Replicas moved to another node; the cause is drain, death, balance or label",
    ("graph", "part", "cause"),
    "autoscaler",
)

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order above."""
