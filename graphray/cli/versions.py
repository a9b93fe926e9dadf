"""``graphray versions``."""

from __future__ import annotations

from typing import Any

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table, size_text
from graphray.store import Place, Store
from graphray.store.retention import drop_versions


@click.command("versions", cls=Command)
@click.argument("store")
@click.option("--drop", type=int, multiple=True, metavar="VERSION", help="Remove a version.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(store: str, drop: tuple[int, ...], as_json: bool) -> None:
    """List the versions of a store, or remove some; the newest always stays.

    See that nobody reads a version before you remove it.

    Examples:
      graphray versions store/
      graphray versions store/ --drop 1 --drop 2
    """
    newest = Store.open(store)
    if drop:
        freed = drop_versions(Place(store), drop)
        click.echo(f"{size_text(freed)} freed", err=True)
    described = [_describe(Store.open(store, version)) for version in newest.versions()]
    if as_json:
        print_json(described)
        return
    print_table(
        ("version", "nodes", "edges", "size", "made by", "snapshot"),
        [
            (
                each["version"],
                each["nodes"],
                each["edges"],
                size_text(each["size_bytes"]),
                each["made_by"],
                each["snapshot_id"],
            )
            for each in described
        ],
    )


def _describe(store: Store) -> dict[str, Any]:
    manifest = store.manifest
    folded = manifest.build.get("compacted_from")
    return {
        "version": store.version,
        "nodes": sum(manifest.build["num_nodes"].values()),
        "edges": sum(manifest.build["num_edges"].values()),
        "size_bytes": sum(file.size_bytes for file in manifest.files),
        "made_by": "build" if folded is None else f"changes to version {folded}",
        "snapshot_id": manifest.snapshot_id,
    }
