"""``graphray status``."""

from __future__ import annotations

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table
from graphray.client.cluster import require_ray
from graphray.client.running import connect, running_graphs
from graphray.status import GraphStatus


@click.command("status", cls=Command)
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a list of graphs as JSON.")
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Show who serves what, and how it fares.

    NAMES are graphs on the cluster at hand; without any, all of them.

    Examples:
      graphray status
      graphray status papers
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
        print_status(graph)


def print_status(status: GraphStatus) -> None:
    """Print one graph: a line about it, a row per replica, and its warnings."""
    serving = sum(replica.state == "serving" for replica in status.replicas)
    click.echo(
        f"{status.name}  {sum(status.nodes.values()):,} nodes, "
        f"{sum(status.edges.values()):,} edges, {status.parts} partitions, "
        f"{serving}/{len(status.replicas)} replicas serving"
    )
    click.echo(f"  from {status.uri}, version {status.version}")
    print_table(
        ("part", "replica", "state", "node", "pid", ""),
        [
            (r.part, r.replica, r.state, r.node_id[:8] or None, str(r.pid or "-"), r.reason)
            for r in status.replicas
        ],
    )
    if status.caches:
        print_table(
            ("cache on", "type", "columns", "rows", "MiB", "by", "hit rate"),
            [
                (
                    cache.node_id[:8],
                    cache.node_type,
                    ", ".join(cache.columns),
                    f"{cache.rows:,}",
                    f"{cache.size_bytes / 2**20:.1f}",
                    cache.by,
                    f"{cache.hit_rate:.0%}",
                )
                for cache in status.caches
            ],
        )
    for warning in status.warnings:
        click.echo(f"  warning: {warning}")
