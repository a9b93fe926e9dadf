"""Replicas compared and their disks read on a real cluster; what is wrong is found and mended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from click.testing import CliRunner

import graphray as gr
from actors.replica import Replica
from graphray.cli.entry import main
from graphray.client.replica_check import check_replicas
from graphray.client.view import NAMESPACE
from tests.actors import corruption
from tests.actors.test_partial import SETTINGS
from tests.client.changes.graphs import build_store
from tests.polling import poll

pytestmark = pytest.mark.cluster

NAME = "compared"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def graph(start_cluster: Callable[..., Any], folder: Path) -> Iterator[gr.Graph]:
    store = build_store(folder / "store", parts=1)
    ray.cloudpickle.register_pickle_by_value(corruption)
    Replica.corrupt = corruption.corrupt  # type: ignore[attr-defined]
    start_cluster(nodes=1, num_cpus=4)
    options = gr.LaunchOptions(data_dir=str(folder / "data"), replication_settings=SETTINGS)
    with gr.launch(store, NAME, replicas=3, options=options) as launched:
        yield launched
        launched.shutdown()
    del Replica.corrupt  # type: ignore[attr-defined]
    ray.cloudpickle.unregister_pickle_by_value(corruption)


def add(graph: gr.Graph, author: str) -> None:
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": [author]})


def run(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(main, ["check", NAME, "--json", *arguments])
    return result.exit_code, json.loads(result.stdout)


def test_what_is_sound_and_what_is_not(graph: gr.Graph) -> None:
    add(graph, "one")
    assert run() == (
        0,
        {"name": NAME, "replicas": 3, "problems": [], "repaired": [], "sound": True},
    )

    handle = ray.get_actor(f"graph/{NAME}/part-0/replica-1", NAMESPACE)
    ray.get(handle.corrupt.remote())
    code, found = run("--repair")
    assert code == 1
    assert [(p["replica"], p["repairable"]) for p in found["problems"]] == [(1, True)]
    assert "differs from the others" in found["problems"][0]["what"]
    assert found["repaired"] == [[0, 1]]
    add(graph, "two")
    poll(lambda: check_replicas(NAME).is_sound, "its return")
    assert graph.read().exists(["one", "two"], "author").all()


def test_the_present_is_checked_as_a_store(graph: gr.Graph) -> None:
    add(graph, "four")
    nodes = sum(graph.status().nodes.values())
    code, found = run("--compact")
    assert (code, found["sound"], found["store"]["sound"]) == (0, True, True)
    assert found["store"]["nodes"] > nodes, "the changes are in it"


def test_a_damaged_log_is_found_while_it_is_in_use(graph: gr.Graph, folder: Path) -> None:
    (log, *_) = sorted(folder.glob(f"data/{NAME}/*/part-00000/replica-2/log-*"))
    data = bytearray(log.read_bytes())
    data[len(data) // 3] ^= 0xFF
    with log.open("r+b") as file:
        file.write(data)
    (problem,) = check_replicas(NAME, repair=True).problems
    assert (problem.replica, str(log) in problem.what) == (2, True)
    add(graph, "three")
    poll(lambda: check_replicas(NAME).is_sound, "its return")
