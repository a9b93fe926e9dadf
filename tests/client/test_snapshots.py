"""Snapshots of a running graph: as a fresh build of the same content would be, whatever goes on."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import ray

import graphray as gr
from graphray.changes.timeline import RECENT_TIMES
from graphray.errors import GraphNotRunning, SnapshotGone, StoreNotFound
from graphray.replication.settings import ON_RAY

pytestmark = pytest.mark.cluster

USERS, EDGES = 400, 3_000
FOLLOWS, KNOWS = ("user", "follows", "user"), ("user", "knows", "user")


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    return start_cluster(nodes=2, num_cpus=4)


class Content:
    """The graph in tables, to be built from and to be changed."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.users = users(0, USERS)
        self.edges = {
            FOLLOWS: edges(rng, USERS, EDGES),
            KNOWS: edges(rng, USERS, EDGES // 3),
        }

    def build(self, folder: Path, parts: int) -> Path:
        gr.build(
            self.edges,
            folder,
            nodes={"user": self.users},
            parts=parts,
            partitioner="hash",
            directed={FOLLOWS: True, KNOWS: False},
        )
        return folder


def users(start: int, stop: int) -> pa.Table:
    numbers = np.arange(start, stop)
    return pa.table(
        {
            "id": [f"u{n}" for n in numbers],
            "x": pa.array((numbers[:, None] * [1.0, 0.5]).tolist(), pa.list_(pa.float32(), 2)),
            "name": [f"user {n}" if n % 3 else None for n in numbers],
        }
    )


def edges(rng: np.random.Generator, count: int, size: int) -> pa.Table:
    ends = rng.integers(0, count, (2, size))
    return pa.table(
        {
            "src": [f"u{n}" for n in ends[0]],
            "dst": [f"u{n}" for n in ends[1]],
            "weight": rng.random(size).round(3),
        }
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return Content()


@pytest.fixture
def running(cluster: Any, content: Content, tmp_path: Path) -> Any:
    store = Content().build(tmp_path / "store", parts=2)
    options = gr.LaunchOptions(data_dir=str(tmp_path / "data"))
    graph = gr.launch(store, f"g{os.urandom(4).hex()}", replicas=2, options=options)
    yield graph
    graph.shutdown()


def epoch_of(graph: gr.Graph) -> list[str]:
    seeds = graph.node_ids("user", order="input")[::3]
    fanout = {FOLLOWS: [4, 3], KNOWS: [3, 2]}
    loader = graph.loader(("user", seeds), fanout, batch_size=32, shuffle=True, rng_seed=5)
    return [batch.digest() for batch in loader.epoch(0)]


def grow(graph: gr.Graph, content: Content, number: int) -> None:
    """Add users and edges to them, and remember it in the tables."""
    rng = np.random.default_rng(number)
    count = len(content.users)
    new, follows = users(count, count + 40), edges(rng, count + 40, 200)
    with graph.transaction() as changes:
        changes.add_nodes("user", new)
        changes.add_edges(FOLLOWS, follows)
    content.users = pa.concat_tables([content.users, new])
    content.edges[FOLLOWS] = pa.concat_tables([content.edges[FOLLOWS], follows])


def test_a_snapshot_is_as_a_fresh_build(running: gr.Graph, tmp_path: Path) -> None:
    content = Content()
    for number in range(3):
        grow(running, content, number)
    fresh = gr.open(content.build(tmp_path / "fresh", parts=1))
    with running.snapshot() as state:
        assert state.num_nodes("user") == fresh.num_nodes("user") == USERS + 120
        for relation in (FOLLOWS, KNOWS):
            assert state.num_edges(relation) == fresh.num_edges(relation)
        assert epoch_of(state) == epoch_of(fresh)
        ids = state.node_ids("user", order="input")
        assert np.array_equal(state.features(ids, "x"), fresh.features(ids, "x"))
        assert state.node("u401").properties == fresh.node("u401").properties
    assert epoch_of(running) != epoch_of(fresh), "the launched version itself never changes"


def test_a_snapshot_stays_as_it_is_while_writes_go_on(running: gr.Graph) -> None:
    content = Content()
    grow(running, content, 1)
    with running.snapshot() as state:
        before = epoch_of(state)
        grow(running, content, 2)
        with running.transaction() as changes:
            changes.delete_nodes("user", ["u1", "u2", "u401"])
            changes.update_nodes("user", pa.table({"id": ["u3"], "name": ["another"]}))
        assert epoch_of(state) == before
        assert state.node("u3").properties["name"] is None
        with running.snapshot() as later:
            assert later.num_nodes("user") == USERS + 80 - 3
            assert later.node("u3").properties["name"] == "another"
            everyone = set(later.node_ids("user").tolist())
            assert not everyone & {"u1", "u2", "u401"}
            for node in ("u0", "u5", "u399"):
                assert set(later.neighbors(node, FOLLOWS).tolist()) <= everyone
        assert epoch_of(state) == before


def test_other_processes_and_other_replicas_see_the_same(running: gr.Graph) -> None:
    content = Content()
    grow(running, content, 7)
    with running.snapshot() as state:
        digests = epoch_of(state)

        @ray.remote(num_cpus=0.5)
        def elsewhere(graph: gr.Graph) -> list[str]:
            return epoch_of(graph)

        assert ray.get(elsewhere.remote(state), timeout=60) == digests
        for replica in running.replicas():
            if replica.replica == 0:
                assert replica.pid is not None
                os.kill(replica.pid, signal.SIGKILL)
        assert epoch_of(state) == digests
        assert ray.get(elsewhere.remote(state), timeout=60) == digests


def test_a_snapshot_that_was_closed_is_gone(running: gr.Graph) -> None:
    grow(running, Content(), 1)
    state = running.snapshot()
    again = pickle.loads(pickle.dumps(state))
    state.close()
    with pytest.raises(SnapshotGone):
        epoch_of(again)


def test_a_version_of_the_store_is_a_snapshot(running: gr.Graph) -> None:
    assert running.versions() == (1,)
    with running.snapshot(version=1) as state:
        assert epoch_of(state) == epoch_of(running)
    with pytest.raises(StoreNotFound, match="version 2"):
        running.snapshot(version=2)


def test_an_opened_store_does_not_change(content: Content, tmp_path: Path) -> None:
    graph = gr.open(content.build(tmp_path / "store", parts=2))
    assert epoch_of(graph.snapshot()) == epoch_of(graph)
    with pytest.raises(GraphNotRunning, match="never changes"):
        graph.transaction()


def test_compaction_makes_a_version_of_what_a_snapshot_shows(
    running: gr.Graph, tmp_path: Path
) -> None:
    content = Content()
    grow(running, content, 1)
    with running.transaction() as changes:
        changes.delete_nodes("user", ["u7"])
        changes.update_nodes("user", pa.table({"id": ["u3"], "name": ["another"]}))
    with running.snapshot() as state:
        digests = epoch_of(state)
        assert running.compact() == 2
        assert running.compact() == 2, "nothing has changed since"
        assert epoch_of(state) == digests, "who reads over the old version goes on"
    assert running.versions() == (1, 2)
    assert running.backup(tmp_path / "backup") == 2
    assert epoch_of(gr.open(tmp_path / "backup")) == digests
    opened = gr.open(tmp_path / "store")
    assert opened.num_nodes("user") == USERS + 40 - 1
    assert epoch_of(opened) == digests
    connected = gr.connect(running.status().name)
    assert epoch_of(connected) == digests
    assert running.read().nodes(["u3"])["name"].tolist() == ["another"]
    grow(running, content, 2)
    with running.snapshot() as state:
        assert state.num_nodes("user") == USERS + 80 - 1
        assert running.compact() == 3
        assert epoch_of(gr.open(tmp_path / "store")) == epoch_of(state)
    assert epoch_of(running.snapshot(version=2)) == digests


def test_old_versions_go_when_nobody_needs_them(cluster: Any, tmp_path: Path) -> None:
    content = Content()
    store = Content().build(tmp_path / "store", parts=2)
    options = gr.LaunchOptions(
        data_dir=str(tmp_path / "data"),
        replication_settings=replace(ON_RAY, checkpoint_entries=4, keep_entries=0),
        versions_kept=1,
    )
    graph = gr.launch(store, "shrinking", replicas=2, options=options)
    try:
        for number in range(4):
            grow(graph, content, number)
            if number == 1:
                state = graph.snapshot()
                digests = epoch_of(state)
            graph.compact()
        kept = graph.versions()
        assert kept[-1] == 5
        assert state.access.at.version in kept, "it is pinned"
        assert epoch_of(state) == digests
        state.close()
        someone = [f"u{n}" for n in range(10, 20)]  # In both partitions.
        for number in range(RECENT_TIMES + 1):  # Times that were are readable for a while.
            with graph.transaction() as changes:
                changes.update_nodes("user", {"id": someone, "name": [f"{number}"] * len(someone)})
        assert graph.compact() == 6
        assert graph.versions() == (5, 6), "who reads a recent time reads over the last but one"
        digests = epoch_of(graph.snapshot())
    finally:
        graph.shutdown()
    again = gr.launch(store, "shrinking", replicas=2, options=options)
    try:
        assert epoch_of(again.snapshot()) == digests
        grow(again, content, 9)
        assert again.snapshot().num_nodes("user") == len(content.users)
    finally:
        again.shutdown()
