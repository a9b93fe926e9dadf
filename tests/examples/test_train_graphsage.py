"""The training example: a run in which a worker and a replica are killed ends as one in peace."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.quickstart.environment import EnvironmentGraph
from graphray.quickstart.tables import DISTRIBUTION_MODULE, IMPORTS

pytest.importorskip("torch")
ray_train = pytest.importorskip("ray.train", exc_type=ImportError)
pytestmark = pytest.mark.torch

from examples import train_graphsage as example  # noqa: E402  # needs torch

MODULES, DISTRIBUTIONS = 480, 4
SETTINGS = {"batch_size": 30, "fanout": [5, 5], "hidden": 8, "epochs": 2, "checkpoint_every": 2}
REPLICA_DIES_AT, WORKER_DIES_AT = 3, 7


@pytest.fixture(scope="module")
def environment() -> EnvironmentGraph:
    """Modules that mostly import others of their distribution; one is claimed by two of them."""
    rng = np.random.default_rng(1)
    owner = rng.integers(0, DISTRIBUTIONS, MODULES)
    ends = rng.integers(0, MODULES, (2, 12 * MODULES))
    is_kept = (owner[ends[0]] == owner[ends[1]]) | (rng.random(ends.shape[1]) < 0.1)
    names = np.array([f"m{i}" for i in range(MODULES)], object)
    x = pa.array(rng.random(3 * MODULES, np.float32))
    owners = [f"d{number}" for number in owner]
    return EnvironmentGraph(
        nodes={"module": pa.table({"id": names, "x": pa.FixedSizeListArray.from_arrays(x, 3)})},
        edges={
            DISTRIBUTION_MODULE: pa.table(
                {"src": [*owners, "small", "d0"], "dst": [*names, "m0", "m0"]}
            ),
            IMPORTS: pa.table({"src": names[ends[0, is_kept]], "dst": names[ends[1, is_kept]]}),
        },
        skipped={},
    )


def test_what_is_shown_are_the_labels_of_training(
    environment: EnvironmentGraph, tmp_path: Path
) -> None:
    labels, names = example.labels_of(environment, 30)
    assert names == ["d0", "d1", "d2", "d3"]
    assert labels[0] == -1
    assert np.all(labels[1:] >= 0)
    example.build_store(str(tmp_path / "store"), environment)
    graph = gr.open(tmp_path / "store")
    ids = graph.node_ids(order="input")
    columns = graph.features(ids, ["label", "shown", "split"])
    is_training = columns["split"] == example.TRAIN
    assert np.array_equal(columns["shown"][is_training], columns["label"][is_training] + 1)
    assert not columns["shown"][~is_training].any()
    parts = example.split_ids(graph)
    assert sum(len(ids) for ids in parts.values()) == MODULES - 1
    assert example.majority(graph) < 0.5 < example.neighbor_vote(graph)


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_a_killed_worker_and_a_killed_replica_change_nothing(
    environment: EnvironmentGraph,
    start_cluster: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # How often Ray Train looks at its workers, which wait for it at every other checkpoint.
    monkeypatch.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.2")
    monkeypatch.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")
    start_cluster(nodes=2, num_cpus=2)
    names = example.build_store(str(tmp_path / "store"), environment)
    with gr.launch(str(tmp_path / "store"), "modules", replicas=2) as graph:
        before = {replica.pid for replica in graph.replicas()}
        folders = {name: tmp_path / name for name in ("peace", "strikes")}
        found = {}
        for name, folder in folders.items():
            folder.mkdir()
            found[name] = example.train(
                "modules",
                len(names),
                str(folder),
                worker=recording(folder, strikes=name == "strikes"),
                **SETTINGS,
            )
        assert len(before - {replica.pid for replica in graph.replicas()}) == 1
        most = example.majority(graph)
        graph.shutdown()
    peace, strikes = (steps_of(folder) for folder in folders.values())
    assert peace == list(range(1, len(peace) + 1))
    assert strikes[:WORKER_DIES_AT] == peace[:WORKER_DIES_AT]
    # Ray Train takes note of a checkpoint a moment after it was made: the last may be lost.
    again = strikes[WORKER_DIES_AT:]
    assert 1 < again[0] <= WORKER_DIES_AT
    assert again == peace[again[0] - 1 :]
    assert found["strikes"] == found["peace"]
    assert found["peace"]["test"] > most


def recording(folder: Path, strikes: bool) -> Callable[[Mapping[str, Any]], None]:
    """A worker the second of which writes down its steps, and strikes if it is to."""

    def after_step(graph: gr.Graph, steps: int) -> None:
        if ray_train.get_context().get_world_rank() != 1:
            return
        with open(folder / "steps", "a") as file:
            file.write(f"{steps}\n")
        if strikes and steps == REPLICA_DIES_AT and first_time(folder / "replica"):
            os.kill(graph.replicas()[0].pid or 0, signal.SIGKILL)
        if strikes and steps == WORKER_DIES_AT and first_time(folder / "worker"):
            os.kill(os.getpid(), signal.SIGKILL)

    def worker(config: Mapping[str, Any]) -> None:
        example.train_worker(config, after_step)

    return worker


def first_time(marker: Path) -> bool:
    if marker.exists():
        return False
    marker.touch()
    return True


def steps_of(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "steps").read_text().split()]
