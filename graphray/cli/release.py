"""``graphray release``: end a replica's quarantine."""

from __future__ import annotations

import re

import click

from graphray.cli.helptext import Command
from graphray.client.cluster import require_ray
from graphray.client.running import connect

_REPLICA = re.compile(r"(\d+)/(\d+)")


@click.command("release", cls=Command)
@click.argument("name")
@click.argument("replicas", nargs=-1, required=True, metavar="PART/REPLICA...")
def command(name: str, replicas: tuple[str, ...]) -> None:
    """Let a quarantined replica of a running graph load again.

    A replica that fails again and again is left alone for a time: `graphray status` names it, and
    `graphray events` says why. Once the cause is mended there is no need to wait.

    Examples:
      graphray release papers 3/1
    """
    places = [_parse(replica) for replica in replicas]
    require_ray("graphray release")
    graph = connect(name)
    for part, replica in places:
        is_released = graph.release(part, replica)
        what = "is released; it loads again" if is_released else "is not quarantined"
        click.echo(f"replica {replica} of partition {part} {what}")


def _parse(text: str) -> tuple[int, int]:
    found = _REPLICA.fullmatch(text)
    if found is None:
        raise click.UsageError(f"{text!r}: expected PARTITION/REPLICA, such as 3/1")
    return int(found[1]), int(found[2])
