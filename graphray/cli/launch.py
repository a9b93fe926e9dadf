"""``graphray launch``, which also brings a lasting Ray up where there is none."""

from __future__ import annotations

from typing import Any, get_args

import click

from graphray.cli.head import start_lasting_ray
from graphray.cli.helptext import Command
from graphray.cli.output import print_json
from graphray.cli.placement_choices import placement_choices
from graphray.cli.status import print_status
from graphray.client.cluster import require_ray
from graphray.client.launcher import launch
from graphray.config import LaunchOptions, ReplicationName
from graphray.errors import GraphNotRunning
from graphray.store import Store


@click.command("launch", cls=Command)
@click.argument("store")
@click.option("--name", required=True, help="What others connect to it by.")
@click.option("--replicas", type=int, default=2, show_default=True, help="Copies of a partition.")
@click.option(
    "--replication",
    type=click.Choice(get_args(ReplicationName)),
    default="full",
    show_default=True,
    help="How changes reach the copies.",
)
@placement_choices
@click.option("--data-dir", help="Where nodes keep changes.  [default: the user's state folder]")
@click.option("--discard-changes", is_flag=True, help="Start from the store as it is.")
@click.option("--version", type=int, help="A published version.  [default: the newest]")
@click.option("--json", "as_json", is_flag=True, help="Print the graph's status as JSON.")
def command(
    store: str,
    name: str,
    replicas: int,
    replication: ReplicationName,
    placement: dict[str, Any],
    data_dir: str | None,
    discard_changes: bool,
    version: int | None,
    as_json: bool,
) -> None:
    """Serve a store on a Ray cluster.

    The cluster is the one in RAY_ADDRESS, or one that runs on this machine; where there is none,
    Ray is started here and keeps running. Every node has to be able to read STORE.

    What was changed under NAME before is there again, unless it is discarded.

    Where replicas go is decided by --placement. Those of one partition are on different nodes
    while there are enough, and with --zone-label in different zones. What would go where, and why,
    'graphray plan' shows beforehand; it takes the same options.

    Examples:
      graphray launch store/ --name papers --replicas 2
      graphray launch store/ --name papers --zone-label ray.io/availability-zone
      graphray launch store/ --name papers --require 0:ray.io/market-type=!spot
    Then, from any process on the cluster:
      python -c "import graphray as gr; print(gr.connect('papers'))"
    """
    Store.open(store, version)  # A store that is not there is no reason to start a cluster.
    started = _ensure_lasting_ray()
    options = LaunchOptions(
        replication=replication, data_dir=data_dir, discard_changes=discard_changes, **placement
    )
    graph = launch(store, name, replicas=replicas, version=version, options=options)
    status = graph.status()
    if as_json:
        print_json(status.to_json())
        return
    print_status(status)
    click.echo(f"\nUse it:  graphray sample {name}   |   graphray.connect({name!r})")
    click.echo(f"End it:  graphray down {name}" + ("   and this Ray:  ray stop" if started else ""))


def _ensure_lasting_ray() -> bool:
    """Be connected to a cluster that outlives this command; returns whether it was started."""
    try:
        require_ray("graphray launch")
    except GraphNotRunning:
        click.echo(
            "No Ray cluster at hand: starting one on this machine (ray start --head)", err=True
        )
        start_lasting_ray()
        require_ray("graphray launch")
        return True
    return False
