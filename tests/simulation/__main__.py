"""Run seeds of the simulation: ``python -m tests.simulation --scenario chain --rng-seed 17``."""

from __future__ import annotations

import sys
import time
from collections import Counter

import click

from tests.simulation.hunt import run_seed
from tests.simulation.scenarios import SCENARIOS


@click.command()
@click.option("--scenario", type=click.Choice(sorted(SCENARIOS)), multiple=True)
@click.option("--rng-seed", default=0, help="the first seed")
@click.option("--seeds", default=1, help="how many seeds, one after the other")
def main(scenario: tuple[str, ...], rng_seed: int, seeds: int) -> None:
    failed = 0
    for name in scenario or sorted(SCENARIOS):
        totals: Counter[str] = Counter()
        started = time.monotonic()
        for number in range(rng_seed, rng_seed + seeds):
            run = run_seed(name, number)
            totals.update(run.counts)
            if run.violations:
                failed += 1
                click.echo(f"{run.command}")
                for violation in run.violations:
                    click.echo(f"  {violation.rule}: {violation.what[:400]}")
        click.echo(f"{name}: {seeds} seeds in {time.monotonic() - started:.1f} s, {dict(totals)}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
