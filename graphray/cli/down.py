"""``graphray down``."""

from __future__ import annotations

import click

from graphray.cli.helptext import Command
from graphray.client.cluster import require_ray
from graphray.client.running import connect, running_graphs


@click.command("down", cls=Command)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="End every graph on the cluster.")
def command(names: tuple[str, ...], every: bool) -> None:
    """End a running graph; its store stays.

    Examples:
      graphray down papers
      graphray down --all
    """
    if bool(names) == every:
        raise click.UsageError("give the names of graphs, or --all")
    require_ray("graphray down")
    for name in names or running_graphs():
        connect(name).shutdown()
        click.echo(f"{name} is down")
