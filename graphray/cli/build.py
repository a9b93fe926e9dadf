"""``graphray build``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from graphray.building.builder import IfExists, build
from graphray.building.executors import ExecutorName
from graphray.cli.arguments import edge_files, node_files, sizes
from graphray.cli.helptext import Command
from graphray.cli.info import describe, print_description
from graphray.cli.output import print_json
from graphray.ingest import MissingNodes


@click.command("build", cls=Command)
@click.argument("edges", nargs=-1, required=True)
@click.argument("store")
@click.option("--nodes", multiple=True, metavar="[TYPE=]FILE", help="Node table, ids in 'id'.")
@click.option("--parts", type=int, default=1, show_default=True, help="Number of partitions.")
@click.option(
    "--partitioner",
    help="hash, range, random, metis, multilevel, streaming, semantic, hierarchical, hypergraph, "
    "knowledge, hierarchical-knowledge, metagraph, or your own.  [default: multilevel; hash with "
    "--memory-budget]",
)
@click.option(
    "--balance",
    multiple=True,
    metavar="NAME",
    help="nodes, edges, or a node column of weights; may be repeated. Held, or the build fails.",
)
@click.option("--target-sizes", metavar="2,1,1", help="Relative sizes of the partitions.")
@click.option("--imbalance", type=float, help="A partition may hold this many times its target.")
@click.option(
    "--directed/--undirected", default=None, help="What the edges are; directed by default."
)
@click.option(
    "--missing-nodes",
    type=click.Choice(["error", "add"]),
    default="error",
    show_default=True,
    help="Reject an edge to a node that the node table lacks, or add the node.",
)
@click.option(
    "--if-exists",
    type=click.Choice(["error", "new_version"]),
    default="error",
    show_default=True,
    help="Refuse to touch a store that is there, or publish its next version.",
)
@click.option("--src", help="Column of source ids.  [default: src, source, or the first]")
@click.option("--dst", help="Column of destination ids.  [default: dst, target, or the second]")
@click.option("--rng-seed", type=int, default=0, show_default=True, help="For partitioners.")
@click.option(
    "--memory-budget", metavar="SIZE", help="Hold no more than this, such as 4GiB; spills to disk."
)
@click.option(
    "--spill-folder", metavar="FOLDER", help="Where to spill.  [default: beside the store]"
)
@click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    help="Threads of this process, or tasks of the Ray cluster at hand.  [default: local]",
)
@click.option("--workers", type=int, help="How many work at once.  [default: one per processor]")
@click.option("--json", "as_json", is_flag=True, help="Print what was built as JSON.")
def command(
    edges: tuple[str, ...],
    store: str,
    nodes: tuple[str, ...],
    parts: int,
    partitioner: str | None,
    balance: tuple[str, ...],
    target_sizes: str | None,
    imbalance: float | None,
    directed: bool | None,
    missing_nodes: MissingNodes,
    if_exists: IfExists,
    src: str | None,
    dst: str | None,
    rng_seed: int,
    memory_budget: str | None,
    spill_folder: str | None,
    executor: ExecutorName | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Build a partitioned store from edge and node files.

    EDGES are Parquet, CSV or JSON Lines: a file, folder, glob or URI. STORE is the folder or URI
    to build.

    One kind of edge:
      graphray build edges.csv store/ --parts 4 --partitioner metis
    For nodes of unequal memory, with a column of weights balanced too:
      graphray build e.csv store/ --nodes n.csv --parts 3 --balance cost --target-sizes 2,1,1
    A graph larger than memory:
      graphray build edges/ store/ --parts 64 --memory-budget 4GiB
    By all machines of a Ray cluster, which see the same folders:
      graphray build edges/ store/ --parts 64 --executor ray
    With a node table, whose other columns become properties:
      graphray build cites.parquet store/ --nodes papers.parquet
    Several kinds:
      graphray build author:writes:paper=writes.csv paper:cites:paper=cites.csv store/
    With a node table for each type:
      graphray build author:writes:paper=w.csv store/ --nodes author=a.csv --nodes paper=p.csv

    Input is checked before anything is written; a build that fails leaves no store.
    """
    built = build(
        edge_files(edges),
        store,
        nodes=node_files(nodes),
        parts=parts,
        partitioner=partitioner,
        balance=balance or None,
        target_sizes=None if target_sizes is None else sizes(target_sizes),
        imbalance=imbalance,
        directed=directed,
        missing_nodes=missing_nodes,
        if_exists=if_exists,
        src=src,
        dst=dst,
        rng_seed=rng_seed,
        memory_budget=memory_budget,
        spill_folder=spill_folder,
        executor=executor,
        workers=workers,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    description = describe(built)
    if as_json:
        print_json(description)
    else:
        print_description(description)
