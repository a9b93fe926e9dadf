"""``graphray backup``."""

from __future__ import annotations

import click

from graphray.cli.helptext import Command
from graphray.store import Store
from graphray.store.backup import copy_version


@click.command("backup", cls=Command)
@click.argument("store")
@click.argument("uri")
@click.option("--version", type=int, help="A published version.  [default: the newest]")
def command(store: str, uri: str, version: int | None) -> None:
    """Copy a version of a store to another place; what is there is not copied again.

    Examples:
      graphray backup store/ s3://bucket/papers
      graphray backup store/ /mnt/backup/papers --version 3
    """
    copied = copy_version(Store.open(store, version), uri)
    click.echo(f"version {copied.version} is at {uri}")
