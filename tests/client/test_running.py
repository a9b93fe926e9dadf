"""A launched graph on a cluster of several nodes, and what kills it does not notice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest
import ray
from ray._private.state import actors

import graphray as gr
from graphray.client.view import catalog_name
from graphray.errors import (
    ArgumentError,
    GraphNameTaken,
    GraphNotRunning,
    LaunchError,
    NodeNotFound,
    PartitionUnavailable,
    StoreNotFound,
)
from graphray.shard import NEIGHBOR, ArrayKey, edges_table
from tests.polling import poll

pytestmark = pytest.mark.cluster

NODES, EDGES = 3_000, 30_000
NAME = "trial"


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    return start_cluster(nodes=3, num_cpus=4)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same graph, skewed and with string ids, in 1, 4 and 8 partitions."""
    rng = np.random.default_rng(5)
    names = np.array([f"n{i}" for i in range(NODES)], object)
    edges = pa.table(
        {
            "src": names[(NODES * rng.random(EDGES) ** 3).astype(int)],
            "dst": names[rng.integers(0, NODES, EDGES)],
        }
    )
    nodes = pa.table(
        {
            "id": names,
            "x": pa.array(rng.random((NODES, 4)).tolist(), pa.list_(pa.float32(), 4)),
            "title": [f"node {i}" if i % 3 else None for i in range(NODES)],
        }
    )
    folder = tmp_path_factory.mktemp("stores")
    for parts in (1, 4, 8):
        gr.build(edges, folder / str(parts), nodes=nodes, parts=parts, partitioner="hash")
    return {parts: folder / str(parts) for parts in (1, 4, 8)}


@pytest.fixture(scope="module")
def truth(stores: dict[int, Path]) -> list[str]:
    """The digests of one epoch, sampled in this process from one partition."""
    return epoch_of(gr.open(stores[1]))


@pytest.fixture(scope="module")
def running(cluster: Any, stores: dict[int, Path]) -> Any:
    """Through the object store, which has more that can die than a store's own files."""
    graph = gr.launch(stores[4], NAME, replicas=2, options=gr.LaunchOptions(map_files=False))
    yield graph
    graph.shutdown()


def loader_of(graph: gr.Graph) -> gr.Loader:
    seeds = [f"n{i}" for i in range(0, NODES, 2)]
    return graph.loader(seeds, [5, 3], batch_size=64, shuffle=True, rng_seed=11)


def epoch_of(graph: gr.Graph, midway: Callable[[], None] | None = None) -> list[str]:
    """The digests of an epoch; something may happen in the middle of it."""
    loader = loader_of(graph)
    digests = []
    for batch in loader.epoch(0):
        if midway is not None and batch.number == len(loader) // 2:
            midway()
        digests.append(batch.digest())
    return digests


def await_well(graph: gr.Graph) -> None:
    poll(lambda: graph.status().is_well, "full redundancy")


def test_an_epoch_equals_the_in_process_one(running: gr.Graph, truth: list[str]) -> None:
    assert epoch_of(running) == truth


def test_replicas_stand_on_nodes_of_their_own(running: gr.Graph) -> None:
    status = running.status()
    assert len(status.replicas) == 4 * 2
    assert not status.warnings
    for part in range(4):
        nodes = {r.node_id for r in status.replicas if r.part == part}
        assert len(nodes) == 2


def test_some_partitions_are_mapped_and_some_are_not(running: gr.Graph) -> None:
    """The other tests cover both ways of reading only if this holds."""
    here = ray.get_runtime_context().get_node_id()
    local = {r.part for r in running.replicas() if r.node_id == here}
    loader = loader_of(running)
    assert 0 < len(local) < 4
    assert loader.in_flight > 1


def test_files_on_this_disk_are_mapped_rather_than_copied(
    cluster: Any, stores: dict[int, Path], truth: list[str], running: gr.Graph
) -> None:
    with gr.launch(stores[4], "files", replicas=1) as graph:
        assert epoch_of(graph) == truth
        files = mapped_from(graph)
        graph.shutdown()
    assert files
    assert all(path.startswith(str(stores[4])) for path in files)
    assert not any(path.startswith(str(stores[4])) for path in mapped_from(running))


