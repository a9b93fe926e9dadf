"""``graphray quickstart``."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json
from graphray.quickstart.story import tell


@click.command("quickstart", cls=Command)
@click.option("--folder", help="Keep the store in this folder.  [default: a temporary one]")
@click.option("--parts", type=int, default=4, show_default=True, help="Number of partitions.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(folder: str | None, parts: int, as_json: bool) -> None:
    """See it all on a graph you have: your own Python environment.

    Reads the installed distributions, modules, classes and functions into a graph (nothing is
    executed), partitions it, serves it with two replicas per partition on a Ray of its own,
    samples an epoch, kills a replica in the middle of it, and shows that nothing was lost. It
    takes one to three minutes and ends everything it started.

    Examples:
      graphray quickstart
      graphray quickstart --folder env-store/    # and then: graphray info env-store/
    """
    report = tell(folder, parts=parts, say=partial(click.echo, err=as_json))
    if as_json:
        print_json(asdict(report))
