"""The watch on a real cluster: what is done to it shows as events with causes, and is mended."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import ray
from click.testing import CliRunner
from ray._raylet import GcsClient

import graphray as gr
from graphray.cli.entry import main
from graphray.client.transport import fetch
from graphray.client.view import NAMESPACE
from graphray.console.running import RunningSource
from graphray.errors import ArgumentError, ReplicaHeldBack
from graphray.events import Event
from graphray.health import HealthSettings, HeartbeatSettings, QuarantineSettings
from graphray.status import ReplicaStatus
from tests.actors.test_partial import SETTINGS
from tests.client.changes.graphs import build_store
from tests.polling import poll

pytestmark = pytest.mark.cluster

NAME = "watched"
# Two failures are borne, the third is one too many.
HEALTH = HealthSettings(
    heartbeats=HeartbeatSettings(every_s=0.2, pause_s=1.0, deviation_min_s=0.1),
    quarantine=QuarantineSettings(failures_max=2, backoff_s=0.1, backoff_max_s=0.2),
    hung_after_s=4.0,
)
_IS_PREEMPTED = 2  # Ray's reasons for draining are idleness and preemption.


@pytest.fixture(scope="module")
def cluster(start_cluster: Callable[..., Any]) -> Any:
    return start_cluster(nodes=2)


@pytest.fixture(scope="module")
def graph(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Graph]:
    folder = tmp_path_factory.mktemp("watched")
    store = build_store(folder / "store", parts=2)
    options = gr.LaunchOptions(
        data_dir=str(folder / "data"), replication_settings=SETTINGS, health=HEALTH
    )
    with gr.launch(store, NAME, replicas=2, options=options) as launched:
        yield launched
        launched.shutdown()


class Story:
    """The events from now on."""

    def __init__(self, graph: gr.Graph) -> None:
        self._graph = graph
        self._since = max((event.number for event in graph.events()), default=0)

    def told(self) -> tuple[Event, ...]:
        """All of them so far."""
        return self._graph.events(self._since)

    def until(self, kind: str, **about: Any) -> Event:
        """The first one of a kind, about something; waited for."""

        def found() -> list[Event]:
            return [
                event
                for event in self.told()
                if event.kind == kind and about.items() <= vars(event).items()
            ]

        try:
            poll(found, f"{kind} {about}")
        except AssertionError as error:
            raise AssertionError(f"{error}; told: {self.told()}") from None
        return found()[0]

    def kinds(self, **about: Any) -> list[str]:
        """Their kinds in order, of those about something."""
        return [event.kind for event in self.told() if about.items() <= vars(event).items()]


def at(graph: gr.Graph, part: int, replica: int) -> ReplicaStatus:
    (found,) = (r for r in graph.replicas() if (r.part, r.replica) == (part, replica))
    return found


def kill(graph: gr.Graph, part: int, replica: int, how: int = signal.SIGKILL) -> int:
    pid = at(graph, part, replica).pid
    assert pid is not None
    os.kill(pid, how)
    return pid


def run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_launch_is_told(graph: gr.Graph) -> None:
    poll(lambda: [e.kind for e in graph.events()].count("replica-joined") == 4, "all serve")
    events = graph.events()
    assert (events[0].kind, events[0].cause) == ("watch-began", "the graph is launched")
    assert [event.kind for event in events].count("replica-discovered") == 4
    assert {event.severity for event in events} == {"info"}
    assert {event.node_id for event in events[1:]} == {node["NodeID"] for node in ray.nodes()}

    shown = [json.loads(line) for line in run("events", NAME, "--json").splitlines()]
    assert shown == [event.to_json() for event in events]
    joined = run("events", NAME, "--kind", "replica-joined", "--since", events[0].number)
    assert len(joined.splitlines()) == 4
    source = RunningSource(NAME)
    assert [event.number for event in source.events(0) or ()] == [e.number for e in events]
    source.close()


def test_a_killed_replica_is_told_and_made_anew(graph: gr.Graph) -> None:
    with graph.transaction() as tx:
        tx.add_nodes("author", {"id": ["one"]})
    story = Story(graph)
    poll(lambda: at(graph, 0, 0).state == "serving")
    kill(graph, 0, 0)
    dead = story.until("replica-dead", part=0, replica=0)
    assert dead.cause == "its process has ended"
    again = story.until("replica-serving", part=0, replica=0)
    assert again.cause == "it was restarted: its process has ended"
    kinds = [k for k in story.kinds(part=0, replica=0) if k.startswith("replica")]
    # On a busy machine a replica may be suspected before and after.
    told = kinds[kinds.index("replica-dead") :]
    assert told[:3] == ["replica-dead", "replica-restarted", "replica-serving"]


def test_a_short_silence_is_told_and_forgiven(graph: gr.Graph) -> None:
    story = Story(graph)
    pid = kill(graph, 1, 0, signal.SIGSTOP)
    try:
        late = story.until("replica-suspect", part=1, replica=0)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "late" in late.cause
    assert story.until("replica-serving", part=1, replica=0).cause.startswith("it was")


def test_what_crashes_again_and_again_is_left_alone(graph: gr.Graph) -> None:
    story = Story(graph)
    while "replica-quarantined" not in story.kinds(part=0, replica=1):
        poll(lambda: at(graph, 0, 1).state in ("serving", "quarantined"))
        if at(graph, 0, 1).state == "serving":
            pid = kill(graph, 0, 1)
            poll(lambda before=pid: at(graph, 0, 1).pid not in (None, before))
    quarantined = story.until("replica-quarantined")
    assert quarantined.cause == "failed 3 times within 600 s, last: its process has ended"

    status = at(graph, 0, 1)
    assert status.state == "quarantined"
    assert "release NAME 0/1" in status.reason
    assert graph.status().health == "degraded"
    handle = ray.get_actor(f"graph/{NAME}/part-0/replica-1", NAMESPACE)
    with pytest.raises(ReplicaHeldBack, match="failed 3 times"):
        fetch(handle.load.remote(), 30.0)
    assert graph.node("a1", "author").id == "a1"
    with gr.connect(NAME) as other:
        assert other.node("a1", "author").id == "a1"

    with pytest.raises(ArgumentError, match="no replica 7"):
        graph.release(0, 7)
    assert "is not quarantined" in run("release", NAME, "0/0")
    assert "is released" in run("release", NAME, "0/1")
    story.until("replica-trial", part=0, replica=1)
    poll(lambda: at(graph, 0, 1).state == "serving")


def test_what_hangs_for_long_is_killed_and_made_anew(graph: gr.Graph) -> None:
    story = Story(graph)
    before = at(graph, 1, 1)
    pid = kill(graph, 1, 1, signal.SIGSTOP)
    story.until("replica-hung", part=1, replica=1)
    hung = at(graph, 1, 1)
    assert (hung.state, hung.node_id, hung.pid) == ("hung", before.node_id, pid)
    assert "others on its node are heard" in hung.reason
    killed = story.until("replica-killed", part=1, replica=1)
    assert killed.cause.startswith("it has been silent for")
    again = story.until("replica-serving", part=1, replica=1)
    assert "it hung for" in again.cause
    assert at(graph, 1, 1).pid != pid


def test_a_restarted_catalog_begins_anew_and_says_so(graph: gr.Graph) -> None:
    before = graph.events()[-1].number
    catalog = ray.get_actor(f"graph/{NAME}/catalog", NAMESPACE)
    ray.kill(catalog, no_restart=False)
    story = Story.__new__(Story)
    story._graph, story._since = graph, before
    began = story.until("watch-began")
    assert began.cause == "it was restarted; what it had noted before is lost"
    assert story.told()[0] == began
    poll(lambda: story.kinds().count("replica-joined") == 4)


def test_nodes_leave_go_and_come(graph: gr.Graph, cluster: Any) -> None:
    story = Story(graph)
    worker = next(iter(cluster.worker_nodes))
    deadline_ms = 10**13
    GcsClient(address=cluster.address).drain_node(worker.node_id, _IS_PREEMPTED, "", deadline_ms)
    assert "replicas 0/" in story.until("node-draining", node_id=worker.node_id).what
    cluster.remove_node(worker, allow_graceful=False)
    gone = story.until("node-gone", node_id=worker.node_id)
    assert "with replicas 0/" in gone.what
    assert gone.cause
    dead = story.until("replica-dead", part=0, node_id=worker.node_id)
    assert dead.cause == "its node has ended"
    assert graph.node("a1", "author").id == "a1"

    cluster.add_node(num_cpus=2, object_store_memory=150 * 2**20)
    story.until("node-joined")
    back = story.until("replica-serving", part=0, replica=dead.replica)
    assert back.cause == "it was restarted: its node has ended"
    assert "replica-quarantined" not in story.kinds()
