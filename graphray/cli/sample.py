"""``graphray sample``."""

from __future__ import annotations

import hashlib
import os
import time
from itertools import islice
from typing import Any

import click

from graphray.cli.arguments import fanouts, seed_ids
from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table
from graphray.client.graph import Graph
from graphray.client.opened import open as open_store
from graphray.client.running import connect
from graphray.kernels.warmup import ensure_compiled
from graphray.progress import progress
from graphray.sampling.batch import Batch
from graphray.sampling.loader import Loader
from graphray.schema import Direction


@click.command("sample", cls=Command)
@click.argument("source", metavar="STORE_OR_NAME")
@click.option(
    "--seeds", help="Ids with commas between, or @FILE with an id a line.  [default: all]"
)
@click.option("--node-type", help="The seeds' type, where the graph has several.")
@click.option(
    "--fanout",
    multiple=True,
    default=["15,10"],
    show_default=True,
    metavar="[RELATION=]N,N...",
    help="Neighbours drawn per hop, -1 for all; repeat it to follow only some relations.",
)
@click.option("--batch-size", type=int, default=1024, show_default=True, help="Seeds per batch.")
@click.option("--direction", type=click.Choice(["in", "out"]), default="in", show_default=True)
@click.option("--shuffle", is_flag=True, help="Visit the seeds in a random order.")
@click.option("--rng-seed", type=int, default=0, show_default=True, help="Decides every draw.")
@click.option("--epoch", type=int, default=0, show_default=True, help="Which epoch to sample.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many batches.")
@click.option("--json", "as_json", is_flag=True, help="Print batches and digests as JSON.")
def command(
    source: str,
    seeds: str | None,
    node_type: str | None,
    fanout: tuple[str, ...],
    batch_size: int,
    direction: Direction,
    shuffle: bool,
    rng_seed: int,
    epoch: int,
    limit: int | None,
    as_json: bool,
) -> None:
    """Sample minibatches from a store or a running graph.

    A folder or URI is opened in this process; any other word is the name of a running graph.

    Examples:
      graphray sample store/ --fanout 15,10,5 --batch-size 1024
      graphray sample papers --seeds 17,42 --fanout 25,-1
      graphray sample papers --node-type paper --fanout paper:cites:paper=15,10

    Equal arguments give equal batches and digests, from any process, store or cluster that holds
    the same graph.
    """
    draws = fanouts(fanout)
    with _graph(source) as graph:
        seed_type, ids = _seeds(graph, seeds, node_type)
        loader = graph.loader(
            (seed_type, ids),
            draws,
            batch_size=batch_size,
            shuffle=shuffle,
            rng_seed=rng_seed,
            direction=direction,
        )
        ensure_compiled()
        report = {"seed_type": seed_type, **_sample(loader, epoch, limit)}
    if as_json:
        print_json(report)
    else:
        _print(report)


def _graph(source: str) -> Graph:
    if "/" in source or os.path.exists(source):
        return open_store(source)
    return connect(source)


def _seeds(graph: Graph, seeds: str | None, node_type: str | None) -> tuple[str, Any]:
    names = graph.schema.node_type_names
    if node_type is None and len(names) > 1:
        raise click.UsageError(f"choose the seeds' type with --node-type: {', '.join(names)}")
    kind = graph.schema.node_type(node_type or names[0])
    return kind.name, None if seeds is None else seed_ids(seeds, kind.id_kind)


def _sample(loader: Loader[Batch], epoch: int, limit: int | None) -> dict[str, Any]:
    count = min(len(loader), limit or len(loader))
    digest = hashlib.blake2b(digest_size=16)
    rows: list[dict[str, Any]] = []
    started = time.perf_counter()
    with progress("sampling", total=count, unit="batches") as bar:
        for batch in islice(loader.epoch(epoch), count):
            rows.append(
                {
                    "batch": batch.number,
                    "seeds": batch.num_seeds,
                    "nodes": batch.num_nodes,
                    "edges": batch.num_edges,
                    "digest": batch.digest(),
                }
            )
            digest.update(batch.digest().encode())
            bar.advance()
    took_s = time.perf_counter() - started
    totals = {name: sum(row[name] for row in rows) for name in ("seeds", "nodes", "edges")}
    return {
        "epoch": epoch,
        "took_s": round(took_s, 3),
        "seeds_per_s": round(totals["seeds"] / took_s) if rows else 0,
        "edges_per_s": round(totals["edges"] / took_s) if rows else 0,
        **totals,
        "digest": digest.hexdigest(),
        "batches": rows,
    }


_SHOWN = 10


def _print(report: dict[str, Any]) -> None:
    rows = report["batches"]
    print_table(
        ("batch", "seeds", "nodes", "edges", "digest"),
        [tuple(row.values()) for row in rows[:_SHOWN]],
    )
    if len(rows) > _SHOWN:
        click.echo(f"  ... and {len(rows) - _SHOWN} more (all of them with --json)")
    click.echo(
        f"{report['seeds']:,} seeds, {report['edges']:,} edges in {report['took_s']:.2f} s: "
        f"{report['seeds_per_s']:,} seeds/s, {report['edges_per_s']:,} edges/s; digests included"
    )
    click.echo(f"epoch digest {report['digest']}")
