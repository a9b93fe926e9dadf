"""Builds as Ray tasks, on a cluster of two nodes: the same bytes, whatever dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, fs
from pyarrow import parquet as pq

from graphray.building.builder import build
from graphray.building.executors import choose_executor
from graphray.client.ray_executor import RayExecutor
from graphray.errors import ArgumentError, ClusterError, DanglingEdge, StoreError
from graphray.ingest import streams
from tests.building.test_streamed import content

pytestmark = pytest.mark.cluster
ray = pytest.importorskip("ray")

NUM_EDGES = 4000


@pytest.fixture(scope="module", autouse=True)
def cluster(start_cluster: Any) -> Any:
    return start_cluster(nodes=2, num_cpus=1)


@pytest.fixture(autouse=True)
def small_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SECTION_BYTES", 2**13)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: Any) -> dict[str, Any]:
    """Edges in Parquet and in one CSV, and a node table, of several sections each."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(1)
    ends = rng.integers(0, 300, (2, NUM_EDGES))
    edges = pa.table({"src": ends[0], "dst": ends[1], "w": np.arange(NUM_EDGES) / 4})
    nodes = pa.table({"id": rng.permutation(300), "x": np.arange(300)})
    pq.write_table(edges, folder / "edges.parquet", row_group_size=500)
    csv.write_csv(edges, folder / "edges.csv")
    pq.write_table(nodes, folder / "nodes.parquet", row_group_size=50)
    return {
        "parquet": str(folder / "edges.parquet"),
        "csv": str(folder / "edges.csv"),
        "table": edges,
        "nodes": str(folder / "nodes.parquet"),
    }


class Dying:
    """A Ray executor whose task for one item is killed the first time, half-way through."""

    in_process = False

    def __init__(self, folder: Path, item: int) -> None:
        self._folder = folder
        self._item = item
        self._ray = RayExecutor()
        self.workers = self._ray.workers
        self.runs = 0

    def run(
        self,
        task: Callable[[Any, Any], Any],
        context: Any,
        items: Iterable[Any],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        marker, doomed = str(self._folder / f"killed-{self.runs}"), self._item
        self.runs += 1

        def mortal(context: Any, numbered: tuple[int, Any]) -> Any:
            number, item = numbered
            result = task(context, item)
            if number == doomed and not os.path.exists(marker):
                Path(marker).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return self._ray.run(mortal, context, enumerate(items), at_once)


@pytest.mark.parametrize("form", ["parquet", "csv", "table"])
def test_the_same_bytes_as_in_one_process(
    tmp_path: Path, inputs: dict[str, Any], form: str
) -> None:
    options = {"nodes": inputs["nodes"], "parts": 3, "partitioner": "hash"}
    whole = build(inputs[form], tmp_path / "whole", **options)
    tasks = build(inputs[form], tmp_path / "tasks", executor="ray", workers=2, **options)
    assert content(tasks) == content(whole)
    assert not (tmp_path / "tasks" / "spill").exists()


def test_tasks_that_are_killed_run_again(tmp_path: Path, inputs: dict[str, Any]) -> None:
    dying = Dying(tmp_path, item=1)
    built = build(inputs["csv"], tmp_path / "tasks", parts=3, executor=dying)
    killed = len(list(tmp_path.glob("killed-*")))
    assert killed >= 5, "settling, collecting, dealing out, and sorting twice"
    assert content(built) == content(
        build(inputs["csv"], tmp_path / "whole", parts=3, partitioner="hash")
    )
    stored = {path.name for path in (tmp_path / "tasks").rglob("*") if path.is_file()}
    assert all(name.endswith((".arrow", ".json")) for name in stored)


def fatal(context: None, item: int) -> None:
    if item == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_task_that_dies_each_time_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="died 4 times"):
        list(RayExecutor().run(fatal, None, range(3)))


def test_errors_come_back_as_themselves(tmp_path: Path, inputs: dict[str, Any]) -> None:
    some = pq.read_table(inputs["nodes"]).slice(0, 200)
    with pytest.raises(DanglingEdge) as caught:
        build(inputs["csv"], tmp_path / "tasks", nodes=some, executor="ray")
    assert caught.value.source == inputs["csv"]
    assert caught.value.row is not None
    assert not (tmp_path / "tasks").exists()


def test_paths_are_relative_to_the_folder_of_the_caller(
    tmp_path: Path, inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(inputs["csv"]).parent)
    store = build("edges.csv", tmp_path / "s", executor="ray")
    assert store.book.num_edges(("node", "edge", "node")) == NUM_EDGES


def test_a_cluster_that_is_connected_is_used() -> None:
    assert isinstance(choose_executor(None, None), RayExecutor)
    assert choose_executor(None, None).workers == 2


def test_a_folder_that_cannot_be_made(tmp_path: Path, inputs: dict[str, Any]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot spill to"):
        build(inputs["csv"], tmp_path / "s", executor="ray", spill_folder=tmp_path / "file")
    assert not (tmp_path / "s").exists()


def test_a_store_that_only_this_process_sees(inputs: dict[str, Any]) -> None:
    memory = fs._MockFileSystem()
    options = {"parts": 2, "partitioner": "hash", "memory_budget": "128MiB", "workers": 2}
    with pytest.raises(ArgumentError, match=r"cannot be sent.*executor='local'"):
        build(inputs["csv"], (memory, "s"), **options)
    assert memory.get_file_info(fs.FileSelector("", recursive=True)) == []
    build(inputs["csv"], (memory, "s"), executor="local", **options)


def test_input_that_cannot_be_sent() -> None:
    with pytest.raises(ArgumentError, match=r"cannot be sent.*lock"):
        list(RayExecutor().run(fatal, None, [threading.Lock()]))
