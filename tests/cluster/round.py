"""The round, as a job on the cluster: a graph is launched, worked on and broken, and checked.

    ray job submit --working-dir FOLDER -- python -m tests.cluster.round --rng-seed 1

What came of it is left in the shared folder.
"""

from __future__ import annotations

import click
import ray

from tests.cluster.faults import NETWORK_FAULTS
from tests.cluster.found import Found
from tests.cluster.hosts import SHARED
from tests.cluster.sampling import Sampling, papers
from tests.torture.graph import build_store
from tests.torture.nemesis import Step
from tests.torture.report import tell
from tests.torture.rounds import run_round
from tests.torture.running import RunningGraph

GRAPH = "hosts"
STORE = SHARED / "store"
# Longer than it takes to replace a primary, and shorter than Ray's patience with a silent node.
HOLD_S = 6.0
# A worker that Ray has given up is set up from its first step, by `cluster.yaml`.
WELL_S = 150.0
PLAN = [Step((name,), HOLD_S) for name in NETWORK_FAULTS]


@click.command()
@click.option("--replication", default="full", help="the strategy")
@click.option("--rng-seed", default=1)
def main(replication: str, rng_seed: int) -> None:
    ray.init(address="auto", log_to_driver=False)
    store = build_store(STORE, beside=papers())
    running = RunningGraph(store, SHARED / "state", None, GRAPH, replication, WELL_S)
    sampling = Sampling(GRAPH, store)
    sampling.start()
    round_ = run_round(running, store, SHARED / "journals", PLAN, rng_seed, faults=NETWORK_FAULTS)
    found = Found(round_, sampling.stop())
    click.echo(tell(found.round))
    click.echo(str(found.sampled))
    found.write()


if __name__ == "__main__":
    main()
