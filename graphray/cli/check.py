"""``graphray check``."""

from __future__ import annotations

from pathlib import Path

import click

from graphray.checking.report import CheckReport
from graphray.checking.store_check import check_store
from graphray.cli.helptext import Command
from graphray.cli.output import print_json
from graphray.client.replica_check import check_replicas
from graphray.client.running import compacted
from graphray.store import Store

EXIT_UNSOUND = 1


@click.command("check", cls=Command)
@click.argument("store")
@click.option("--version", type=int, help="A published version.  [default: the newest]")
@click.option("--repair", is_flag=True, help="Have wrong replicas come back from their peers.")
@click.option(
    "--compact",
    is_flag=True,
    help="Publish the changes of a running graph, and check that version as a store as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(
    context: click.Context,
    store: str,
    version: int | None,
    repair: bool,
    compact: bool,
    as_json: bool,
) -> None:
    """Check a store: checksums, order, ends and both directions of every edge.

    Where the argument is no path but the name of a running graph, check its replicas: that those
    that are equally far hold the same, and what lies on their disks. Changes nothing, unless it is
    told to repair. The exit code is 1 where something is wrong, or was before it was repaired.

    Examples:
      graphray check store/
      graphray check s3://bucket/papers --version 3 --json
      graphray check papers --repair
      graphray check papers --compact
    """
    if _is_name(store):
        _check_running(context, store, repair, compact, as_json)
        return
    if repair:
        raise click.UsageError(
            "--repair is for running graphs: a store is brought back from a backup"
        )
    if compact:
        raise click.UsageError("--compact is for running graphs: a store has no changes")
    report = check_store(Store.open(store, version))
    if as_json:
        print_json(report.to_json())
    else:
        _show_stored(report)
    if not report.is_sound:
        context.exit(EXIT_UNSOUND)


def _show_stored(report: CheckReport) -> None:
    for problem in report.problems:
        click.echo(str(problem))
    click.echo(
        f"version {report.version}: {len(report.problems)} problems in {report.files:,} files, "
        f"{report.nodes:,} nodes, {report.entries:,} adjacency entries"
    )


def _is_name(target: str) -> bool:
    return "/" not in target and not Path(target).exists()


def _check_running(
    context: click.Context, name: str, repair: bool, compact: bool, as_json: bool
) -> None:
    report = check_replicas(name, repair=repair)
    stored = check_store(compacted(name)) if compact else None
    if as_json:
        print_json(report.to_json() | ({} if stored is None else {"store": stored.to_json()}))
    else:
        for problem in report.problems:
            click.echo(str(problem))
        for part, replica in report.repaired:
            click.echo(f"partition {part}, replica {replica}: comes back from its peers")
        click.echo(f"{name}: {len(report.problems)} problems in {report.replicas} replicas")
        if stored is not None:
            _show_stored(stored)
    if not (report.is_sound and (stored is None or stored.is_sound)):
        context.exit(EXIT_UNSOUND)
