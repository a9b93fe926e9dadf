"""``graphray plan``: what would go where, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from graphray.cli.helptext import Command
from graphray.cli.node_file import nodes_from_file
from graphray.cli.output import print_json, print_table, size_text
from graphray.cli.placement_choices import placement_choices
from graphray.client.cluster import require_ray
from graphray.client.cluster_nodes import nodes_of_cluster
from graphray.client.launch_plan import launch_problem, placement_options
from graphray.client.running import connect
from graphray.config import LaunchOptions
from graphray.errors import InputError
from graphray.placement import ClusterNode, PlacementOptions, Plan, plan
from graphray.reading.cut_between import cut_between
from graphray.store import Store

Present = dict[int, tuple[str, ...]]


@click.command("plan", cls=Command)
@click.argument("store")
@click.option("--nodes", metavar="FILE", help="Nodes, as JSON or YAML.  [default: Ray's]")
@click.option("--replicas", type=int, default=2, show_default=True, help="Copies of a partition.")
@placement_choices
@click.option(
    "--spread-zones", is_flag=True, help="Like --zone-label, by the zones that --nodes gives."
)
@click.option(
    "--present", metavar="GRAPH|FILE", help="Move little from a running graph, or a plan as JSON."
)
@click.option(
    "--tolerance",
    type=float,
    default=PlacementOptions.tolerance,
    show_default=True,
    help="How unevenly filled nodes may be before a replica that stands is moved.",
)
@click.option("--version", type=int, help="A published version.  [default: the newest]")
@click.option("--dry-run", is_flag=True, help="Only print the plan; nothing else is ever done.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(
    store: str,
    nodes: str | None,
    replicas: int,
    placement: dict[str, Any],
    spread_zones: bool,
    present: str | None,
    tolerance: float,
    version: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show which replica would go to which node, and why; nothing is started or moved.

    On the cluster at hand, as 'graphray launch' would do it now with the same options, or on one
    that a file describes:
      graphray plan store/ --replicas 2 --dry-run
      graphray plan store/ --nodes nodes.yaml --placement affinity --spread-zones
    What would move if the nodes were these:
      graphray plan store/ --nodes nodes.yaml --json > now.json
      graphray plan store/ --nodes fewer.yaml --present now.json

    Exit code 1 means that no plan was found; the message names what is missing.
    """
    opened = Store.open(store, version, verify=False)
    if nodes is None:
        require_ray("graphray plan without --nodes")
    options = LaunchOptions(replicas=replicas, **placement)
    to_keep = placement_options(options)
    to_keep = replace(
        to_keep, spread_zones=spread_zones or to_keep.spread_zones, tolerance=tolerance
    )
    problem = launch_problem(
        opened,
        options,
        to_keep,
        _nodes(nodes, options.zone_label, present),
        _present(present),
        cut_between(opened),
    )
    found = plan(problem, options.placement)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found, opened.parts, replicas)
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)


def _nodes(
    path: str | None, zone_label: str | None, present: str | None
) -> tuple[ClusterNode, ...]:
    """The nodes of a file, or of the cluster at hand without what a running graph holds there."""
    if path is None:
        graph = None if present is None or _is_file(present) else present
        return nodes_of_cluster(zone_label, graph=graph)
    nodes = nodes_from_file(path)
    if zone_label is None:
        return nodes
    return tuple(replace(node, zone=node.labels.get(zone_label, "")) for node in nodes)


def _is_file(source: str) -> bool:
    """Whether what stands at present is told by a file; the name of a graph has no slash."""
    return "/" in source or os.path.exists(source)


def _present(source: str | None) -> Present:
    """Where replicas stand now: in a plan's JSON, or as a running graph says."""
    if source is None:
        return {}
    if _is_file(source):
        try:
            told = json.loads(Path(source).read_text(encoding="utf-8"))["replicas"]
            standing = [(int(r["part"]), int(r["replica"]), str(r["node_id"])) for r in told]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"is no plan as JSON ({error!r})", source=source) from error
    else:
        require_ray("graphray plan --present GRAPH")
        with connect(source) as graph:
            standing = [(r.part, r.replica, r.node_id) for r in graph.status().replicas]
    return _by_part(standing)


def _by_part(standing: Sequence[tuple[int, int, str]]) -> Present:
    found: dict[int, tuple[str, ...]] = {}
    for part, _, node_id in sorted(standing):
        found[part] = (*found.get(part, ()), node_id)
    return found


def _print(found: Plan, parts: int, replicas: int) -> None:
    click.echo(
        f"{parts} partitions, {replicas} replicas each, on {len(found.nodes)} nodes "
        f"by {found.strategy!r}"
    )
    print_table(
        ("part", "replica", "node", "why"),
        [(r.part, r.replica, r.node_id, r.reason) for r in found.replicas],
    )
    click.echo()
    print_table(
        ("node", "zone", "replicas", "memory", "of it", "CPUs"),
        [
            (
                node.node_id,
                node.zone or None,
                node.replicas,
                size_text(node.memory_bytes),
                f"{node.memory_share:.0%}",
                node.cpus,
            )
            for node in found.nodes
        ],
    )
    click.echo()
    if found.traffic is not None and found.traffic.edges:
        cut_share = found.traffic.cut_edges / found.traffic.edges
        click.echo(
            f"Of the edges that are followed, {found.traffic.share:.1%} lead to another node "
            f"({cut_share:.1%} to another partition)"
        )
    click.echo(f"{found.moves} replicas move; {size_text(found.copied_bytes)} are loaded")
