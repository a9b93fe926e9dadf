"""Updates under the eventual strategy on a real cluster: taken while peers are out of reach.

One graph of three replicas a partition; its processes are stopped and killed, and a disk is lost.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import ray
from click.testing import CliRunner

import graphray as gr
from graphray.cli.entry import main
from graphray.client.view import NAMESPACE
from graphray.errors import (
    ArgumentError,
    ColumnNotFound,
    InputError,
    LaunchError,
    NodeNotFound,
    TransactionError,
)
from graphray.replication.settings import ReplicationSettings
from tests.polling import poll

pytestmark = pytest.mark.cluster

NAME = "scores"
PAPERS, PARTS, REPLICAS = 2_000, 2, 3
SETTINGS = ReplicationSettings(
    heartbeat_ms=100, lease_ms=800, suspect_ms=1200, seal_wait_ms=1200, checkpoint_entries=30
)
MERGES = {"paper.best": "max", "paper.tags": "union", "paper.step": "math:gcd"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cells") / "data"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cells") / "store"
    ids = np.arange(PAPERS)
    papers = pa.table(
        {
            "id": ids,
            "score": ids / 2,
            "best": ids / 2,
            "step": np.full(PAPERS, 12, np.int32),
            "tags": pa.array([["old"]] * PAPERS),
            "title": [f"paper {i}" for i in ids],
            "x": pa.array([[float(i), 0.0] for i in ids], pa.list_(pa.float32(), 2)),
        }
    )
    authors = pa.table({"id": ["ada", "bob"], "age": pa.array([36, None], pa.int16())})
    writes = pa.table({"src": ["ada", "bob"], "dst": [1, 2]})
    nodes = {"paper": papers, "author": authors}
    gr.build({("author", "writes", "paper"): writes}, folder, nodes=nodes, parts=PARTS)
    return folder


@pytest.fixture(scope="module")
def graph(start_cluster: Callable[..., Any], store: Path, data_dir: Path) -> Iterator[gr.Graph]:
    start_cluster(nodes=1, num_cpus=8)
    with launch(store, data_dir) as launched:
        yield launched
        if NAME in gr.running_graphs():  # The last test has ended it.
            launched.shutdown()


def launch(store: Path, data_dir: Path, name: str = NAME, **more: Any) -> gr.Graph:
    fields = {"merges": MERGES, **more}
    options = gr.LaunchOptions(data_dir=str(data_dir), replication_settings=SETTINGS, **fields)
    return gr.launch(store, name, replicas=REPLICAS, replication="eventual", options=options)


def other_process() -> gr.Graph:
    """Another connection: it knows nothing of what was written or read in this one."""
    return gr.connect(NAME)


def put(graph: gr.Graph, table: dict[str, Any], node_type: str = "paper") -> Any:
    with graph.updates() as updates:
        updates.update_nodes(node_type, table)
    return updates.token


def digests(part: int) -> list[Any]:
    handles = [
        ray.get_actor(f"graph/{NAME}/part-{part}/replica-{number}", NAMESPACE)
        for number in range(REPLICAS)
    ]
    return ray.get([handle.digests.remote() for handle in handles], timeout=30)


def agree() -> bool:
    """Whether all replicas have seen the same writes, and hold the same."""
    for part in range(PARTS):
        found = digests(part)
        if any(seen != found[0][0] or not seen for seen, _ in found):
            return False
        assert all(hashes == found[0][1] for _, hashes in found), found
    return True


@contextmanager
def stopped(graph: gr.Graph, numbers: set[int]) -> Iterator[None]:
    pids = [r.pid for r in graph.replicas() if r.replica in numbers and r.pid is not None]
    assert len(pids) == PARTS * len(numbers)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_values_of_all_kinds_are_read_back(graph: gr.Graph) -> None:
    with graph.updates() as updates:
        updates.update_nodes(
            "paper",
            {"id": [5, 7], "score": [1.5, None], "title": [None, "new"], "x": np.ones((2, 2))},
        )
        updates.update_nodes("author", {"id": ["bob"], "age": [40]})
    reader = graph.read("session")
    found = reader.nodes([7, 6, 5], "paper", ["score", "title", "x"])
    np.testing.assert_array_equal(found["score"], [np.nan, 3.0, 1.5])
    assert found["title"].tolist() == ["new", "paper 6", None]
    assert found["x"].tolist() == [[1, 1], [6, 0], [1, 1]]
    assert reader.nodes(["bob", "ada"], "author")["age"].tolist() == [40, 36]
    with graph.updates() as updates:
        updates.clear_nodes("paper", [5, 7])
    cleared = graph.read("session").nodes([5, 7], "paper", ["score", "title"])
    assert cleared["score"].tolist() == [2.5, 3.5]
    assert cleared["title"].tolist() == ["paper 5", "paper 7"]
    assert reader.exists([5, PAPERS], "paper").tolist() == [True, False]


def test_a_thousand_rows_cost_a_few_calls(graph: gr.Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    client = graph.access.cell_client()  # type: ignore[attr-defined]
    sent: list[str] = []
    send = client.pool._transport.send

    def counted(address: str, message: Any) -> Any:
        sent.append(address)
        return send(address, message)

    monkeypatch.setattr(client.pool._transport, "send", counted)
    ids = np.arange(1_000, 2_000)
    put(graph, {"id": ids, "score": -ids.astype(float)})
    found = graph.read("session").nodes(ids, "paper", ["score"])["score"]
    assert found.tolist() == (-ids).tolist()
    assert len(sent) < 50


def test_a_token_makes_another_process_see_as_much(graph: gr.Graph) -> None:
    for number in range(10):
        token = put(graph, {"id": [20], "title": [f"draft {number}"]}).to_text()
        elsewhere = other_process().read("causal", after=token)
        assert elsewhere.nodes(20, "paper", ["title"])["title"].tolist() == [f"draft {number}"]
    with other_process() as late:
        # Whoever has seen a write comes after it, whatever his clock says.
        late.read("causal", after=token)
        future = late.access.cell_client().pool  # type: ignore[attr-defined]
        assert future._latest.wall_ms >= graph.access.cell_client().pool._latest.wall_ms  # type: ignore[attr-defined]


def test_one_replica_takes_all_writes_while_the_others_are_stopped(graph: gr.Graph) -> None:
    """What concurrent writers wrote meanwhile, at different replicas, ends as it should."""
    poll(agree, "agreement")
    before = max(r.conflicts for r in graph.replicas())
    with stopped(graph, {1, 2}):
        put(graph, {"id": [1, 2], "score": [10.0, 10.0], "best": [9.0, 1.0], "tags": [["a"]] * 2})
        put(graph, {"id": [3], "step": [12]})
    # Each writer reaches another replica only: nobody has seen the other's writes.
    with stopped(graph, {0, 2}):
        put(
            other_process(),
            {"id": [1, 2], "score": [20.0, 20.0], "best": [2.0, 5.0], "tags": [["b"]] * 2},
        )
        put(other_process(), {"id": [3], "step": [18]})
    poll(agree, "agreement")
    found = other_process().read("eventual").nodes([1, 2], "paper", ["score", "best", "tags"])
    assert found["score"].tolist() == [20.0, 20.0]
    assert found["best"].tolist() == [9.0, 5.0]
    assert [sorted(tags) for tags in found["tags"]] == [["a", "b"], ["a", "b"]]
    assert other_process().read("eventual").nodes(3, "paper", ["step"])["step"].tolist() == [6]
    assert max(r.conflicts for r in graph.replicas()) > before
    shown = CliRunner().invoke(main, ["status", NAME]).output
    assert re.search(r"[\d,]+ conflicts resolved", shown), shown


def test_no_acknowledged_write_is_lost_through_kills(graph: gr.Graph) -> None:
    acknowledged: dict[int, float] = {}
    goes_on = True

    def write(first: int) -> None:
        value = 0.0
        while goes_on:
            value += 1.0
            for one in range(first, first + 3):
                put(graph, {"id": [one], "score": [value]})
                acknowledged[one] = value

    with ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write, first) for first in (100, 200)]
        try:
            for number in (1, 2):
                pids = [r.pid for r in graph.replicas() if r.replica == number]
                before = dict(acknowledged)
                poll(lambda: acknowledged != before, "writing")  # noqa: B023
                for pid in filter(None, pids):
                    os.kill(pid, signal.SIGKILL)
                poll(lambda: graph.status().is_well, "all replicas")
        finally:
            goes_on = False
        for writer in writers:
            writer.result()
    poll(agree, "agreement")
    ids = sorted(acknowledged)
    found = other_process().read("eventual").nodes(ids, "paper", ["score"])["score"]
    assert found.tolist() == [acknowledged[one] for one in ids]


def test_a_lost_disk_costs_nothing_that_another_replica_has(
    graph: gr.Graph, data_dir: Path
) -> None:
    """1. All agree.  2. A disk is lost.  3. Others take writes.  4. It comes back, empty."""
    put(graph, {"id": [50, 51, 52], "score": [1.0, 2.0, 3.0]})
    poll(agree, "agreement")
    (pid,) = [r.pid for r in graph.replicas() if (r.part, r.replica) == (0, 0)]
    (folder,) = data_dir.glob(f"{NAME}/*/part-00000/replica-0")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    shutil.rmtree(folder)
    put(graph, {"id": [51], "score": [5.0]})
    os.kill(pid, signal.SIGKILL)
    poll(lambda: graph.status().is_well, "its return")
    poll(agree, "agreement")
    found = graph.read("session").nodes([50, 51, 52], "paper", ["score"])["score"]
    assert found.tolist() == [1.0, 5.0, 3.0]


def test_what_this_strategy_does_not_know_is_refused(graph: gr.Graph) -> None:
    for call in (
        graph.transaction,
        graph.snapshot,
        graph.compact,
        lambda: graph.lock("x"),
    ):
        with pytest.raises(TransactionError, match='replication="eventual"'):
            call()
    with pytest.raises(ArgumentError, match="eventual, monotonic, session, causal"):
        graph.read()
    reader = graph.read("causal")
    for ask in (reader.neighbors, reader.degree, reader.edges):
        with pytest.raises(TransactionError, match="edges are those of the store version"):
            ask("ada", "writes")
    assert graph.neighbors("ada", "writes").tolist() == [1]


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ({"id": [1, 1], "score": [1, 2]}, InputError, "1"),
        ({"id": [1], "score": ["x"]}, InputError, "score"),
        ({"id": [1]}, InputError, "no column to update"),
        ({"id": [1], "color": [1]}, ColumnNotFound, "color"),
        ({"id": [1, PAPERS], "score": [1, 2]}, NodeNotFound, str(PAPERS)),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    graph: gr.Graph, table: dict[str, Any], error: type[Exception], message: str
) -> None:
    before = graph.read("session").nodes([30], "paper", ["title"])["title"].tolist()

    def write() -> None:
        with graph.updates() as updates:
            updates.update_nodes("paper", {"id": [30], "title": ["never"]})
            updates.update_nodes("paper", table)

    with pytest.raises(error, match=message):
        write()
    assert graph.read("session").nodes([30], "paper", ["title"])["title"].tolist() == before


def test_what_is_merged_cannot_be_taken_back(graph: gr.Graph) -> None:
    with pytest.raises(ArgumentError, match="cannot be taken back"), graph.updates() as updates:
        updates.clear_nodes("paper", [1], ["best"])
    with pytest.raises(TransactionError, match="with graph"):
        graph.updates().update_nodes("paper", {"id": [1], "score": [1]})


def test_merge_functions_are_checked_at_the_launch(
    graph: gr.Graph, store: Path, data_dir: Path
) -> None:
    with pytest.raises(ArgumentError, match="cannot be imported"):
        launch(store, data_dir, "wrong", merges={"paper.best": "no.such:function"})
    with pytest.raises(ArgumentError, match="replication='eventual'"):
        gr.launch(store, "wrong", options=gr.LaunchOptions(merges=MERGES))


def test_updates_outlast_a_relaunch(graph: gr.Graph, store: Path, data_dir: Path) -> None:
    """Last: it shuts the graph down that the tests share."""
    put(graph, {"id": [40], "title": ["kept"]})
    graph.shutdown()
    with pytest.raises(LaunchError, match="merged by"):
        launch(store, data_dir, merges={})
    again = launch(store, data_dir)

    def is_there() -> bool:
        found = again.read("eventual").nodes(40, "paper", ["title"])["title"]
        return found.tolist() == ["kept"]

    poll(is_there, "what was written before")
    again.shutdown()
