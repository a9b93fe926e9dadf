"""A short round on a real cluster with a fixed plan; ``make torture`` runs a long one.

It takes about a minute on a quiet machine. What it does is fixed by its seed; when it does it, and
so what exactly it hits, is not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.torture.clusters import Ground, ground
from tests.torture.nemesis import Step
from tests.torture.planted import PLANTED
from tests.torture.report import tell
from tests.torture.rounds import Round, run_round
from tests.torture.torture import hunt

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

PLAN = [
    Step(("primary killed",), hold_s=0.5),
    Step(("primary stopped, then continued",), hold_s=2.5),
    Step(("all replicas of a partition killed",), hold_s=0.5),
    Step(("catalog killed",), hold_s=0.5),
    Step(("disk full",), hold_s=2.5),
    Step(("backup killed", "clients killed"), hold_s=0.5, between_s=0.2),
    Step(("node and disk lost",), hold_s=2.0),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture(scope="module")
def short_round(cluster: Ground) -> Round:
    possible = set(cluster.possible_faults("full"))
    plan = [step for step in PLAN if possible.issuperset(step.faults)]
    with cluster.connected(), cluster.launched("full") as launched:
        return run_round(*launched, plan, rng_seed=1, calm_operations=20)


def test_every_guarantee_holds_while_everything_breaks(short_round: Round) -> None:
    assert not short_round.violations, tell(short_round)
    assert short_round.counts["acknowledged writes"] > 50, "the faults left nothing to check"


def test_every_fault_is_got_over(short_round: Round) -> None:
    assert short_round.recoveries
    late = [r for r in short_round.recoveries if max(r.read_ms, r.write_ms) == float("inf")]
    assert not late, tell(short_round)


@pytest.mark.parametrize("name", ["reads not validated"])
def test_a_planted_bug_is_found(cluster: Ground, name: str) -> None:
    _, found = hunt(cluster, PLANTED[name], first_seed=1)
    assert found is not None, f"{name}: not found"
