"""``graphray partition``: how a store is partitioned, and how it could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from graphray.building.stored_problem import stored_problem
from graphray.cli.arguments import sizes
from graphray.cli.helptext import Command
from graphray.cli.output import print_json, print_table, size_text
from graphray.progress import progress
from graphray.store import Store
from partitioners.goal import Goal
from partitioners.picture import draw
from partitioners.repartition import Repartition, repartition
from partitioners.report import Report, report, run_and_report


@click.command("partition", cls=Command)
@click.argument("store")
@click.option("--partitioner", "tried", multiple=True, help="Try this one; may be repeated.")
@click.option("--parts", type=int, help="Number of partitions.  [default: as the store has]")
@click.option(
    "--balance", multiple=True, metavar="NAME", help="nodes, edges, or a column; may be repeated."
)
@click.option("--target-sizes", metavar="2,1,1", help="Relative sizes of the partitions.")
@click.option("--imbalance", type=float, help="A partition may hold this many times its target.")
@click.option("--repartition", "moves", is_flag=True, help="Plan what moves where, as few as can.")
@click.option("--report", "full", is_flag=True, help="Also per node type and per relation.")
@click.option("--plot", type=click.Path(dir_okay=False), help="Draw it: a .png, .svg or .pdf.")
@click.option("--rng-seed", type=int, default=0, show_default=True, help="For partitioners.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    store: str,
    tried: tuple[str, ...],
    parts: int | None,
    balance: tuple[str, ...],
    target_sizes: str | None,
    imbalance: float | None,
    moves: bool,
    full: bool,
    plot: str | None,
    rng_seed: int,
    as_json: bool,
) -> None:
    """Show how well a store is partitioned, and try other ways; nothing is written.

    How it is:
      graphray partition store/ --report --plot parts.png
    Beside other partitioners, into as many parts or another number:
      graphray partition store/ --partitioner metis --partitioner multilevel --parts 8
    What would have to move for another number of parts:
      graphray partition store/ --parts 6 --repartition
    Or for a node of twice the memory:
      graphray partition store/ --parts 3 --target-sizes 2,1,1 --repartition

    Unless told otherwise, what the store was built to balance is balanced.
    """
    opened = Store.open(store)
    problem, current = stored_problem(opened)
    wanted = opened.parts if parts is None else parts
    built_by = f"{opened.manifest.build['partitioner']} (as stored)"
    reports = [report(problem, current, opened.parts, built_by)]
    goal = Goal.of(
        balance or problem.goal.balance,
        _target_sizes(target_sizes, problem.goal, same_parts=wanted == opened.parts),
        imbalance,
    )
    goal.shares(wanted)  # Raises where the sizes are not one per partition, whatever is tried.
    # What comes short of a goal is worth seeing here.
    problem = replace(problem, goal=replace(goal, best_effort=True))
    for name in tried if not moves else ():
        with progress(f"partitioning with {name}"):
            reports.append(run_and_report(problem, name, wanted, rng_seed=rng_seed)[1])
    plan = None
    if moves:
        with progress("planning moves"):
            chosen = tried[0] if tried else "multilevel"
            plan = repartition(problem, current, wanted, partitioner=chosen, rng_seed=rng_seed)
        reports.append(report(problem, plan.assignment, wanted, f"{chosen} ({plan.strategy})"))
    if plot is not None:
        draw(reports, plot)
    if as_json:
        print_json(_as_json(reports, plan))
        return
    _print_reports(reports, full)
    if plan is not None:
        _print_plan(plan, problem.num_nodes)
    if plot is not None:
        click.echo(f"\nDrawn in {plot}")


def _target_sizes(written: str | None, goal: Goal, *, same_parts: bool) -> Sequence[float] | None:
    """The sizes asked for, else those the store was built with."""
    if written is not None:
        return sizes(written)
    return goal.target_sizes if same_parts else None


def _as_json(reports: list[Report], plan: Repartition | None) -> dict[str, Any]:
    result: dict[str, Any] = {"partitions": [each.to_json() for each in reports]}
    if plan is not None:
        result["moved_nodes"] = plan.moved_nodes
        result["strategy"] = plan.strategy
        result["moves"] = [vars(move) for move in plan.moves]
    return result


def _print_reports(reports: list[Report], full: bool) -> None:
    weighed = list(dict.fromkeys(name for each in reports for name in each.quality.column_balance))
    cost = "edge cut" if reports[0].quality.connectivity is None else "λ - 1"
    print_table(
        (
            *("partitioner", "parts", cost, "nodes", "edges", *weighed),
            *("known to", "boundary", "s", "peak"),
        ),
        [
            (
                each.partitioner,
                each.parts,
                _cost(each),
                each.quality.node_balance,
                each.quality.edge_balance,
                *(each.quality.column_balance.get(name) for name in weighed),
                each.quality.replication_factor,
                each.quality.boundary_nodes,
                each.seconds,
                None if each.peak_memory_bytes is None else size_text(each.peak_memory_bytes),
            )
            for each in reports
        ],
    )
    click.echo(
        f"\n{', '.join(('nodes', 'edges', *weighed))}: the fullest part over its target; known to: "
        "partitions that have to know a node, on average"
    )
    for each in reports if full else ():
        quality = each.quality
        click.echo(f"\n{each.partitioner}, by node type")
        print_table(("type", "balance"), list(quality.node_balance_by_type.items()))
        click.echo(f"\n{each.partitioner}, by relation")
        print_table(
            ("relation", "edge cut", "balance"),
            [
                (name, f"{cut:.1%}", quality.edge_balance_by_relation[name])
                for name, cut in quality.edge_cut_by_relation.items()
            ],
        )


def _cost(each: Report) -> str:
    connectivity = each.quality.connectivity
    return f"{each.quality.edge_cut:.1%}" if connectivity is None else f"{connectivity:,}"


def _print_plan(plan: Repartition, num_nodes: int) -> None:
    share = plan.moved_nodes / max(num_nodes, 1)
    click.echo(f"\n{plan.moved_nodes:,} of {num_nodes:,} nodes move ({share:.1%})")
    print_table(
        ("from part", "to part", "nodes"),
        [(move.source, move.destination, move.nodes) for move in plan.moves],
    )
