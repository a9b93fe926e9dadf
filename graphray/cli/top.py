"""``graphray top``: how a running graph fares, brought up to date in the terminal."""

from __future__ import annotations

import time

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from graphray.cli.helptext import Command
from graphray.cli.output import print_json, size_text
from graphray.client.cluster import require_ray
from graphray.console.running import RunningSource
from graphray.console.source import Machine, Overview, ReplicaLoad
from graphray.errors import ClusterError
from graphray.status import CacheStatus, ReplicaStatus

_COLORS = {"well": "green", "degraded": "yellow", "failing": "bold red"}
_STATE_COLORS = {
    "serving": "green",
    "starting": "yellow",
    "suspect": "yellow",
    "hung": "red",
    "unreachable": "red",
    "quarantined": "red",
}


@click.command("top", cls=Command)
@click.argument("name")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.2),
    default=2.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option("--once", is_flag=True, help="Print it once and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once, print it as JSON.")
def command(name: str, interval: float, once: bool, as_json: bool) -> None:
    """Watch how a running graph fares, in the terminal.

    Shows its replicas, those that do not serve first, its caches and warnings. It goes on while the
    graph is away, and says so. Ctrl-C ends it.

    Examples:
      graphray top papers
      graphray top papers --once --json | jq .status.health
    """
    if as_json and not once:
        raise click.UsageError("--json needs --once")
    require_ray("graphray top")
    source = RunningSource(name)
    overview = source.overview()
    if as_json:
        print_json({"title": source.title, **overview.to_json()})
        return
    console = Console()
    if once:
        console.print(screen(overview, console.height))
        return
    _watch(source, overview, interval, console)


def _watch(source: RunningSource, overview: Overview, interval: float, console: Console) -> None:
    """Redraw until Ctrl-C; an error stands above what was last known."""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            trouble = ""
            while True:
                shown = screen(overview, console.height, trouble)
                live.update(shown, refresh=True)
                time.sleep(interval)
                try:
                    overview, trouble = source.overview(), ""
                except ClusterError as error:
                    trouble = f"{error}; trying again"
        except KeyboardInterrupt:
            return


def screen(overview: Overview, height: int, trouble: str = "") -> RenderableType:
    """What is shown of a graph.

    Args:
        overview: how it fares, or fared when it last answered.
        height: how many lines there are; replicas that serve are the first to be left out.
        trouble: why it cannot be told how it fares now.
    """
    status = overview.status
    head = Text.assemble((status.name, "bold"), "  ", (status.verdict, _COLORS[status.health]))
    facts = (
        f"{sum(status.nodes.values()):,} nodes, {sum(status.edges.values()):,} edges, "
        f"{status.parts} partitions, version {status.version}, "
        f"{sum(status.serving)}/{len(status.replicas)} replicas serving"
    )
    parts: list[RenderableType] = [Text(trouble, "bold red")] if trouble else []
    parts += [head, Text(facts, "dim")]
    parts += [Text(f"warning: {warning}", "yellow") for warning in status.warnings]
    below: list[RenderableType] = [_cache_table(status.caches)] if status.caches else []
    room = height - len(parts) - (len(status.caches) + 3 if status.caches else 0) - 4
    parts.append(_replica_table(overview, max(room, 3)))
    return Group(*parts, *below)


def _replica_table(overview: Overview, rows_max: int) -> Table:
    """The replicas, those that do not serve first, as many as there is room for."""
    hosts = {m.node_id: m for m in overview.machines or ()}
    loads = {(load.part, load.replica): load for load in overview.load or ()}
    columns = ["part", "replica", "state", "on", "pid", *(_LOAD_COLUMNS if loads else ()), ""]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    ordered = sorted(overview.status.replicas, key=lambda r: (r.serves, r.part, r.replica))
    for replica in ordered[:rows_max]:
        load = loads.get((replica.part, replica.replica))
        figures = _load_cells(load) if loads else ()
        table.add_row(*_replica_cells(replica, hosts), *figures, Text(replica.reason))
    if len(ordered) > rows_max:
        table.add_row("...", "", f"{len(ordered) - rows_max} more", "")
    return table


def _replica_cells(
    replica: ReplicaStatus, hosts: dict[str, Machine]
) -> tuple[str, str, Text, Text, str]:
    host = hosts.get(replica.node_id)
    return (
        str(replica.part),
        str(replica.replica),
        Text(replica.state, _STATE_COLORS.get(replica.state, "")),
        Text(f"{host.hostname} {replica.node_id[:8]}" if host else replica.node_id[:8] or "-"),
        str(replica.pid or "-"),
    )


_LOAD_COLUMNS = ("calls/s", "waiting", "p95 ms")


def _load_cells(load: ReplicaLoad | None) -> tuple[str, str, str]:
    if load is None:
        return "-", "-", "-"
    return f"{load.calls_per_s:,.0f}", str(load.queue), f"{load.p95_ms:.1f}"


def _cache_table(caches: tuple[CacheStatus, ...]) -> Table:
    columns = ("cache on", "of", "rows", "size", "hits", "misses", "hit rate")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for cache in caches:
        table.add_row(
            cache.node_id[:8],
            Text(cache.of),
            f"{cache.rows:,}",
            size_text(cache.size_bytes),
            f"{cache.hits:,}",
            f"{cache.misses:,}",
            f"{cache.hit_rate:.0%}",
        )
    return table
