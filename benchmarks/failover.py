"""What readers and writers notice of a fault under load, and how soon everything is there twice.

A process on a node without replicas samples, reads and writes from several threads, without pause.
Then the replica that it asks first is killed, or stopped; a node; the catalog. From that moment on
it counts how long it takes until Ray knows (for a stopped process: until the graph's status says
so), until the first read and the first write that began after the fault are answered, and until all
replicas serve again. Failed are calls that ended in an error; the p99 is of reads and samples that
began within some seconds after the fault, beside those before it.

What hedging costs while all is well is measured first, by readers with and without it in turns.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
from ray._private.state import actors
from ray.cluster_utils import Cluster

import graphray as gr
from benchmarks.cluster import CPUS, OBJECT_STORE_BYTES, cluster
from benchmarks.failover_load import READ, SAMPLE, WRITE
from benchmarks.graphs import communities
from benchmarks.report import Row, compared, skipped
from graphray.client.view import catalog_name
from graphray.status import ReplicaStatus

NAME = "benchmark"
WORKERS, PARTS, REPLICAS = 3, 2, 2
# The head has no room for a replica, so that its processes have to call for everything.
HEAD_CPUS, CPUS_PER_REPLICA = 1, 1.5
TAIL_TARGET, REDUNDANCY_TARGET_S, COST_TARGET = 10.0, 5.0, 0.98
_POLL_S, _LIMIT_S = 0.02, 60.0


@dataclass(frozen=True)
class Call:
    """A call that the load made."""

    what: str
    begun_s: float
    took_s: float
    problem: str


@dataclass(frozen=True)
class Fault:
    """Something that is done to the cluster.

    Attributes:
        name: in the table.
        strike: does it.
        is_known: whether Ray, or the graph, has noticed.
        known_by: which of them.
        is_over: whether all that was lost is there again, as far as replicas do not tell.
        heal: brings the cluster back to what it was.
    """

    name: str
    strike: Callable[[], None]
    is_known: Callable[[], bool]
    known_by: str
    is_over: Callable[[gr.GraphStatus], bool]
    heal: Callable[[], None]


def run(quick: bool) -> list[Row]:
    """Every row of the benchmark."""
    nodes, edges, seconds, rounds = (
        (20_000, 160_000, 5.0, 5) if quick else (200_000, 1_600_000, 15.0, 15)
    )
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store"
        _, *pairs = communities(nodes, edges, rng_seed=1)
        gr.build(tuple(pairs), store, nodes=np.arange(nodes), parts=PARTS, partitioner="hash")
        options = gr.LaunchOptions(cpus_per_replica=CPUS_PER_REPLICA, data_dir=f"{folder}/data")
        with (
            cluster(WORKERS + 1, head_cpus=HEAD_CPUS) as nodes_of,
            gr.launch(store, NAME, replicas=REPLICAS, options=options) as graph,
        ):
            rows += _cost_while_well(nodes, rounds)
            with _load() as load:
                for fault in _faults(graph, nodes_of, load.pid):
                    rows += _measure(graph, fault, load, seconds)
            graph.shutdown()
    return rows


# --- faults ---------------------------------------------------------------------------------------


def _faults(graph: gr.Graph, nodes: Cluster, reader_pid: int) -> Iterator[Fault]:
    """Each is made when the one before it is over."""
    yield _killed(graph, reader_pid)
    yield _stopped(graph, reader_pid)
    yield _node_killed(graph, nodes, reader_pid)
    yield _catalog_killed()


def _first_asked(graph: gr.Graph, reader_pid: int) -> ReplicaStatus:
    """The replica of partition 0 that a process begins with; see `ReplicaSets`."""
    number = reader_pid % REPLICAS
    return next(r for r in graph.replicas() if (r.part, r.replica) == (0, number))


def _killed(graph: gr.Graph, reader_pid: int) -> Fault:
    pid = _pid(_first_asked(graph, reader_pid))
    return Fault(
        "replica killed",
        lambda: os.kill(pid, signal.SIGKILL),
        lambda: pid not in _actor_pids(),
        "Ray",
        lambda status: pid not in {replica.pid for replica in status.replicas},
        _nothing,
    )


def _stopped(graph: gr.Graph, reader_pid: int) -> Fault:
    victim = _first_asked(graph, reader_pid)
    pid = _pid(victim)

    def is_known() -> bool:
        return any(
            not found.serves or found.pid != pid
            for found in graph.replicas()
            if (found.part, found.replica) == (victim.part, victim.replica)
        )

    def heal() -> None:
        if pid in _actor_pids():
            os.kill(pid, signal.SIGCONT)

    return Fault(
        "replica stopped",
        lambda: os.kill(pid, signal.SIGSTOP),
        is_known,
        "the graph's status",
        lambda status: pid not in {replica.pid for replica in status.replicas},
        heal,
    )


def _node_killed(graph: gr.Graph, nodes: Cluster, reader_pid: int) -> Fault:
    node_id = _first_asked(graph, reader_pid).node_id
    node = next(each for each in nodes.worker_nodes if each.node_id == node_id)
    return Fault(
        "node killed",
        lambda: nodes.remove_node(node, allow_graceful=False),
        lambda: node_id not in {each["NodeID"] for each in ray.nodes() if each["Alive"]},
        "Ray",
        lambda status: node_id not in {replica.node_id for replica in status.replicas},
        lambda: _nothing(nodes.add_node(num_cpus=CPUS, object_store_memory=OBJECT_STORE_BYTES)),
    )


def _catalog_killed() -> Fault:
    pid = next(pid for pid, name in _actor_pids().items() if name == catalog_name(NAME))
    return Fault(
        "catalog killed",
        lambda: os.kill(pid, signal.SIGKILL),
        lambda: pid not in _actor_pids(),
        "Ray",
        lambda status: catalog_name(NAME) in _actor_pids().values(),
        _nothing,
    )


def _actor_pids() -> dict[int, str]:
    """The processes of the actors that Ray takes to be alive, and their names."""
    alive = (actor for actor in actors().values() if actor["State"] == "ALIVE")
    return {actor["Pid"]: actor["Name"] for actor in alive}


def _pid(replica: ReplicaStatus) -> int:
    assert replica.pid is not None
    return replica.pid


def _nothing(*_: Any) -> None:
    """There is nothing to bring back."""


# --- measuring ------------------------------------------------------------------------------------


def _measure(
    graph: gr.Graph, fault: Fault, load: subprocess.Popen[str], seconds: float
) -> Iterator[Row]:
    _await(lambda: graph.status().is_well, _LIMIT_S)
    _calls(load)
    threading.Event().wait(seconds)
    calm = _calls(load)
    with ThreadPoolExecutor(2) as watchers:
        begun = time.monotonic()
        fault.strike()
        known = watchers.submit(_await, fault.is_known, _LIMIT_S)
        full = watchers.submit(_await, lambda: _is_whole(graph, fault), _LIMIT_S)
        known_s, full_s = known.result(), full.result()
    threading.Event().wait(max(0.0, seconds - (time.monotonic() - begun)))
    struck = [call for call in _calls(load) if call.begun_s >= begun]
    fault.heal()
    yield from _rows(fault, calm, struck, begun, seconds)
    yield _seconds(f"{fault.name}: known to {fault.known_by}", known_s)
    if known_s is None or full_s is None:
        yield _seconds(f"{fault.name}: full redundancy", full_s)
        return
    name = f"{fault.name}: full redundancy, from when it was known on"
    later_s = max(0.0, full_s - known_s)
    yield Row(
        name, later_s, "s", target=REDUNDANCY_TARGET_S, met=later_s <= REDUNDANCY_TARGET_S,
        at_most=True,
    )  # fmt: skip


def _is_whole(graph: gr.Graph, fault: Fault) -> bool:
    status = graph.status()
    return status.is_well and fault.is_over(status)


def _rows(
    fault: Fault, calm: Sequence[Call], struck: Sequence[Call], begun: float, seconds: float
) -> Iterator[Row]:
    failed = sum(bool(call.problem) for call in struck)
    yield Row(
        f"{fault.name}: failed, of {len(struck):,} reads, samples and writes",
        failed, "", target=0, met=failed == 0, at_most=True,
    )  # fmt: skip
    for what in (READ, WRITE):
        ends = [c.begun_s + c.took_s - begun for c in struck if c.what == what and not c.problem]
        yield _seconds(f"{fault.name}: first good {what}", min(ends, default=None))
    for what, name in ((READ, "point reads"), (SAMPLE, "samples")):
        after = [c.took_s for c in struck if c.what == what and c.begun_s < begun + seconds]
        before = [c.took_s for c in calm if c.what == what]
        yield compared(
            f"{fault.name}: p99 of {name} in the {seconds:g} s from then on",
            float(np.quantile(after, 0.99)) * 1e3, "ms",
            "before", float(np.quantile(before, 0.99)) * 1e3, at_most=TAIL_TARGET,
        )  # fmt: skip


def _seconds(name: str, value: float | None) -> Row:
    if value is None:
        return skipped(name, "s", f"not within {_LIMIT_S:g} s")
    return Row(name, value, "s")


def _await(holds: Callable[[], bool], limit_s: float) -> float | None:
    """How long it took until something held; None where it did not."""
    begun = time.monotonic()
    while (waited_s := time.monotonic() - begun) < limit_s:
        if holds():
            return waited_s
        threading.Event().wait(_POLL_S)
    return None


# --- the load -------------------------------------------------------------------------------------


@contextmanager
def _load() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.failover_load", NAME]
    load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        while not {READ, SAMPLE, WRITE} <= {call.what for call in _calls(load)}:
            threading.Event().wait(0.5)
        yield load
    finally:
        load.communicate()


def _calls(load: subprocess.Popen[str]) -> list[Call]:
    """What it did since the last time."""
    assert load.stdin is not None
    assert load.stdout is not None
    load.stdin.write("\n")
    load.stdin.flush()
    return [Call(*note) for note in json.loads(load.stdout.readline())]


# --- what it costs --------------------------------------------------------------------------------


def _cost_while_well(nodes: int, rounds: int) -> Iterator[Row]:
    """Point reads and samples a second with hedging, in turns with those without."""
    hedged, plain = gr.connect(NAME), gr.connect(NAME, policy=gr.CallPolicy(hedge_share=0.0))
    for measure, unit in ((_reads_per_s, "reads/s"), (_sampled_per_s, "k edges/s")):
        for graph in (hedged, plain):
            measure(graph, nodes)
        turns = [(measure(hedged, nodes), measure(plain, nodes)) for _ in range(rounds)]
        values = [statistics.median(each) for each in zip(*turns, strict=True)]
        yield compared(
            "all is well, hedging on", values[0], unit, "off", values[1], at_least=COST_TARGET
        )


def _reads_per_s(graph: gr.Graph, nodes: int, reads: int = 300) -> float:
    chosen = np.random.default_rng(5).integers(0, nodes, reads).tolist()
    begun = time.perf_counter()
    for node in chosen:
        graph.node(node)
    return reads / (time.perf_counter() - begun)


def _sampled_per_s(graph: gr.Graph, nodes: int, batches: int = 20) -> float:
    """Thousands of edges."""
    seeds = np.random.default_rng(6).permutation(nodes)[: 512 * batches]
    loader = graph.loader(seeds, [10, 5], batch_size=512, rng_seed=1)
    begun = time.perf_counter()
    edges = sum(batch.num_edges for batch in loader.epoch(0))
    return edges / (time.perf_counter() - begun) / 1e3
