"""Replicas that keep some of the columns each, on a real cluster: readers miss nothing."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

import graphray as gr
from graphray.client.view import NAMESPACE, place_of
from graphray.errors import ArgumentError, ColumnNotFound
from graphray.replication.settings import ReplicationSettings
from tests.actors.clients import PartitionClient
from tests.client.changes.graphs import WRITES, build_store
from tests.polling import poll

pytestmark = pytest.mark.cluster

NAME = "shared-out"
SETTINGS = ReplicationSettings(
    heartbeat_ms=100,
    lease_ms=800,
    suspect_ms=1200,
    seal_wait_ms=1200,
    checkpoint_entries=10,
    keep_entries=5,
)
# Nobody keeps all, and names and years nobody keeps together.
COVERAGE = {
    0: {"author": "all", "paper": ["x"]},
    1: {"author": ["age"], WRITES: ["year"]},
    2: {"author": ["name"], "writes": "all", "paper": "all"},
}
NAMES, AGES, YEARS, XS = (
    "node:author:name",
    "node:author:age",
    "edge:author-writes-paper:year",
    "node:paper:x",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("partial") / "store", parts=1)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def graph(start_cluster: Callable[..., Any], store: Path, data_dir: Path) -> Iterator[gr.Graph]:
    start_cluster(nodes=1, num_cpus=4)
    options = gr.LaunchOptions(
        data_dir=str(data_dir), replication_settings=SETTINGS, coverage=COVERAGE
    )
    with gr.launch(store, NAME, replicas=3, replication="partial", options=options) as launched:
        yield launched
        launched.shutdown()


def digests() -> dict[int, tuple[int, dict[str, str]]]:
    """By replica, how far it is and what it has."""
    handles = {n: ray.get_actor(f"graph/{NAME}/part-0/replica-{n}", NAMESPACE) for n in range(3)}
    return {n: ray.get(handle.digests.remote()) for n, handle in handles.items()}


def all_agree() -> bool:
    """Whether all are equally far, and equal in what they keep in common."""
    found = digests()
    if len({lsn for lsn, _ in found.values()}) != 1:
        return False
    by_tag: dict[str, set[str]] = {}
    for _, hashes in found.values():
        for tag, digest in hashes.items():
            by_tag.setdefault(tag, set()).add(digest)
    return all(len(different) == 1 for different in by_tag.values())


def write(graph: gr.Graph, number: int) -> None:
    author = f"new{number}"
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": [author], "age": [number], "name": [author.title()]})
        tx.add_edges(WRITES, {"src": [author], "dst": [7], "year": [2000 + number]})
        tx.update_nodes("paper", {"id": [7], "x": [[float(number)] * 3]})


def check(reads: Any, numbers: range) -> None:
    authors = [f"new{n}" for n in numbers]
    found = reads.nodes(authors, "author")
    assert found["name"].tolist() == [a.title() for a in authors]
    assert found["age"].tolist() == list(numbers)
    edges = reads.edges(authors, WRITES)
    assert edges["year"].tolist() == [2000 + n for n in numbers]
    assert reads.nodes(7, "paper")["x"].tolist() == [[float(numbers[-1])] * 3]


def kill_with_its_disk(graph: gr.Graph, data_dir: Path, identity: str) -> None:
    place = place_of(identity)
    (pid,) = [r.pid for r in graph.replicas() if (r.part, r.replica) == place]
    assert pid is not None
    (folder,) = data_dir.glob(f"{NAME}/*/part-00000/replica-{place[1]}")
    os.kill(pid, signal.SIGSTOP)
    shutil.rmtree(folder)
    os.kill(pid, signal.SIGKILL)


def test_every_column_is_found_though_no_replica_has_all(graph: gr.Graph, data_dir: Path) -> None:
    for number in range(12):
        write(graph, number)
    check(graph.read(), range(12))
    poll(all_agree, "the replicas agree")
    kept = {n: set(hashes) - {""} for n, (_, hashes) in digests().items()}
    assert kept == {0: {NAMES, AGES, XS}, 1: {AGES, YEARS}, 2: {NAMES, YEARS, XS}}


def test_a_lost_disk_is_filled_again_from_all_who_keep_its_columns(
    graph: gr.Graph, data_dir: Path
) -> None:
    client = PartitionClient(NAME)
    lost = next(m for m in client.configuration().members if place_of(m)[1] == 2)
    kill_with_its_disk(graph, data_dir, lost)
    for number in range(12, 15):
        write(graph, number)
    check(graph.read(), range(15))

    def is_replaced() -> bool:
        members = client.configuration().members
        return lost not in members and {place_of(m)[1] for m in members} == {0, 1, 2}

    poll(is_replaced, "its replacement")
    poll(all_agree, "the replicas agree")
    hashes = digests()[2][1]
    assert {NAMES, YEARS, XS} <= set(hashes)
    check(graph.read(), range(15))


def test_snapshots_and_versions_have_all_columns(graph: gr.Graph, store: Path) -> None:
    with graph.snapshot() as state:
        assert state.node("new14", "author").properties == {"name": "New14", "age": 14}
        assert state.node(7, "paper").properties["x"] == [14.0] * 3
    version = graph.compact()
    with gr.open(store, version) as opened:
        assert opened.node("new3", "author").properties == {"name": "New3", "age": 3}
    write(graph, 15)
    check(graph.read(), range(16))


def test_a_coverage_that_cannot_be_is_refused(store: Path) -> None:
    def launch(replication: str = "partial", **coverage: Any) -> None:
        options = gr.LaunchOptions(coverage=coverage["coverage"])
        gr.launch(store, "never", replicas=2, replication=replication, options=options)

    with pytest.raises(ArgumentError, match=r"no replica keeps .*node:author:age"):
        launch(coverage={0: {"author": ["name"]}, 1: {"paper": "all", WRITES: "all"}})
    with pytest.raises(ColumnNotFound, match=r"coverage\[1\]: node type 'paper' has no column 'y'"):
        launch(coverage={1: {"paper": ["y"]}})
    with pytest.raises(ArgumentError, match="'papers' is none of the node types author, paper"):
        launch(coverage={1: {"papers": ["x"]}})
    with pytest.raises(ArgumentError, match="replica 2; there are 2"):
        launch(coverage={2: "all"})
    with pytest.raises(ArgumentError, match="all keep all"):
        launch("full", coverage={0: "all"})
    assert "never" not in gr.running_graphs()
