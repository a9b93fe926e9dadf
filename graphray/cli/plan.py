"""``graphray plan``: what would go where, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from graphray.cli.arguments import labels
from graphray.cli.cluster_nodes import nodes_of_cluster
from graphray.cli.helptext import Command
from graphray.cli.node_file import nodes_from_file
from graphray.cli.output import print_json, print_table, size_text
from graphray.client.cluster import require_ray
from graphray.client.running import connect
from graphray.config import LaunchOptions
from graphray.errors import InputError
from graphray.placement import (
    PartitionDemand,
    PlacementOptions,
    PlacementProblem,
    Plan,
    plan,
)
from graphray.reading.cut_between import cut_between
from graphray.store import Store

Present = dict[int, tuple[str, ...]]


@click.command("plan", cls=Command)
@click.argument("store")
@click.option("--nodes", metavar="FILE", help="Nodes, as JSON or YAML.  [default: Ray's]")
@click.option("--replicas", type=int, default=2, show_default=True, help="Copies of a partition.")
@click.option(
    "--strategy",
    default="balanced",
    show_default=True,
    help="balanced, spread, pack, affinity, labels, or your own.",
)
@click.option("--spread-zones", is_flag=True, help="Replicas of a partition in zones of their own.")
@click.option("--require", multiple=True, metavar="LABEL=VALUE", help="What a node has to have.")
@click.option("--prefer", multiple=True, metavar="LABEL=VALUE", help="For --strategy labels.")
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
    strategy: str,
    spread_zones: bool,
    require: tuple[str, ...],
    prefer: tuple[str, ...],
    present: str | None,
    tolerance: float,
    version: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show which replica would go to which node, and why; nothing is started or moved.

    On the cluster at hand, or on one that a file describes:
      graphray plan store/ --replicas 2 --dry-run
      graphray plan store/ --nodes nodes.yaml --strategy affinity --spread-zones
    What would move if the nodes were these:
      graphray plan store/ --nodes nodes.yaml --json > now.json
      graphray plan store/ --nodes fewer.yaml --present now.json

    Exit code 1 means that no plan was found; the message names what is missing.
    """
    opened = Store.open(store, version, verify=False)
    if nodes is None:
        require_ray("graphray plan without --nodes")
    problem = PlacementProblem(
        _demands(opened, replicas),
        nodes_of_cluster() if nodes is None else nodes_from_file(nodes),
        PlacementOptions(
            spread_zones=spread_zones,
            require=labels("--require", require),
            prefer=labels("--prefer", prefer),
            tolerance=tolerance,
        ),
        _present(present),
        cut_between(opened),
    )
    found = plan(problem, strategy)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found, opened.parts, replicas)
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)


def _demands(store: Store, replicas: int) -> tuple[PartitionDemand, ...]:
    """What a replica of each partition needs: its shard in memory."""
    sizes = [0] * store.parts
    for file in store.manifest.files:
        sizes[file.part] += file.size_bytes
    cpus = LaunchOptions.cpus_per_replica
    return tuple(
        PartitionDemand(part, size, cpus, replicas=replicas) for part, size in enumerate(sizes)
    )


def _present(source: str | None) -> Present:
    """Where replicas stand now: in a plan's JSON, or as a running graph says."""
    if source is None:
        return {}
    if "/" in source or os.path.exists(source):
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
