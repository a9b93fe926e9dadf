"""The commands for running graphs: launch, status, sample, down, on a real Ray."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import graphray as gr
from graphray.cli import head
from graphray.cli.head import start_lasting_ray
from graphray.errors import GraphNotRunning, LaunchError
from tests.cli.conftest import Run

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def ray(start_cluster: Callable[..., Any]) -> Iterator[None]:
    start_cluster(nodes=1)
    return


@pytest.fixture
def store(run: Run, files: Path) -> str:
    run("build", "edges.csv", "store", "--parts", 2)
    return "store"


@pytest.mark.usefixtures("ray")
def test_a_graph_is_launched_shown_sampled_and_ended(run: Run, store: str) -> None:
    launched = run("launch", store, "--name", "ring", "--replicas", 1)
    assert launched.exit_code == 0, launched.output
    assert "2/2 replicas serving" in launched.output
    assert "graphray down ring" in launched.output
    assert "ray stop" not in launched.output  # This Ray is someone else's.

    (shown,) = json.loads(run("status", "--json").stdout)
    assert (shown["name"], shown["is_well"], shown["parts"]) == ("ring", True, 2)
    assert all(replica["pid"] for replica in shown["replicas"])
    assert "2/2 replicas serving" in run("status", "ring").output

    sampled = json.loads(run("sample", "ring", "--json").stdout)
    assert sampled["digest"] == json.loads(run("sample", store, "--json").stdout)["digest"]

    planned = run("plan", store, "--present", "ring", "--replicas", 1, "--json")
    assert all(r["reason"].startswith("stays") for r in json.loads(planned.stdout)["replicas"])

    again = run("launch", store, "--name", "ring", "--replicas", 1)
    assert again.exit_code == 1
    assert "already runs" in again.stderr

    assert run("down", "ring").output == "ring is down\n"
    assert run("down", "ring").exit_code == 1
    assert "No graph runs" in run("status").output


@pytest.mark.usefixtures("ray")
def test_all_graphs_are_ended_at_once(run: Run, store: str) -> None:
    for name in ("one", "two"):
        gr.launch(store, name=name, replicas=1)
    assert run("down", "--all").output == "one is down\ntwo is down\n"
    assert gr.running_graphs() == []


@pytest.mark.usefixtures("ray")
def test_names_that_do_not_run_are_an_error(run: Run) -> None:
    for arguments in (["status", "absent"], ["sample", "absent"], ["down", "absent"]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "no graph 'absent' runs on this cluster" in result.stderr


def test_a_store_that_is_not_there_starts_no_ray(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start() -> None:
        pytest.fail("a Ray was started")

    monkeypatch.setattr("graphray.cli.launch.start_lasting_ray", start)
    assert run("launch", tmp_path / "absent", "--name", "x").exit_code == 1


@pytest.mark.usefixtures("ray")
def test_without_a_cluster_a_lasting_one_is_started(
    run: Run, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []

    def require(purpose: str) -> None:
        if not started:
            raise GraphNotRunning(f"{purpose} needs a Ray cluster")

    monkeypatch.setattr("graphray.cli.launch.require_ray", require)
    monkeypatch.setattr("graphray.cli.launch.start_lasting_ray", lambda: started.append(True))
    result = run("launch", store, "--name", "lasting", "--replicas", 1)
    assert started == [True]
    assert "starting one on this machine" in result.stderr
    assert "ray stop" in result.stdout
    run("down", "lasting")


def test_a_ray_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "_START", ("-c", "import sys; sys.exit('port 6379 is taken')"))
    with pytest.raises(LaunchError, match="port 6379 is taken"):
        start_lasting_ray()
