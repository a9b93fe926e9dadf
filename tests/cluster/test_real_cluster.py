"""``ray up cluster.yaml`` on hosts of their own, a graph on them, and their network broken.

One cluster, some six minutes: `make test-cluster`. What it takes that this machine does not have is
in the reason for which it is skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

import graphray as gr
from tests.cluster import ray_up
from tests.cluster.faults import NETWORK_FAULTS
from tests.cluster.found import Found
from tests.cluster.hosts import CHECKOUT, HEAD, LAPTOP, SHARED, Host
from tests.cluster.report import PAGE, rewrite_tables, tables
from tests.cluster.round import GRAPH, STORE
from tests.cluster.sampling import BATCH_SIZE, FANOUT, NUM_PAPERS, PAPER, RNG_SEED, batches

pytestmark = [pytest.mark.cluster_hosts, pytest.mark.timeout(900)]

ROUND_S = 540.0
SAMPLE_S = 90.0
# Stated in docs/guarantees.md: what a partition may be without, at most.
SERVED_WITHIN_MS = 30_000
COMPLETE_WITHIN_MS = 240_000


@pytest.fixture(scope="module")
def laptop(made_hosts: dict[str, Host]) -> Iterator[Host]:
    """The laptop, while the cluster is up and jobs can be submitted."""
    laptop = made_hosts[LAPTOP]
    with ray_up.cluster(laptop):
        ray_up.await_workers(made_hosts[HEAD])
        with ray_up.tunnel(laptop):
            yield laptop


@pytest.fixture(scope="module")
def found(laptop: Host) -> Found:
    """What came of the job that launches a graph, works on it and breaks the network."""
    folder = SHARED / "job"
    # GraphRay itself is what was installed on the hosts.
    for package in ("cluster", "torture", "simulation"):
        shutil.copytree(CHECKOUT / "tests" / package, folder / "tests" / package)
    (folder / "tests" / "__init__.py").touch()
    ray_up.submit(laptop, folder, "python", "-m", "tests.cluster.round", deadline_s=ROUND_S)
    return Found.read()


def test_every_guarantee_holds_while_the_network_is_broken(
    found: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{tables(found)}")
    assert not found.round.violations, found.round.violations
    assert found.round.counts["acknowledged writes"] > 100, "the faults left nothing to check"


def test_no_batch_fails_or_differs_while_the_network_is_broken(found: Found) -> None:
    assert not found.sampled.problems
    assert found.sampled.batches > 100


def test_every_fault_is_got_over_in_the_stated_time(found: Found) -> None:
    assert {recovery.fault for recovery in found.round.recoveries} == set(NETWORK_FAULTS)
    for recovery in found.round.recoveries:
        assert max(recovery.read_ms, recovery.write_ms) <= SERVED_WITHIN_MS, recovery
        assert recovery.well_ms <= COMPLETE_WITHIN_MS, recovery


def test_a_submitted_job_samples_what_an_opened_store_does(laptop: Host, found: Found) -> None:
    job = ["python", "sample.py", GRAPH, "--node-type", PAPER, "--batch-size", str(BATCH_SIZE)]
    draws = ["--fanout", *map(str, FANOUT), "--rng-seed", str(RNG_SEED)]
    examples = CHECKOUT / "examples" / "submit"
    told = ray_up.submit(laptop, examples, *job, *draws, deadline_s=SAMPLE_S)
    with gr.open(STORE) as opened:
        expected = list(batches(opened))
    nodes, edges = sum(b.num_nodes for b in expected), sum(b.num_edges for b in expected)
    assert f"{NUM_PAPERS} seeds in {len(expected)} batches" in told
    assert f"{nodes:,} nodes and {edges:,} edges sampled" in told


def test_the_docs_tell_what_was_measured(found: Found, request: pytest.FixtureRequest) -> None:
    assert not found.round.violations
    if request.config.getoption("--rewrite-tables"):
        rewrite_tables(found)
    page = PAGE.read_text()
    assert all(f"| {fault} |" in page for fault in NETWORK_FAULTS)
