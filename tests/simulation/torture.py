"""A long round: many seeds of every scenario, every planted bug, and the tables of the docs.

    python -m tests.simulation.torture --seeds 200

rewrites the part of ``docs/guarantees.md`` between its two markers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import click

from tests.simulation.hunt import hunt, run_seed
from tests.simulation.planted import PLANTED
from tests.simulation.recovery import Recovery
from tests.simulation.runs import Run
from tests.simulation.scenarios import SCENARIOS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guarantees.md"
BEGIN, END = "<!-- simulation: begin -->", "<!-- simulation: end -->"
FAULTS = [
    "crashes",
    "power cuts",
    "disks lost",
    "pauses",
    "network cuts",
    "network storms",
    "usurpations",
    "catalog deaths",
    "clock jumps",
    "moves",
    "clients died",
]
LOST_RULES = {"nothing lost", "last write stays", "all or nothing"}


@dataclass
class Totals:
    """What came of all seeds of one scenario."""

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Run] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)

    def add(self, run: Run) -> None:
        self.seeds += 1
        self.counts.update(run.counts)
        self.recoveries += run.recoveries
        if run.violations:
            self.failed.append(run)

    @property
    def anomalies(self) -> int:
        return sum(len(run.violations) for run in self.failed)

    @property
    def lost(self) -> int:
        return sum(v.rule in LOST_RULES for run in self.failed for v in run.violations)


def run_all(seeds: int, first_seed: int) -> dict[str, Totals]:
    """Every scenario, so many seeds of each."""
    totals = {name: Totals() for name in SCENARIOS}
    for name, total in totals.items():
        for rng_seed in range(first_seed, first_seed + seeds):
            run = run_seed(name, rng_seed)
            total.add(run)
            for violation in run.violations:
                click.echo(f"{run.command}\n  {violation.rule}: {violation.what[:500]}", err=True)
        click.echo(f"{name}: {seeds} seeds, {total.anomalies} anomalies", err=True)
    return totals


def hunt_all() -> list[tuple[str, str, Run | None]]:
    """Every planted bug: its name, its scenario, and the run that shows it."""
    found = []
    for bug in PLANTED:
        run = hunt(bug)
        found.append((bug.name, bug.scenario, run))
        click.echo(f"planted: {bug.name}: {'found' if run else 'NOT FOUND'}", err=True)
    return found


def report(totals: dict[str, Totals], planted: list[tuple[str, str, Run | None]]) -> str:
    """The three tables, as Markdown."""
    caught = sum(run is not None for _, _, run in planted)
    lines = [
        "| scenario | seeds | operations | acknowledged writes | messages lost, doubled, delayed "
        "| other faults | terms | anomalies | acknowledged writes lost |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_scenario_row(name, total) for name, total in totals.items()),
        "",
        f"Planted bugs caught: {caught} of {len(planted)}.",
        "",
        "| planted bug | scenario | seeds until found | what showed it |",
        "| --- | --- | --- | --- |",
        *(_planted_row(*row) for row in planted),
        "",
        "| what took the primary away | times | next term begun, median / p95 ms "
        "| first good write, median / p95 ms |",
        "| --- | --- | --- | --- |",
        *_recovery_rows([r for total in totals.values() for r in total.recoveries]),
    ]
    return "\n".join(lines)


def _scenario_row(name: str, total: Totals) -> str:
    counts = total.counts
    messages = sum(counts[f"messages {what}"] for what in ("lost", "doubled", "delayed"))
    faults = sum(counts[fault] for fault in FAULTS)
    return (
        f"| {name} | {total.seeds} | {counts['operations']:,} | {counts['acknowledged writes']:,} "
        f"| {messages:,} | {faults:,} | {counts['terms']:,} | {total.anomalies} | {total.lost} |"
    )


def _planted_row(name: str, scenario: str, run: Run | None) -> str:
    if run is None:
        return f"| {name} | {scenario} | not found | |"
    rules = ", ".join(sorted({violation.rule for violation in run.violations}))
    return f"| {name} | {scenario} | {run.rng_seed + 1} | {rules} |"


def _recovery_rows(recoveries: Iterable[Recovery]) -> list[str]:
    by_fault: dict[str, list[Recovery]] = {}
    for recovery in recoveries:
        by_fault.setdefault(recovery.fault, []).append(recovery)
    return [
        f"| {fault} | {len(found)} | {_spread([r.term_ms for r in found])} "
        f"| {_spread([r.write_ms for r in found])} |"
        for fault, found in sorted(by_fault.items())
        if len(found) > 1
    ]


def _spread(values: list[float]) -> str:
    return f"{median(values):.0f} / {quantiles(values, n=20)[-1]:.0f}"


def rewrite(page: Path, tables: str, begin: str = BEGIN, end: str = END) -> None:
    """Put the tables between two of the page's markers."""
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{tables}\n{end}{after}")


@click.command()
@click.option("--seeds", default=200, help="of each scenario")
@click.option("--first-seed", default=10_000, help="other seeds than those of the short round")
def main(seeds: int, first_seed: int) -> None:
    totals, planted = run_all(seeds, first_seed), hunt_all()
    rewrite(PAGE, report(totals, planted))
    missed = [name for name, _, run in planted if run is None]
    anomalies = sum(total.anomalies for total in totals.values())
    click.echo(f"{anomalies} anomalies; planted bugs not found: {missed or 'none'}")
    sys.exit(bool(missed or anomalies))


if __name__ == "__main__":
    main()
