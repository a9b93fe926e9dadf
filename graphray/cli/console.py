"""``graphray console``."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress

import click

from graphray.cli.helptext import Command
from graphray.client.cluster import require_ray
from graphray.client.opened import open as open_store
from graphray.client.running import find_catalog
from graphray.console.running import RunningSource
from graphray.console.server import serve
from graphray.console.source import ConsoleSource
from graphray.console.stored import StoreSource
from graphray.kernels.warmup import ensure_compiled


@click.command("console", cls=Command)
@click.argument("name", required=False)
@click.option("--store", help="Explore a store that is opened here, with no cluster.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=int, default=8270, show_default=True, help="0 for any free one.")
@click.option("--allow-host", multiple=True, help="A name under which browsers may reach it.")
def command(
    name: str | None, store: str | None, host: str, port: int, allow_host: tuple[str, ...]
) -> None:
    """Serve a web console: how a graph fares on its cluster, and an explorer to walk in.

    Whoever reaches the port can read the graph, so by default only this machine can.

    Examples:
      graphray console papers
      graphray console --store store/ --port 0
    On another machine, through ssh:
      ssh -L 8270:localhost:8270 head graphray console papers
    """
    source = _source(name, store)
    ensure_compiled()
    if not _is_loopback(host):
        click.echo(f"warning: whoever reaches {host} can read the graph", err=True)
    with suppress(KeyboardInterrupt):  # The way to end it.
        asyncio.run(serve(source, host, port, allow_host, _say_where))


def _source(name: str | None, store: str | None) -> ConsoleSource:
    if store is not None and name is None:
        return StoreSource(open_store(store))
    if name is None or store is not None:
        raise click.UsageError("give the name of a running graph, or --store PATH")
    require_ray("graphray console")
    find_catalog(name)  # A name that does not run is told now, not in the browser.
    return RunningSource(name)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _say_where(address: str) -> None:
    click.echo(f"The console is at {address}  (Ctrl-C ends it)")
