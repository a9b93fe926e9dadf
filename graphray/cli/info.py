"""``graphray info``, and the description of a store that ``graphray build`` prints as well."""

from __future__ import annotations

from typing import Any

import click

from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table, size_text
from graphray.store import Store


@click.command("info", cls=Command)
@click.argument("store")
@click.option("--version", type=int, help="A published version.  [default: the newest]")
@click.option("--verify", is_flag=True, help="Check every file's checksum.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(store: str, version: int | None, verify: bool, as_json: bool) -> None:
    """Show what a store holds and how well it is partitioned.

    Examples:
      graphray info store/
      graphray info s3://bucket/papers --json
      graphray info store/ --verify       # reads and checks every file
    """
    opened = Store.open(store, version)
    if verify:
        opened.verify()
    description = describe(opened)
    if as_json:
        print_json(description)
        return
    print_description(description)
    if verify:
        click.echo("Every file's checksum holds.")


def describe(store: Store) -> dict[str, Any]:
    """What a store is, as a plain structure."""
    schema, book, manifest = store.schema, store.book, store.manifest
    sizes = [0] * book.parts
    for file in manifest.files:
        sizes[file.part] += file.size_bytes
    return {
        "uri": str(store.uri),
        "kind": store.kind,
        "version": manifest.version,
        "versions": list(store.versions()),
        "snapshot_id": manifest.snapshot_id,
        "format_version": manifest.format_version,
        "size_bytes": sum(sizes),
        "schema": schema.to_json(),
        "num_nodes": {name: book.num_nodes(name) for name in schema.node_type_names},
        "num_edges": {
            str(kind.relation): manifest.build["num_edges"][str(kind.relation)]
            for kind in schema.relations
        },
        "build": dict(manifest.build),
        "partitions": [
            {
                "part": part,
                "nodes": sum(
                    stop - start
                    for start, stop in (
                        book.node_range(name, part) for name in schema.node_type_names
                    )
                ),
                "in_edges": sum(
                    int(offsets[part + 1] - offsets[part])
                    for (_, direction), offsets in book.edge_offsets.items()
                    if direction == "in"
                ),
                "size_bytes": sizes[part],
            }
            for part in range(book.parts)
        ],
    }


def print_description(description: dict[str, Any]) -> None:
    """Print what `describe` found."""
    build, schema = description["build"], description["schema"]
    click.echo(
        f"{description['uri']}  version {description['version']}, kind {description['kind']}, "
        f"{size_text(description['size_bytes'])}, snapshot {description['snapshot_id']}"
    )
    click.echo("\nNodes")
    print_table(
        ("type", "count", "ids", "columns"),
        [
            (t["name"], description["num_nodes"][t["name"]], t["id_kind"], _columns(t["columns"]))
            for t in schema["node_types"]
        ],
    )
    click.echo("\nEdges")
    print_table(
        ("relation", "count", "directed", "columns"),
        [
            (
                ":".join(r["relation"]),
                description["num_edges"]["-".join(r["relation"])],
                r["directed"],
                _columns(r["columns"]),
            )
            for r in schema["relations"]
        ],
    )
    click.echo(f"\nPartitions, by {build['partitioner']}")
    print_table(
        ("part", "nodes", "in-edges", "size"),
        [
            (p["part"], p["nodes"], p["in_edges"], size_text(p["size_bytes"]))
            for p in description["partitions"]
        ],
    )
    if "edge_cut" not in build:
        click.echo(
            f"\nVersion {build['compacted_from']} and changes to it; 'graphray partition' measures "
            "how good the partition is now"
        )
        return
    click.echo(
        f"\nEdge cut {build['edge_cut']:.1%}; balance (largest over mean) "
        f"{build['node_balance']:.2f} nodes, {build['edge_balance']:.2f} edges; "
        f"a node is known to {build['replication_factor']:.2f} partitions on average"
    )


def _columns(columns: list[list[str]]) -> str:
    return ", ".join(name for name, _ in columns) or "-"
