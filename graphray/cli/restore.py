"""``graphray restore``."""

from __future__ import annotations

import click

from graphray.cli.helptext import Command
from graphray.store.backup import restore


@click.command("restore", cls=Command)
@click.argument("uri")
@click.argument("store")
@click.option("--version", type=int, help="A version of the backup.  [default: the newest]")
def command(uri: str, store: str, version: int | None) -> None:
    """Bring a version of a graph back from a backup, as a store.

    Examples:
      graphray restore s3://bucket/papers store/
      graphray restore /mnt/backup/papers store/ --version 3
    """
    restored = restore(uri, store, version)
    click.echo(f"version {restored.version} is at {store}")
