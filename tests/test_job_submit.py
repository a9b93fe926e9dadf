"""A job that was submitted from a folder samples from a graph that runs on the cluster."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ray.job_submission import JobSubmissionClient

import graphray as gr
from tests.polling import poll

pytestmark = pytest.mark.cluster

SUBMIT = Path(__file__).parents[1] / "examples" / "submit"
NUM_NODES = 500
FANOUT = ["3", "2"]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def dashboard(start_cluster):
    # The job's own `python` has to be the one that runs these tests.
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{BIN}{os.pathsep}{path}"
    try:
        cluster = start_cluster(nodes=2, include_dashboard=True, dashboard_port=0)
    finally:
        os.environ["PATH"] = path
    url = f"http://{cluster.webui_url}"
    poll(lambda: takes_jobs(url), "the start of an agent that runs jobs")
    return url


def takes_jobs(url):
    """Whether some node's agent has reported by now: until then every job is refused."""
    try:
        JobSubmissionClient(url).submit_job(entrypoint="true")
    except RuntimeError as error:
        if "No available agent" not in str(error):
            raise
        return False
    return True


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    uri = tmp_path_factory.mktemp("job") / "store"
    sources = np.arange(NUM_NODES)
    edges = np.tile(sources, 3), np.concatenate([(sources * k + k) % NUM_NODES for k in (1, 7, 11)])
    gr.build(edges, uri, parts=2, partitioner="hash")
    return uri


@pytest.fixture(scope="module")
def papers(dashboard, store):
    graph = gr.launch(store, "papers", replicas=2)
    yield graph
    graph.shutdown()


def submit(dashboard, *arguments):
    options = ["--address", dashboard, "--working-dir", SUBMIT]
    return subprocess.run(
        [BIN / "ray", "job", "submit", *options, "--", "python", "sample.py", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_submitted_job_samples_what_an_opened_store_does(dashboard, store, papers):
    done = submit(dashboard, "papers", "--batch-size", "64", "--fanout", *FANOUT, "--rng-seed", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    loader = gr.open(store).loader(fanout=[3, 2], batch_size=64, shuffle=True, rng_seed=5)
    batches = list(loader)
    nodes, edges = sum(b.num_nodes for b in batches), sum(b.num_edges for b in batches)
    assert f"{NUM_NODES} seeds in {len(batches)} batches" in done.stdout
    assert f"{nodes:,} nodes and {edges:,} edges sampled" in done.stdout
    assert re.search(r"[\d,]+ seeds/s", done.stdout)


def test_a_job_for_a_graph_that_is_not_there_fails_and_names_those_that_are(dashboard, papers):
    done = submit(dashboard, "paper")
    assert done.returncode != 0
    assert "no graph 'paper' runs on this cluster; running: papers" in done.stdout + done.stderr


def test_the_graph_survives_the_jobs(papers):
    assert {replica.state for replica in papers.status().replicas} == {"serving"}
