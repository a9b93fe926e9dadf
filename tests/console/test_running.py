"""The console and the live view of a graph on a cluster, through its end and its next launch."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import graphray as gr
from graphray.cli import main
from graphray.console.explorer import Explorer
from graphray.console.neighborhood import NeighborhoodQuery
from graphray.console.running import RunningSource
from graphray.errors import ClusterError, GraphNotRunning
from graphray.status import GraphStatus
from tests.console.clients import ask, ask_all
from tests.console.graphs import build_papers

pytestmark = pytest.mark.cluster

DEADLINE_S = 60.0
NAME = "seen"
QUERY = NeighborhoodQuery("100", "paper", fanout=(3, 2))


@pytest.fixture(scope="module")
def stores(
    tmp_path_factory: pytest.TempPathFactory, start_cluster: Callable[..., Any]
) -> Iterator[list[Path]]:
    """The same graph in two partitionings, and a cluster of two nodes."""
    folder = tmp_path_factory.mktemp("stores")
    start_cluster(nodes=2)
    yield [build_papers(folder / str(parts), parts) for parts in (2, 3)]
    for name in gr.running_graphs():
        gr.connect(name).shutdown()


@pytest.fixture(scope="module")
def source(stores: list[Path]) -> Iterator[RunningSource]:
    gr.launch(stores[0], NAME, replicas=2).close()
    source = RunningSource(NAME)
    yield source
    source.close()


def test_a_graph_is_seen_on_its_cluster(source: RunningSource, stores: list[Path]) -> None:
    overview, events = ask_all(source, "/api/overview", "/api/events")
    machines = {machine["node_id"] for machine in overview.json["machines"]}
    assert len(machines) == 2
    assert sum(machine["is_head"] for machine in overview.json["machines"]) == 1
    assert {r["node_id"] for r in overview.json["status"]["replicas"]} == machines
    assert overview.json["status"]["health"] == "well"
    assert events.json["events"][0]["kind"] == "watch-began"

    assert source.neighborhood(QUERY) == Explorer(gr.open(stores[0])).neighborhood(QUERY)
    assert source.node("author", "A1")["properties"][0]["value"] == "Author <b>1</b>"


def test_a_replica_that_hangs_is_seen(source: RunningSource) -> None:
    hung = source.overview().status.replicas[0]
    assert hung.pid is not None
    os.kill(hung.pid, signal.SIGSTOP)
    try:
        verdict = until(source, lambda status: not status.is_well).verdict
    finally:
        os.kill(hung.pid, signal.SIGCONT)
    assert verdict.startswith("degraded: every partition is served")
    assert verdict.endswith(f"partition {hung.part}")
    assert until(source, lambda status: status.is_well).is_well


def until(source: RunningSource, holds: Callable[[GraphStatus], bool]) -> GraphStatus:
    """The status once something holds of it, or the last before the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds(status := source.overview().status) and time.monotonic() < deadline:
        pass
    return status


def test_top_prints_once_for_scripts_and_for_people(source: RunningSource) -> None:
    source.overview()
    printed = CliRunner().invoke(main, ["top", NAME, "--once", "--json"], catch_exceptions=False)
    told = json.loads(printed.stdout)
    assert told["title"] == NAME
    assert told["status"]["is_well"] is True
    shown = CliRunner().invoke(main, ["top", NAME, "--once"], catch_exceptions=False).output
    assert f"{NAME}  well: every replica serves" in shown
    assert shown.count("serving") >= 4


def test_a_graph_is_followed_through_its_end_and_its_next_launch(
    source: RunningSource, stores: list[Path]
) -> None:
    gr.connect(NAME).shutdown()
    gone = ask(source, "/api/overview")
    assert gone.status == 503
    assert gone.json["error"]["kind"] == "GraphNotRunning"
    assert f"no graph '{NAME}' runs" in gone.json["error"]["message"]

    gr.launch(stores[1], NAME, replicas=1).close()
    again = ask(source, "/api/overview").json
    assert again["status"]["parts"] == 3
    assert source.schema()["snapshot_id"] == again["status"]["snapshot_id"]
    assert source.neighborhood(QUERY) == Explorer(gr.open(stores[1])).neighborhood(QUERY)


def test_a_name_that_does_not_run_is_told_at_once(stores: list[Path]) -> None:
    for command in (["top", "absent"], ["console", "absent", "--port", "0"]):
        ended = CliRunner().invoke(main, command, catch_exceptions=False)
        assert ended.exit_code == 1
        assert "no graph 'absent' runs" in ended.stderr
    with pytest.raises(GraphNotRunning):
        RunningSource("absent").overview()
    assert issubclass(GraphNotRunning, ClusterError)  # What the console answers 503 to.
