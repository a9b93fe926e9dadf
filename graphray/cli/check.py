"""``graphray check``."""

from __future__ import annotations

import click

from graphray.checking.store_check import check_store
from graphray.cli.helptext import Command
from graphray.cli.output import print_json
from graphray.store import Store

EXIT_UNSOUND = 1


@click.command("check", cls=Command)
@click.argument("store")
@click.option("--version", type=int, help="A published version.  [default: the newest]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(context: click.Context, store: str, version: int | None, as_json: bool) -> None:
    """Check a store: checksums, order, ends and both directions of every edge.

    Changes nothing. The exit code is 1 where something is wrong.

    Examples:
      graphray check store/
      graphray check s3://bucket/papers --version 3 --json
    """
    report = check_store(Store.open(store, version))
    if as_json:
        print_json(report.to_json())
    else:
        for problem in report.problems:
            click.echo(str(problem))
        click.echo(
            f"version {report.version}: {len(report.problems)} problems in {report.files:,} files, "
            f"{report.nodes:,} nodes, {report.entries:,} adjacency entries"
        )
    if not report.is_sound:
        context.exit(EXIT_UNSOUND)
