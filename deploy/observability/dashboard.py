"""Prints dashboard.json, a Grafana dashboard of running graphs; every panel is one line below.

python deploy/observability/dashboard.py > deploy/observability/dashboard.json
"""

from __future__ import annotations

import json
from typing import Any

WIDTH, HEIGHT, COLUMNS = 8, 8, 3
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# Title, unit, legend, expression; $graph is chosen at the top of the dashboard.
PANELS = (
    (
        "Partitions without a replica",
        "none",
        "partitions",
        'count(max by (part) (ray_graphray_replicas_serving{graph="$graph"}) == 0) or vector(0)',
    ),
    (
        "Replicas missing",
        "none",
        "partition {{part}}",
        'max by (part) (ray_graphray_replicas_wanted{graph="$graph"})'
        ' - max by (part) (ray_graphray_replicas_serving{graph="$graph"})',
    ),
    (
        "Replicas that do not serve",
        "none",
        "{{state}}",
        'sum by (state) (ray_graphray_replica_state{graph="$graph", state!="serving"})',
    ),
    (
        "Calls per second",
        "reqps",
        "{{outcome}}",
        'sum by (outcome) (rate(ray_graphray_calls_total{graph="$graph"}[1m]))',
    ),
    (
        "Call latency, p95",
        "s",
        "{{method}}",
        "histogram_quantile(0.95, sum by (method, le)"
        ' (rate(ray_graphray_call_seconds_bucket{graph="$graph"}[1m])))',
    ),
    (
        "Wait of requests, p95, hottest partitions",
        "s",
        "partition {{part}}",
        "topk(5, histogram_quantile(0.95, sum by (part, le)"
        ' (rate(ray_graphray_queue_seconds_bucket{graph="$graph"}[1m]))))',
    ),
    (
        "Queue length, longest",
        "none",
        "partition {{part}} replica {{replica}}",
        'topk(5, ray_graphray_queue_length{graph="$graph"})',
    ),
    (
        "Sampled edges per second",
        "none",
        "edges/s",
        'sum(rate(ray_graphray_sampled_edges_total{graph="$graph"}[1m]))',
    ),
    (
        "Bytes sent by replicas",
        "Bps",
        "partition {{part}}",
        'topk(5, sum by (part) (rate(ray_graphray_sent_bytes_total{graph="$graph"}[1m])))',
    ),
    (
        "Rows sent by replicas",
        "none",
        "rows/s",
        'sum(rate(ray_graphray_rows_total{graph="$graph"}[1m]))',
    ),
    (
        "Feature cache hit rate",
        "percentunit",
        "{{node_type}}",
        'sum by (node_type) (rate(ray_graphray_feature_cache_hits_total{graph="$graph"}[5m]))'
        ' / (sum by (node_type) (rate(ray_graphray_feature_cache_hits_total{graph="$graph"}[5m]))'
        " + sum by (node_type)"
        ' (rate(ray_graphray_feature_cache_misses_total{graph="$graph"}[5m])))',
    ),
    (
        "Neighbor cache hit rate",
        "percentunit",
        "{{adjacency}}",
        'sum by (adjacency) (rate(ray_graphray_neighbor_cache_hits_total{graph="$graph"}[5m]))'
        ' / (sum by (adjacency) (rate(ray_graphray_neighbor_cache_hits_total{graph="$graph"}[5m]))'
        " + sum by (adjacency)"
        ' (rate(ray_graphray_neighbor_cache_misses_total{graph="$graph"}[5m])))',
    ),
    (
        "Failovers",
        "reqps",
        "partition {{part}}",
        'sum by (part) (rate(ray_graphray_failovers_total{graph="$graph"}[1m]))',
    ),
    (
        "Second calls to slow replicas",
        "reqps",
        "partition {{part}}",
        'sum by (part) (rate(ray_graphray_hedged_calls_total{graph="$graph"}[1m]))',
    ),
    (
        "Writes per second",
        "wps",
        "{{outcome}}",
        'sum by (outcome) (rate(ray_graphray_writes_total{graph="$graph"}[1m]))',
    ),
    (
        "Log lag, furthest behind",
        "none",
        "partition {{part}} replica {{replica}}",
        'topk(5, ray_graphray_log_lag_entries{graph="$graph"})',
    ),
    (
        "Log position",
        "none",
        "partition {{part}}",
        'max by (part) (ray_graphray_log_position{graph="$graph"})',
    ),
    (
        "Uncommitted entries, most",
        "none",
        "partition {{part}} replica {{replica}}",
        'topk(5, ray_graphray_uncommitted_entries{graph="$graph"})',
    ),
    (
        "Write to the log until it is on disk, p95",
        "s",
        "partition {{part}}",
        "histogram_quantile(0.95, sum by (part, le)"
        ' (rate(ray_graphray_log_write_seconds_bucket{graph="$graph"}[1m])))',
    ),
    (
        "Terms begun per hour",
        "none",
        "partition {{part}}",
        'changes((max by (part) (ray_graphray_term{graph="$graph"}))[1h:])',
    ),
    (
        "Replicas by role",
        "none",
        "{{role}}",
        'sum by (role) (ray_graphray_replica_role{graph="$graph"})',
    ),
    (
        "Changes in memory, largest",
        "bytes",
        "partition {{part}} replica {{replica}}",
        'topk(5, ray_graphray_pending_bytes{graph="$graph"})',
    ),
    (
        "Pinned snapshots",
        "none",
        "partition {{part}}",
        'max by (part) (ray_graphray_pinned_snapshots{graph="$graph"})',
    ),
    (
        "Compactions per hour",
        "none",
        "compactions",
        'sum(increase(ray_graphray_compaction_seconds_count{graph="$graph"}[1h]))',
    ),
    (
        "Replicas that have loaded",
        "none",
        "partition {{part}}",
        'sum by (part) (ray_graphray_replica_loaded{graph="$graph"})',
    ),
    (
        "Feature cache",
        "bytes",
        "{{node_type}} on {{node}}",
        'ray_graphray_feature_cache_bytes{graph="$graph"}',
    ),
    (
        "Neighbor cache",
        "bytes",
        "{{adjacency}} on {{node}}",
        'ray_graphray_neighbor_cache_bytes{graph="$graph"}',
    ),
    (
        "Memory of replicas, largest",
        "bytes",
        "partition {{part}} replica {{replica}}",
        'topk(5, ray_graphray_replica_memory_bytes{graph="$graph"})',
    ),
    (
        "Replicas wanted",
        "none",
        "partition {{part}}",
        'topk(10, max by (part) (ray_graphray_replicas_wanted{graph="$graph"}))',
    ),
    (
        "Autoscaler's changes per hour",
        "none",
        "{{change}}",
        'sum by (change) (increase(ray_graphray_scaling_decisions_total{graph="$graph"}[1h]))',
    ),
    (
        "Moved replicas per hour",
        "none",
        "{{cause}}",
        'sum by (cause) (increase(ray_graphray_replica_moves_total{graph="$graph"}[1h]))',
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana imports it."""
    return {
        "title": "GraphRay",
        "uid": "graphray",
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_datasource(), _graph()]},
        "panels": [_panel(number, *panel) for number, panel in enumerate(PANELS)],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus"}


def _graph() -> dict[str, Any]:
    return {
        "name": "graph",
        "type": "query",
        "datasource": DATASOURCE,
        "query": "label_values(ray_graphray_replicas_serving, graph)",
        "refresh": 2,
    }


def _panel(number: int, title: str, unit: str, legend: str, expression: str) -> dict[str, Any]:
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "title": title,
        "type": "timeseries",
        "datasource": DATASOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": "A", "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}
        ],
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
