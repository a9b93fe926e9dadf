"""A short round of the simulation with fixed seeds; ``make torture`` runs a long one.

A failure prints the command that shows it again.
"""

from __future__ import annotations

import pytest

from tests.simulation.hunt import hunt, run_seed
from tests.simulation.planted import PLANTED, PlantedBug
from tests.simulation.scenarios import SCENARIOS

SEEDS = range(4)


@pytest.mark.parametrize("rng_seed", SEEDS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_guarantee_holds_under_faults(scenario: str, rng_seed: int) -> None:
    run = run_seed(scenario, rng_seed)
    assert not run.violations, f"{run.command}\n" + "\n".join(
        f"{violation.rule}: {violation.what}" for violation in run.violations
    )
    assert run.counts["acknowledged writes"] > 10, "the faults left nothing to check"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_seed_is_a_run(scenario: str) -> None:
    first, second = run_seed(scenario, 7), run_seed(scenario, 7)
    assert first.trace == second.trace
    assert first.counts == second.counts
    assert first.trace != run_seed(scenario, 8).trace


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_every_planted_bug_is_found(bug: PlantedBug) -> None:
    run = hunt(bug, first_seed=bug.shows_at)
    assert run is not None, f"{bug.name}: not found within {bug.seeds_max} seeds"
    assert run_seed(run.scenario, run.rng_seed).violations == [], "the bug outlived its block"


def test_there_are_enough_planted_bugs() -> None:
    assert len(PLANTED) >= 12
    assert {bug.scenario for bug in PLANTED} == set(SCENARIOS)
