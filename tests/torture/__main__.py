"""One round by hand: ``python -m tests.torture --strategy chain --rng-seed 17 --steps 12``."""

from __future__ import annotations

import sys
from random import Random

import click

from tests.torture.clusters import ground, own_ray_folder
from tests.torture.faults import FAULTS
from tests.torture.nemesis import random_plan, single_steps
from tests.torture.planted import PLANTED
from tests.torture.report import tell
from tests.torture.rounds import run_round
from tests.torture.workloads import WORKLOADS


@click.command()
@click.option("--strategy", default="full", help="how changes are replicated")
@click.option("--rng-seed", default=1)
@click.option("--steps", default=0, help="of a random plan; 0 for the faults that are named")
@click.option("--fault", multiple=True, type=click.Choice(sorted(FAULTS)), help="default: all")
@click.option("--workload", multiple=True, type=click.Choice(sorted(WORKLOADS)))
@click.option("--planted", default="", type=click.Choice(["", *sorted(PLANTED)]))
@click.option("--hold-s", default=3.0)
@click.option("--calm", default=30, help="operations between two faults")
def main(
    strategy: str,
    rng_seed: int,
    steps: int,
    fault: tuple[str, ...],
    workload: tuple[str, ...],
    planted: str,
    hold_s: float,
    calm: int,
) -> None:
    with (
        own_ray_folder(),
        ground() as made,
        made.connected(planted),
        made.launched(strategy) as launched,
    ):
        names = fault or tuple(made.possible_faults(strategy))
        plan = single_steps(names, hold_s)
        if steps:
            plan = random_plan(Random(rng_seed), names, steps)
        found = run_round(*launched, plan, rng_seed, calm_operations=calm, workloads=workload)
    click.echo(tell(found))
    sys.exit(bool(found.violations))


if __name__ == "__main__":
    main()
