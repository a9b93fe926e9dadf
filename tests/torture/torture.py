"""A long round on a real cluster: every strategy, random plans, planted bugs, the docs' tables.

    python -m tests.torture.torture --rounds 3

rewrites the part of ``docs/guarantees.md`` between its two markers.
"""

from __future__ import annotations

import sys
from random import Random

import click

from tests.simulation.torture import PAGE, rewrite
from tests.torture.clusters import Ground, ground, own_ray_folder
from tests.torture.nemesis import random_plan
from tests.torture.planted import PLANTED, PlantedBug
from tests.torture.report import report, tell
from tests.torture.rounds import Round, run_round

STRATEGIES = ("full", "quorum", "chain", "partial", "eventual")
BEGIN, END = "<!-- cluster: begin -->", "<!-- cluster: end -->"
ATTEMPTS_MAX = 5


def torture(made: Ground, strategy: str, rng_seed: int, steps: int) -> Round:
    """One round under a random plan."""
    with made.connected(), made.launched(strategy) as launched:
        plan = random_plan(Random(rng_seed), tuple(made.possible_faults(strategy)), steps)
        return run_round(*launched, plan, rng_seed)


def hunt(made: Ground, bug: PlantedBug, first_seed: int) -> tuple[int, Round | None]:
    """Rounds with a planted bug until one shows it: how many, and that one if there is."""
    for attempt in range(ATTEMPTS_MAX):
        rng_seed = first_seed + attempt
        with made.connected(bug.name), made.launched(bug.strategy) as launched:
            found = run_round(*launched, list(bug.plan), rng_seed, workloads=bug.workloads)
        if found.violations:
            return attempt + 1, found
    return ATTEMPTS_MAX, None


@click.command()
@click.option("--rounds", default=3, help="of each strategy")
@click.option("--steps", default=24, help="of each round: faults, or storms of several")
@click.option("--first-seed", default=1_000, help="other seeds than those of the short round")
def main(rounds: int, steps: int, first_seed: int) -> None:
    done: list[Round] = []
    planted: list[tuple[PlantedBug, int, Round | None]] = []
    with own_ray_folder(), ground() as made:
        for number in range(rounds):
            for strategy in STRATEGIES:
                done.append(torture(made, strategy, first_seed + number, steps))
                click.echo(tell(done[-1]), err=True)
        for bug in PLANTED.values():
            planted.append((bug, *hunt(made, bug, first_seed)))
            found = planted[-1][2]
            click.echo(f"planted: {bug.name}: {'found' if found else 'NOT FOUND'}", err=True)
    rewrite(PAGE, report(done, planted), BEGIN, END)
    missed = [bug.name for bug, _, found in planted if found is None]
    anomalies = sum(len(each.violations) for each in done)
    click.echo(f"{anomalies} anomalies; planted bugs not found: {missed or 'none'}")
    sys.exit(bool(missed or anomalies))


if __name__ == "__main__":
    main()