@pytest.mark.parametrize("parts", [1, 8])
def test_other_partitionings_give_the_same_epoch(
    cluster: Any, stores: dict[int, Path], truth: list[str], parts: int
) -> None:
    graph = gr.launch(stores[parts], f"in-{parts}", replicas=1)
    try:
        assert epoch_of(graph) == truth
    finally:
        graph.shutdown()


def test_link_prediction_equals_the_in_process_one(
    running: gr.Graph, stores: dict[int, Path]
) -> None:
    def epoch(graph: gr.Graph, **share: Any) -> list[str]:
        loader = graph.link_loader(
            np.arange(0, EDGES, 20),
            [4, 2],
            negatives=gr.Negatives(amount=2, draw="degree", corrupt="either"),
            batch_size=200,
            shuffle=True,
            **share,
        )
        return [batch.digest() for batch in loader]

    expected = epoch(gr.open(stores[1]))
    assert epoch(running) == expected
    assert epoch(running, rank=1, world_size=2) == expected[1::2]


def test_look_ups_equal_those_of_the_opened_store(
    running: gr.Graph, stores: dict[int, Path]
) -> None:
    opened = gr.open(stores[1])
    ids = [f"n{i}" for i in (0, 7, 2999, 7)]
    assert np.array_equal(running.features(ids, "x"), opened.features(ids, "x"))
    titles = ["title"]
    assert running.features(ids, titles)["title"].tolist() == [
        None,
        "node 7",
        "node 2999",
        "node 7",
    ]
    assert running.neighbors("n1").tolist() == opened.neighbors("n1").tolist()
    assert (
        running.neighbors("n1", direction="in").tolist()
        == opened.neighbors("n1", direction="in").tolist()
    )
    assert running.node("n7").properties == opened.node("n7").properties
    assert sorted(running.node_ids()) == sorted(opened.node_ids())
    with pytest.raises(NodeNotFound, match="nobody"):
        running.neighbors("nobody")


def test_a_killed_replica_changes_nothing(running: gr.Graph, truth: list[str]) -> None:
    here = ray.get_runtime_context().get_node_id()
    victim = next(r for r in running.replicas() if r.node_id != here)
    assert victim.pid is not None
    assert epoch_of(running, lambda: os.kill(victim.pid, signal.SIGKILL)) == truth
    await_well(running)
    assert victim.pid not in {r.pid for r in running.replicas()}


def test_all_replicas_of_a_partition_killed_changes_nothing(
    running: gr.Graph, truth: list[str]
) -> None:
    def kill_partition() -> None:
        for replica in running.replicas():
            if replica.part == 1 and replica.pid is not None:
                os.kill(replica.pid, signal.SIGKILL)

    assert epoch_of(running, kill_partition) == truth
    await_well(running)


def test_a_killed_catalog_changes_nothing(running: gr.Graph, truth: list[str]) -> None:
    def kill_catalog() -> None:
        os.kill(catalog_pid(), signal.SIGKILL)

    before = catalog_pid()
    assert epoch_of(running, kill_catalog) == truth
    poll(lambda: running.status().is_well and catalog_pid() != before, "a new catalog")
    assert epoch_of(gr.connect(NAME)) == truth


def test_a_killed_raylet_changes_nothing(cluster: Any, running: gr.Graph, truth: list[str]) -> None:
    here = ray.get_runtime_context().get_node_id()
    node = next(n for n in cluster.worker_nodes if n.node_id != here)
    assert epoch_of(running, lambda: cluster.remove_node(node, allow_graceful=False)) == truth
    poll(lambda: node.node_id not in {r.node_id for r in running.replicas()}, "leaving the node")
    await_well(running)
    assert epoch_of(gr.connect(NAME)) == truth


def test_a_hung_replica_is_passed_over(running: gr.Graph, truth: list[str]) -> None:
    here = ray.get_runtime_context().get_node_id()
    victim = next(r for r in running.replicas() if r.node_id != here)
    assert victim.pid is not None
    patient = gr.connect(NAME, policy=gr.CallPolicy(try_timeout_s=0.5))
    try:
        assert epoch_of(patient, lambda: os.kill(victim.pid, signal.SIGSTOP)) == truth
        found = {(r.part, r.replica): r.state for r in patient.replicas()}
        assert found[victim.part, victim.replica] in ("unreachable", "suspect", "hung")
    finally:
        os.kill(victim.pid, signal.SIGCONT)
    await_well(running)


