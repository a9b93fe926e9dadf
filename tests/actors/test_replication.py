"""Acknowledged changes on a real cluster, and what may die without taking one of them along.

The data is a stand-in (lists), so that what is tested is the logs, the shells and who leads.
"""

from __future__ import annotations

import inspect
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray

import graphray as gr
from actors.member import Member
from graphray.client.view import NAMESPACE, ChangeView, catalog_name, place_of
from graphray.client.wire import decode, encode
from graphray.errors import LaunchError
from graphray.replication.configuration import Strategy
from graphray.replication.eventual_messages import GetCells, GotCells, PutCells, PutDone
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.settings import ReplicationSettings
from graphray.replication.version_vector import NOTHING_SEEN
from tests.actors import lists
from tests.actors.clients import BackgroundWriter, PartitionClient
from tests.polling import poll

pytestmark = pytest.mark.cluster

NAME = "changing"
SETTINGS = ReplicationSettings(
    heartbeat_ms=100,
    lease_ms=800,
    suspect_ms=1200,
    seal_wait_ms=1200,
    checkpoint_entries=40,
    keep_entries=10,
)


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Iterator[Any]:
    # Actors are sent to other processes by value, and so is what stands in for the data.
    ray.cloudpickle.register_pickle_by_value(lists)
    stand_ins = {"partition_state": lists.lists_state, "bytes_of": lists.bytes_of}
    seen = Member._new_machine.__globals__
    originals = {name: seen[name] for name in stand_ins}
    let_members_see(stand_ins)
    yield start_cluster(nodes=3, num_cpus=4)
    let_members_see(originals)
    ray.cloudpickle.unregister_pickle_by_value(lists)


def let_members_see(names: Mapping[str, object]) -> None:
    """Give functions to the class, and not to its module.

    A launch sends the class away by value, and where it comes back its methods see a copy of what
    was sent, each time another one.
    """
    for method in vars(Member).values():
        if inspect.isfunction(method):
            method.__globals__.update(names)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "ring"
    nodes = np.arange(100)
    gr.build((nodes, (nodes * 7 + 1) % 100), folder, parts=1)
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def launch(store: Path, data_dir: Path, name: str = NAME, replicas: int = 3, **more: Any) -> Any:
    options = gr.LaunchOptions(data_dir=str(data_dir), replication_settings=SETTINGS, **more)
    return gr.launch(store, name, replicas=replicas, options=options)


def open_for_changes(name: str = NAME) -> ChangeView:
    catalog = ray.get_actor(catalog_name(name), namespace=NAMESPACE)
    view: ChangeView = ray.get(catalog.open_for_changes.remote())
    return view


@pytest.fixture(scope="module")
def running(cluster: Any, store: Path, data_dir: Path) -> Iterator[gr.Graph]:
    graph = launch(store, data_dir)
    open_for_changes()
    yield graph
    graph.shutdown()


def pid_of(graph: gr.Graph, identity: str) -> int:
    place = place_of(identity)
    (pid,) = [r.pid for r in graph.replicas() if (r.part, r.replica) == place]
    assert pid is not None
    return pid


def check_through(graph: gr.Graph, name: str, strike: Callable[[PartitionClient], None]) -> None:
    """Write all through an event; what was acknowledged is there, once and in order."""
    client = PartitionClient(name)
    before = client.values()
    writer = BackgroundWriter(client)
    try:
        poll(lambda: writer.count >= 20, "writing")
        strike(PartitionClient(name))
        count = writer.count
        poll(lambda: writer.count >= count + 20, "writing after the strike")
    finally:
        acknowledged = writer.stop()
    assert client.values() == before + acknowledged
    configuration = client.configuration()
    poll(
        lambda: set(client.configuration().members) >= set(configuration.wanted),
        "full redundancy",
    )
    poll(lambda: graph.status().is_well, "all replicas serving")


def test_a_graph_that_nobody_changes_keeps_nothing(
    cluster: Any, store: Path, tmp_path: Path
) -> None:
    with launch(store, tmp_path / "data", "unchanged", replicas=1) as graph:
        assert graph.status().is_well
        graph.shutdown()
    assert not (tmp_path / "data").exists()
    assert not (store / "running" / "unchanged").exists()


def kill_primary(graph: gr.Graph, client: PartitionClient) -> None:
    term, primary = client.configuration().term, client.configuration().primary
    os.kill(pid_of(graph, primary), signal.SIGKILL)
    poll(lambda: client.configuration().term > term, "another term")


def test_the_primary_may_be_killed(running: gr.Graph) -> None:
    check_through(running, NAME, lambda client: kill_primary(running, client))


