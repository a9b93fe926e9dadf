"""All scenarios by name: each is a function of a seed."""

from __future__ import annotations

from collections.abc import Callable

from graphray.replication.configuration import Strategy
from tests.simulation.cluster import LONG_LEASES
from tests.simulation.eventual_scenario import run_cells
from tests.simulation.list_scenario import run_lists, run_partial
from tests.simulation.runs import Run
from tests.simulation.transaction_scenario import run_transactions

SCENARIOS: dict[str, Callable[[int], Run]] = {
    "full": lambda rng_seed: run_lists(Strategy.FULL, rng_seed),
    "quorum": lambda rng_seed: run_lists(Strategy.QUORUM, rng_seed),
    "leases": lambda rng_seed: run_lists(Strategy.QUORUM, rng_seed, LONG_LEASES, "leases"),
    "chain": lambda rng_seed: run_lists(Strategy.CHAIN, rng_seed),
    "partial": run_partial,
    "eventual": run_cells,
    "transactions": lambda rng_seed: run_transactions(Strategy.QUORUM, rng_seed, "transactions"),
}