def test_too_few_nodes_is_said(cluster: Any, stores: dict[int, Path]) -> None:
    graph = gr.launch(stores[1], "crowded", replicas=5)
    try:
        (warning,) = graph.status().warnings
        assert "share a node" in warning
        assert graph.status().is_well
    finally:
        graph.shutdown()


def test_a_partition_with_no_replica_left_is_named(cluster: Any, stores: dict[int, Path]) -> None:
    graph = gr.launch(stores[4], "doomed", replicas=1)
    hasty = gr.connect("doomed", policy=gr.CallPolicy(deadline_s=2, try_timeout_s=0.5))
    for replica in graph.replicas():
        os.kill(replica.pid or 0, signal.SIGSTOP)
    try:
        with pytest.raises(PartitionUnavailable, match=r"partition \d .*replica 0") as caught:
            hasty._access.call_all({2: _Ping()})
        assert caught.value.fields["part"] == 2
    finally:
        graph.shutdown()


class _Ping:
    def run(self, view: Any) -> int:
        return view.part


def test_a_graph_can_be_handed_to_a_task(running: gr.Graph, stores: dict[int, Path]) -> None:
    @ray.remote
    def in_degree(graph: gr.Graph, node: str) -> int:
        return len(graph.neighbors(node, direction="in"))

    opened = gr.open(stores[4])
    expected = len(opened.neighbors("n3", direction="in"))
    assert ray.get([in_degree.remote(running, "n3"), in_degree.remote(opened, "n3")]) == [
        expected,
        expected,
    ]


def test_names_are_checked(running: gr.Graph, stores: dict[int, Path], tmp_path: Path) -> None:
    with pytest.raises(GraphNameTaken, match=NAME):
        gr.launch(stores[4], NAME)
    with pytest.raises(GraphNotRunning, match=f"running: {NAME}"):
        gr.connect("nothing")
    with pytest.raises(ArgumentError, match="name"):
        gr.launch(stores[4], "a/b")
    with pytest.raises(ArgumentError, match="replicas = 0"):
        gr.launch(stores[4], "none", replicas=0)
    with pytest.raises(StoreNotFound):
        gr.launch(tmp_path / "nowhere", "nowhere")
    assert gr.running_graphs() == [NAME]


def test_a_launch_that_fails_leaves_nothing(
    running: gr.Graph, stores: dict[int, Path], tmp_path: Path
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(stores[4], broken)
    victim = next(broken.rglob("part-00002/edges/**/*.arrow"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    with pytest.raises(LaunchError, match="part-00002"):
        gr.launch(broken, "broken")
    assert gr.running_graphs() == [NAME]
    groups = ray.util.placement_group_table().values()
    assert not [g for g in groups if "broken" in g["name"] and g["state"] != "REMOVED"]


def test_a_loader_dropped_midway_leaves_no_thread(running: gr.Graph) -> None:
    batches = loader_of(running).epoch(0)
    next(batches)
    assert any(t.name.startswith("graphray-loader") for t in threading.enumerate())
    batches.close()
    assert not any(t.name.startswith("graphray-loader") for t in threading.enumerate())


def test_a_name_is_free_again_after_shutdown(cluster: Any, stores: dict[int, Path]) -> None:
    for _ in range(2):
        graph = gr.launch(stores[1], "twice", replicas=1)
        pids = [r.pid for r in graph.replicas()]
        graph.shutdown()
        poll(lambda: not any(psutil.pid_exists(p) for p in pids if p), "the actors' end")  # noqa: B023
    with pytest.raises(GraphNotRunning):
        gr.connect("twice")


def mapped_from(graph: gr.Graph) -> set[str]:
    """The files in which the neighbours lie that this process has mapped."""
    relation = graph.schema.relations[0].relation
    key = ArrayKey(edges_table(relation, "in"), NEIGHBOR)
    mapped = [arrays[key] for arrays in graph.access.mapped([key]) if arrays is not None]
    regions = [
        (*(int(end, 16) for end in region.addr.split("-")), region.path)
        for region in psutil.Process().memory_maps(grouped=False)
    ]
    return {
        path
        for array in mapped
        for start, stop, path in regions
        if start <= array.ctypes.data < stop
    }


def catalog_pid() -> int:
    """Its process among all of the cluster's: another cluster on this machine may have one, too."""
    name = catalog_name(NAME)
    return next(
        actor["Pid"] for actor in actors().values() if actor["Name"] == name and actor["Pid"]
    )
