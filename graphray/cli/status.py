"""``graphray status``: one screen per graph, whatever its size."""

from __future__ import annotations

from collections import defaultdict

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table, size_text
from graphray.client.cluster import require_ray
from graphray.client.running import connect, running_graphs
from graphray.status import CacheStatus, GraphStatus, ReplicaStatus

_REPLICAS_LISTED_MAX = 24
_UNWELL_LISTED_MAX = 12


@click.command("status", cls=Command)
@click.argument("names", nargs=-1)
@click.option("--replicas", "every", is_flag=True, help="List every replica, however many.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of graphs as JSON.")
def command(names: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Show who serves what, and how it fares.

    NAMES are graphs on the cluster at hand; without any, all of them. The first line of each says
    whether it is well. A graph with many replicas is summed up by node, and only the replicas that
    do not serve are listed.

    Examples:
      graphray status
      graphray status papers --replicas
      graphray status papers --json | jq '.[0].is_well'
    """
    require_ray("graphray status")
    graphs = [connect(name).status() for name in names or running_graphs()]
    if as_json:
        print_json([graph.to_json() for graph in graphs])
        return
    if not graphs:
        click.echo(
            "No graph runs on this cluster; start one with: graphray launch STORE --name NAME"
        )
    for number, graph in enumerate(graphs):
        click.echo("\n" if number else "", nl=False)
        print_status(graph, every_replica=every)


def print_status(status: GraphStatus, *, every_replica: bool = False) -> None:
    """Print one graph: whether it is well, its replicas, caches and warnings."""
    click.echo(f"{status.name}  {status.verdict}")
    click.echo(
        f"  {sum(status.nodes.values()):,} nodes, {sum(status.edges.values()):,} edges, "
        f"{status.parts} partitions, {sum(status.serving)}/{len(status.replicas)} replicas serving"
    )
    placed = f", placed by {status.placement!r}" if status.placement else ""
    click.echo(f"  from {status.uri}, version {status.version}{placed}")
    if every_replica or len(status.replicas) <= _REPLICAS_LISTED_MAX:
        _print_replicas(status.replicas)
    else:
        _print_by_node(status.replicas)
    if status.caches:
        _print_caches(status.caches)
    for warning in status.warnings:
        click.echo(f"  warning: {warning}")


def _print_replicas(replicas: tuple[ReplicaStatus, ...]) -> None:
    print_table(
        ("part", "replica", "state", "node", "pid", ""),
        [
            (r.part, r.replica, r.state, r.node_id[:8] or None, str(r.pid or "-"), _remark(r))
            for r in replicas
        ],
    )


def _remark(replica: ReplicaStatus) -> str:
    conflicts = f"{replica.conflicts:,} conflicts resolved" if replica.conflicts else ""
    return "; ".join(filter(None, (replica.reason, conflicts)))


def _print_by_node(replicas: tuple[ReplicaStatus, ...]) -> None:
    """How many replicas serve on each node, then those that do not."""
    by_node: defaultdict[str, list[ReplicaStatus]] = defaultdict(list)
    for replica in replicas:
        by_node[replica.node_id].append(replica)
    print_table(
        ("node", "replicas", "serving"),
        [
            (node[:8] or "not known", len(there), sum(replica.serves for replica in there))
            for node, there in sorted(by_node.items())
        ],
    )
    unwell = tuple(replica for replica in replicas if not replica.serves)
    if unwell:
        _print_replicas(unwell[:_UNWELL_LISTED_MAX])
    if len(unwell) > _UNWELL_LISTED_MAX:
        click.echo(f"  ... and {len(unwell) - _UNWELL_LISTED_MAX} more (all with --replicas)")


def _print_caches(caches: tuple[CacheStatus, ...]) -> None:
    print_table(
        ("cache on", "of", "columns", "rows", "size", "by", "hit rate"),
        [
            (
                cache.node_id[:8],
                cache.of,
                ", ".join(cache.columns),
                f"{cache.rows:,}",
                size_text(cache.size_bytes),
                cache.by,
                f"{cache.hit_rate:.0%}",
            )
            for cache in caches
        ],
    )
