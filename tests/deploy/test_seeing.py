"""What a running graph shows of itself: to a real Prometheus, in traces, and in its logs.

One cluster of two nodes and one graph for all: it is launched with traces and JSON logs on, is
read, sampled, written to, snapshotted and compacted, and loses two replicas.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

import graphray as gr
from graphray import tracing
from graphray.metrics import CONFLICTS, METRICS
from graphray.reading.operations import FindIds
from tests.conftest import FAST_HEALTH_CHECKS, OBJECT_STORE_BYTES, RAY_FOLDER
from tests.deploy import span_files
from tests.polling import poll

pytestmark = pytest.mark.cluster

FOLDER = Path(__file__).parents[2] / "deploy" / "observability"
SERVICE_DISCOVERY = Path(RAY_FOLDER) / "ray" / "prom_metrics_service_discovery.json"
NAME = "seen"
NODES = 400
IDS = np.arange(NODES)
ASKS_ONCE = gr.CallPolicy(hedge_share=0.0)


@dataclass(frozen=True)
class Span:
    name: str
    trace: str
    id: str
    parent: str | None
    attributes: dict[str, Any]
    pid: str


@pytest.fixture(scope="module")
def spans_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("spans")
    os.environ[span_files.FOLDER] = str(folder)  # The cluster's processes inherit it.
    span_files.start()  # What a client's application does.
    yield folder
    del os.environ[span_files.FOLDER]
    tracing.disable()


@pytest.fixture(scope="module")
def graph(
    start_cluster: Any, spans_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[gr.Graph]:
    # Ray reports every ten seconds otherwise.
    settings = {**FAST_HEALTH_CHECKS, "metrics_report_interval_ms": 2000}
    # This process runs on the head, which has no room for replicas: all that it reads is asked for.
    # Its dashboard writes the list of what is to be scraped; it has to find a free port.
    dashboard = {"include_dashboard": True, "dashboard_port": 0}
    cluster = start_cluster(nodes=1, num_cpus=0, _system_config=settings, **dashboard)
    cluster.add_node(num_cpus=2, object_store_memory=OBJECT_STORE_BYTES)
    store = tmp_path_factory.mktemp("seen") / "store"
    pairs = pa.table({"src": IDS.repeat(3), "dst": (IDS[:, None] * [1, 7, 11] % NODES).ravel()})
    nodes = pa.table({"id": IDS, "x": IDS / NODES})
    gr.build(pairs, store, nodes=nodes, parts=2, partitioner="hash")
    options = gr.LaunchOptions(log_format="json", tracing="tests.deploy.span_files:start")
    found = gr.launch(store, NAME, replicas=2, options=options)
    use(found)
    yield found
    found.shutdown()


def use(graph: gr.Graph) -> None:
    """Do a bit of everything that is counted."""
    graph.cache_features("x", "2KiB")
    graph.cache_neighbors("4KiB")
    for _ in range(3):
        graph.features(IDS, "x")
        for _ in graph.loader([2, 2], batch_size=100):
            pass
    with graph.transaction() as transaction:
        transaction.update_nodes("node", {"id": IDS[:20], "x": np.zeros(20)})
    with graph.snapshot() as snapshot:
        snapshot.features(IDS, "x")
    graph.compact()
    # A process prefers replica 0 of one of two partitions, and another one's of the other.
    firsts = [one.pid for one in graph.replicas() if one.replica == 0 and one.pid is not None]
    asks_twice, asks_once = gr.connect(NAME), gr.connect(NAME, policy=ASKS_ONCE)
    signal_all(firsts, signal.SIGSTOP)
    read_both(asks_twice)
    signal_all(firsts, signal.SIGCONT)
    signal_all(firsts, signal.SIGKILL)
    read_both(asks_once)


def signal_all(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, what)


def read_both(graph: gr.Graph) -> dict[int, Any]:
    return graph.access.call_all({part: FindIds("node", IDS) for part in (0, 1)})


def spans(folder: Path) -> list[Span]:
    found = []
    for file in folder.glob("spans-*"):
        for line in file.read_text().splitlines():
            try:
                one = json.loads(line)
            except ValueError:
                continue  # It is being written.
            context = one["context"]
            pid = file.name.removeprefix("spans-")
            found.append(
                Span(
                    one["name"],
                    context["trace_id"],
                    context["span_id"],
                    one["parent_id"],
                    one["attributes"],
                    pid,
                )
            )
    return found


class Prometheus:
    """A Prometheus that scrapes the cluster as deploy/observability/prometheus.yml says."""

    def __init__(self, folder: Path) -> None:
        config = (FOLDER / "prometheus.yml").read_text()
        for before, after in (
            ("/tmp/ray/prom_metrics_service_discovery.json", str(SERVICE_DISCOVERY)),
            ("interval: 10s", "interval: 1s"),
            ("alerts.yml", str(FOLDER / "alerts.yml")),
        ):
            assert before in config
            config = config.replace(before, after)
        (folder / "prometheus.yml").write_text(config)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._at = f"127.0.0.1:{free.getsockname()[1]}"
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._at}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, what: str, **parameters: str) -> Any:
        asked = f"http://{self._at}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(asked, timeout=5) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    def is_up(self) -> bool:
        try:
            return bool(self.get("query", query="up == 1")["result"])
        except OSError:
            return False


@pytest.fixture(scope="module")
def prometheus(graph: gr.Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    found = Prometheus(tmp_path_factory.mktemp("prometheus"))
    try:
        poll(found.is_up, "scraping")
        yield found
    finally:
        found.process.terminate()
        found.process.wait(30)


# Nothing scales here, and only the replicas of "eventual" replication can be in conflict.
NOT_HERE = {metric for metric in METRICS if metric.by == "autoscaler"} | {CONFLICTS}


def test_prometheus_has_every_series_with_its_labels(
    graph: gr.Graph, prometheus: Prometheus
) -> None:
    series = [(m, name) for m in METRICS if m not in NOT_HERE for name in m.series]

    def missing() -> list[str]:
        graph.features(IDS, "x")
        match = f'{{graph="{NAME}"}}'
        return [n for _, n in series if not prometheus.get("query", query=n + match)["result"]]

    poll(lambda: not missing(), "every series")
    for metric, name in series:
        for result in prometheus.get("query", query=name)["result"]:
            assert set(metric.labels) <= set(result["metric"]), metric

    def values_of(label: str, name: str) -> set[str]:
        found = prometheus.get("query", query=f"count by ({label}) ({name})")["result"]
        return {result["metric"][label] for result in found}

    poll(lambda: values_of("part", "ray_graphray_replicas_serving") == {"0", "1"}, "both parts")
    # Also of those that were killed: Ray has restarted them.
    poll(lambda: values_of("replica", "ray_graphray_log_position") == {"0", "1"}, "both replicas")


def test_every_panel_of_the_dashboard_has_data(graph: gr.Graph, prometheus: Prometheus) -> None:
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    shown = {panel["title"]: panel["targets"][0]["expr"] for panel in panels}
    absent = [name for metric in NOT_HERE for name in metric.series]
    asked = {
        title: expression.replace("$graph", NAME)
        for title, expression in shown.items()
        if not any(name in expression for name in absent)
    }
    assert len(asked) >= len(shown) - 2
    empty: list[str] = []

    def all_have_data() -> bool:
        graph.features(IDS, "x")
        empty[:] = [t for t, e in asked.items() if not prometheus.get("query", query=e)["result"]]
        return not empty

    poll(all_have_data, f"data for {empty}")


def test_every_alert_is_evaluated(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, Any]]:
        (group,) = prometheus.get("rules")["groups"]
        return group["rules"]

    poll(lambda: all(rule["health"] != "unknown" for rule in rules()), "an evaluation")
    written = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    assert {rule["name"] for rule in rules()} == {rule["alert"] for rule in written}
    assert [rule for rule in rules() if rule["health"] != "ok" or rule.get("lastError")] == []


def test_a_read_is_one_trace_from_the_client_to_both_partitions(
    graph: gr.Graph, spans_folder: Path
) -> None:
    def served() -> list[tuple[Span, Span, Span]]:
        found = {one.id: one for one in spans(spans_folder)}
        chains = []
        for leaf in found.values():
            if leaf.name == "serve call" and leaf.parent in found:
                call = found[leaf.parent]
                if call.parent in found and found[call.parent].name == "read":
                    chains.append((found[call.parent], call, leaf))
        return chains

    read_both(graph)
    poll(lambda: len({leaf.attributes["graphray.part"] for *_, leaf in served()}) == 2, "spans")
    by_root: dict[str, set[Any]] = {}
    here = str(os.getpid())
    for root, call, leaf in served():
        assert root.trace == call.trace == leaf.trace
        assert root.attributes["graphray.graph"] == leaf.attributes["graphray.graph"] == NAME
        assert (root.pid, call.pid) == (here, here)
        assert leaf.pid != here
        for name in ("graphray.part", "graphray.replica"):
            assert call.attributes[name] == leaf.attributes[name]
        by_root.setdefault(root.id, set()).add((leaf.attributes["graphray.part"], leaf.pid))
    assert any(len({part for part, _ in leaves}) == 2 for leaves in by_root.values())
    assert any(len({pid for _, pid in leaves}) == 2 for leaves in by_root.values())


def test_commits_and_snapshots_are_traced_through_partitions_and_catalog(
    graph: gr.Graph, spans_folder: Path
) -> None:
    def below(name: str) -> set[tuple[str, Any]]:
        found = spans(spans_folder)
        traces = {one.trace for one in found if one.name == name}
        return {(s.name, s.attributes.get("graphray.part")) for s in found if s.trace in traces}

    poll(lambda: {("serve ask", 0), ("serve ask", 1)} <= below("commit"), "a commit's spans")
    # A replica that folds changes in asks the catalog how, and all partitions for them.
    poll(lambda: ("serve plan_snapshot", None) in below("read"), "the spans of a fold")
    catalog = {("serve locate_snapshot", None), ("serve ask", 0), ("serve ask", 1)}
    poll(lambda: catalog <= below("snapshot"), "a snapshot's spans")
    assert ("serve compact", None) in below("compact")


def test_log_lines_say_where_they_come_from(graph: gr.Graph) -> None:
    folder = Path(RAY_FOLDER) / "ray" / "session_latest" / "logs"
    lines = [
        json.loads(line)
        for file in folder.glob("worker-*.err")
        for line in file.read_text().splitlines()
        if line.startswith('{"time"')
    ]
    taking_part = [line for line in lines if line["message"].startswith("takes part")]
    places = {(line["graph"], line["part"], line["replica"]) for line in taking_part}
    assert places == {(NAME, part, replica) for part in "01" for replica in "01"}
    # Those that were asked to, not those that were restarted and began by themselves.
    assert (
        sum(
            re.fullmatch("[0-9a-f]{20,}", line.get("request", "")) is not None
            for line in taking_part
        )
        >= 4
    )
    leading = [line for line in lines if re.fullmatch("is primary of term [0-9]+", line["message"])]
    assert {line["part"] for line in leading} == {"0", "1"}
    assert all(line["message"].endswith(f"term {line['term']}") for line in leading)
    compacted = [line for line in lines if line["message"].startswith("compacted into version 2")]
    assert [(line["graph"], line["actor"]) for line in compacted] == [(NAME, "catalog")]
    assert all(line["trace"] for line in compacted)