def test_a_backup_may_be_killed(running: gr.Graph) -> None:
    def strike(client: PartitionClient) -> None:
        os.kill(pid_of(running, client.configuration().members[-1]), signal.SIGKILL)

    check_through(running, NAME, strike)


def test_all_replicas_may_be_killed_at_once(running: gr.Graph) -> None:
    def strike(client: PartitionClient) -> None:
        for pid in [pid_of(running, identity) for identity in client.configuration().members]:
            os.kill(pid, signal.SIGKILL)

    check_through(running, NAME, strike)


def test_the_catalog_may_be_killed(running: gr.Graph) -> None:
    def strike(client: PartitionClient) -> None:
        catalog = ray.get_actor(catalog_name(NAME), namespace=NAMESPACE)
        ray.kill(catalog, no_restart=False)
        kill_primary(running, client)  # Which the new catalog has to notice.

    check_through(running, NAME, strike)


def test_a_primary_that_sleeps_past_its_lease_does_no_harm(running: gr.Graph) -> None:
    def strike(client: PartitionClient) -> None:
        term, primary = client.configuration().term, client.configuration().primary
        pid = pid_of(running, primary)
        os.kill(pid, signal.SIGSTOP)
        try:
            poll(lambda: client.configuration().term > term, "another term")
        finally:
            os.kill(pid, signal.SIGCONT)

    check_through(running, NAME, strike)


def test_a_lost_disk_comes_back_as_somebody_else(running: gr.Graph, data_dir: Path) -> None:
    lost: list[str] = []

    def strike(client: PartitionClient) -> None:
        backup = client.configuration().members[-1]
        lost.append(backup)
        pid = pid_of(running, backup)
        (folder,) = data_dir.glob(f"{NAME}/*/part-00000/replica-{place_of(backup)[1]}")
        os.kill(pid, signal.SIGSTOP)
        shutil.rmtree(folder)
        os.kill(pid, signal.SIGKILL)
        poll(lambda: backup not in client.configuration().wanted, "its replacement")

    check_through(running, NAME, strike)
    members = PartitionClient(NAME).configuration().members
    assert lost[0] not in members
    assert place_of(lost[0]) in {place_of(member) for member in members}


def test_a_node_may_die(cluster: Any, running: gr.Graph) -> None:
    here = ray.get_runtime_context().get_node_id()
    node = next(n for n in cluster.worker_nodes if n.node_id != here)

    def strike(client: PartitionClient) -> None:
        cluster.remove_node(node, allow_graceful=False)
        cluster.add_node(num_cpus=4)

    check_through(running, NAME, strike)


def test_changes_outlast_a_relaunch_until_they_are_discarded(
    cluster: Any, store: Path, data_dir: Path
) -> None:
    graph = launch(store, data_dir, "lasting", replication="quorum")
    first = open_for_changes("lasting")
    assert first.strategy is Strategy.QUORUM
    client = PartitionClient("lasting")
    for value in range(60):  # Past a snapshot of the state.
        client.append(value)
    graph.shutdown()

    with pytest.raises(LaunchError, match="replicated as 'quorum'"):
        launch(store, data_dir, "lasting")
    graph = launch(store, data_dir, "lasting", replication="quorum")
    assert open_for_changes("lasting").launch_id == first.launch_id
    assert PartitionClient("lasting").values() == list(range(60))
    graph.shutdown()

    graph = launch(store, data_dir, "lasting", replication="chain", discard_changes=True)
    assert PartitionClient("lasting").values() == []
    check_through(graph, "lasting", lambda client: kill_primary(graph, client))
    graph.shutdown()


def test_under_eventual_any_replica_takes_a_write(
    cluster: Any, store: Path, data_dir: Path
) -> None:
    graph = launch(store, data_dir, "eventual", replicas=2, replication="eventual")
    view = open_for_changes("eventual")
    members = view.configurations[0].members
    handles = [
        ray.get_actor(f"graph/eventual/part-0/replica-{place_of(m)[1]}", NAMESPACE) for m in members
    ]

    def ask(handle: Any, message: Any) -> Any:
        found = ray.get(handle.ask.remote(encode(message), 2.0))
        return None if found is None else decode(found)

    place = (b"node", "x")
    put = PutCells("me", 1, ((place, b"7"),), Stamp(1, 0, "me"), NOTHING_SEEN)
    poll(lambda: isinstance(ask(handles[0], put), PutDone), "the write")

    def arrived() -> bool:
        found = ask(handles[1], GetCells("me", 2, (place,), NOTHING_SEEN))
        return isinstance(found, GotCells) and found.values == (b"7",)

    poll(arrived, "anti-entropy")
    graph.shutdown()
