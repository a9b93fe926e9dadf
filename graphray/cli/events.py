"""``graphray events``: what has happened to a running graph, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_table
from graphray.client.cluster import require_ray
from graphray.client.graph import Graph
from graphray.client.running import connect
from graphray.config import CallPolicy
from graphray.errors import ClusterError
from graphray.events import KINDS, Event

# A person who looks on wants to be told soon that the graph is away.
_PATIENCE = CallPolicy(deadline_s=10.0, try_timeout_s=3.0)
_COLORS = {"info": "green", "warning": "yellow", "error": "red"}
_KIND_WIDTH = max(map(len, KINDS))


def _list_kinds(context: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given:
        rows = [(kind.name, kind.severity, kind.meaning) for kind in KINDS.values()]
        print_table(("kind", "severity", "when"), rows)
        context.exit()


@click.command("events", cls=Command)
@click.argument("name")
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@click.option("--since", default=0, metavar="N", help="Only events with a number above N.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(list(KINDS)),
    metavar="KIND",
    help="Only events of this kind; repeat it for more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, with numbers.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="With --follow, seconds between looks.",
)
@click.option(
    "--list-kinds",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_kinds,
    help="List the kinds of event and end.",
)
def command(
    name: str, follow: bool, since: int, kinds: tuple[str, ...], as_json: bool, interval: float
) -> None:
    """Show what has happened to a running graph, and why.

    Nodes that come, are to leave, and go; replicas that are found, serve, are late, hang, die, are
    made anew, or are left alone because they fail again and again; who leads a partition. Each
    event says what happened, by which cause, and what is done about it.

    The graph's catalog keeps the newest ones, from the launch or its own last restart on. With
    --follow it goes on while the graph is away, and says so. Ctrl-C ends it.

    Examples:
      graphray events papers
      graphray events papers --follow
      graphray events papers --kind replica-dead --kind replica-quarantined
      graphray events papers --json | jq -r 'select(.severity == "error").what'
    """
    require_ray("graphray events")
    graph = connect(name, policy=_PATIENCE)
    since = _show(graph.events(since), since, kinds, as_json)
    if follow:
        try:
            _follow(name, graph, since, kinds, as_json, interval)
        except KeyboardInterrupt:
            return


def _follow(
    name: str,
    connected: Graph,
    since: int,
    kinds: Sequence[str],
    as_json: bool,
    interval: float,
) -> None:
    """Print events as they come, for ever; while the graph is away, why."""
    graph: Graph | None = connected
    trouble = ""
    while True:
        time.sleep(interval)
        try:
            graph = graph or connect(name, policy=_PATIENCE)
            found = graph.events(since)
        except ClusterError as error:
            graph = None  # It may have been launched again.
            if str(error) != trouble:
                trouble = str(error)
                click.echo(f"{trouble}; trying again", err=True)
            continue
        trouble = ""
        since = _show(found, since, kinds, as_json)


def _show(events: Sequence[Event], since: int, kinds: Sequence[str], as_json: bool) -> int:
    """Print the chosen ones; returns the number of the last."""
    for event in events:
        if not kinds or event.kind in kinds:
            click.echo(json.dumps(event.to_json()) if as_json else _text(event))
    return events[-1].number if events else since


def _text(event: Event) -> str:
    """An event on a line, and what is done about it on a second one."""
    at = datetime.fromtimestamp(event.at_unix_s).strftime("%Y-%m-%d %H:%M:%S")
    severity = click.style(f"{event.severity:7}", _COLORS[event.severity])
    head = f"{at}  {severity}  {event.kind:{_KIND_WIDTH}}  "
    story = f"{event.what}: {event.cause}" if event.cause else event.what
    if not event.action:
        return head + story
    return f"{head}{story}\n{' ' * len(click.unstyle(head))}{event.action}"
