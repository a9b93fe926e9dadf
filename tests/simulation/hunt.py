"""Runs seeds until a check fails; any exception in the code under test is a failed check."""

from __future__ import annotations

import gc
import traceback

from tests.simulation.checkers.linearizability import Violation
from tests.simulation.planted import PlantedBug
from tests.simulation.runs import Run
from tests.simulation.scenarios import SCENARIOS

# A cluster is a web of cycles, and of memory: left to itself the collector comes after gigabytes.
_COLLECT_EVERY = 5


def run_seed(scenario: str, rng_seed: int) -> Run:
    """One seed of a scenario."""
    try:
        return SCENARIOS[scenario](rng_seed)
    except Exception:  # noqa: BLE001 - whatever is wrong, the seed shows it
        story = traceback.format_exc(limit=-3)
        return Run(scenario, rng_seed, [Violation("exception", story)])


def hunt(bug: PlantedBug, first_seed: int = 0) -> Run | None:
    """The first run that shows a planted bug, or None where the budget was used up."""
    with bug.plant():
        for rng_seed in range(first_seed, first_seed + bug.seeds_max):
            run = run_seed(bug.scenario, rng_seed)
            if run.violations:
                return run
            if rng_seed % _COLLECT_EVERY == 0:
                gc.collect()
    return None
