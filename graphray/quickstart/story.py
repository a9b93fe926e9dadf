"""The main job from end to end, on the graph that every machine has.

Read the Python environment, build a store, serve it on a Ray of its own, sample an epoch, sample it
again while a replica is killed, and compare. Everything started here is ended here, also when it is
interrupted.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import ray

from graphray.building.builder import build
from graphray.client.cluster import start_local_ray
from graphray.client.graph import Graph
from graphray.client.launcher import launch
from graphray.errors import StoreExists
from graphray.kernels.warmup import ensure_compiled
from graphray.progress import progress
from graphray.quickstart.disruption import Recovery, kill_and_watch
from graphray.quickstart.environment import EnvironmentGraph, read_environment
from graphray.quickstart.tables import CLASS_FUNCTION, IMPORTS, INHERITS, MODULE_CLASS
from graphray.sampling.loader import Loader
from graphray.sampling.plan import Fanout
from graphray.store import Place, store_versions

NAME = "environment"
REPLICAS = 2
FANOUT: Fanout = {
    IMPORTS: [10, 5, 0],
    MODULE_CLASS: [10, 5, 5],
    INHERITS: [0, 5, 5],
    CLASS_FUNCTION: [0, 5, 5],
}
"""Three hops out of a module: what it imports, its classes, their bases and methods."""
BATCH_SIZE = 128
_RECOVERY_MAX_S = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Epoch:
    """One pass over all modules."""

    digest: str
    batches: int
    seeds: int
    nodes: int
    edges: int
    took_s: float

    @property
    def seeds_per_s(self) -> float:
        """How many modules' neighbourhoods were sampled per second."""
        return self.seeds / self.took_s


@dataclass(frozen=True)
class Report:
    """The figures of a run; ``equal`` is what it is all about."""

    nodes: dict[str, int]
    edges: dict[str, int]
    skipped: dict[str, int]
    parts: int
    edge_cut: float
    edge_balance: float
    undisturbed: Epoch
    disturbed: Epoch
    recovery: Recovery
    equal: bool
    took_s: float


def tell(folder: str | Path | None = None, *, parts: int = 4, say: Say = print) -> Report:
    """Run the main job and narrate it.

    Args:
        folder: where to keep the store; None for a temporary folder.
        parts: number of partitions.
        say: takes each line of the story.

    Raises:
        StoreExists: where there is a store in the folder already.
    """
    started = time.perf_counter()
    _refuse_existing_store(folder)
    say(
        "The first run on a machine also compiles kernels with Numba, once; the result is cached, "
        "and later runs skip it."
    )
    say("1/4  Reading this Python environment (metadata and syntax trees; nothing is executed)")
    environment = read_environment()
    _say_sizes(environment, say)
    with _store_folder(folder) as store_folder, _local_ray():
        say(f"2/4  Building a store of {parts} partitions with METIS")
        store = build(
            environment.edges,
            store_folder,
            nodes=environment.nodes,
            parts=parts,
            partitioner="metis",
        )
        quality = store.manifest.build
        say(
            f"     edge cut {quality['edge_cut']:.1%}, edges balanced to "
            f"{quality['edge_balance']:.2f} times the mean"
        )
        say(f"3/4  Launching it on a local Ray, {REPLICAS} replicas of each partition")
        with _launched(store_folder) as graph:
            pids = ", ".join(f"{r.pid} (part {r.part})" for r in graph.replicas())
            say(f"     replica processes: {pids}")
            say("4/4  Sampling an epoch twice, and killing a replica in the middle of the second")
            ensure_compiled()
            undisturbed, disturbed, recovery = _two_epochs(graph)
    report = Report(
        nodes={name: table.num_rows for name, table in environment.nodes.items()},
        edges={str(name): table.num_rows for name, table in environment.edges.items()},
        skipped=environment.skipped,
        parts=parts,
        edge_cut=quality["edge_cut"],
        edge_balance=quality["edge_balance"],
        undisturbed=undisturbed,
        disturbed=disturbed,
        recovery=recovery,
        equal=undisturbed.digest == disturbed.digest,
        took_s=time.perf_counter() - started,
    )
    _say_end(report, folder, say)
    return report


def _two_epochs(graph: Graph) -> tuple[Epoch, Epoch, Recovery]:
    loader = graph.loader(
        "module", FANOUT, batch_size=BATCH_SIZE, shuffle=True, rng_seed=7, direction="out"
    )
    undisturbed = _run_epoch(loader, "sampling, undisturbed")
    node_id = ray.get_runtime_context().get_node_id()
    recoveries = []

    def disturb() -> None:
        recoveries.append(kill_and_watch(graph, node_id, _RECOVERY_MAX_S))

    # Ray prints a page about a process that died; this one's death is no news.
    with redirect_stdout(io.StringIO()):
        disturbed = _run_epoch(loader, "sampling, one replica killed", disturb)
        with progress("waiting for the killed replica to be back"):
            recovery = recoveries[0].result()
    return undisturbed, disturbed, recovery


def _run_epoch(loader: Loader, label: str, halfway: Callable[[], None] | None = None) -> Epoch:
    """Sample epoch 0; only the sampling is timed, not the digests and the disturbance."""
    digest = hashlib.blake2b(digest_size=16)
    seeds = nodes = edges = 0
    took_s, resumed_at = 0.0, time.perf_counter()
    with progress(label, total=len(loader), unit="batches") as bar:
        for batch in loader.epoch(0):
            took_s += time.perf_counter() - resumed_at
            digest.update(batch.digest().encode())
            seeds += batch.num_seeds
            nodes += batch.num_nodes
            edges += batch.num_edges
            bar.advance()
            if halfway and batch.number == len(loader) // 2:
                halfway()
            resumed_at = time.perf_counter()
    return Epoch(digest.hexdigest(), len(loader), seeds, nodes, edges, took_s)


def _refuse_existing_store(folder: str | Path | None) -> None:
    """Say it now rather than after half a minute of reading."""
    if folder is not None and store_versions(Place(folder)):
        raise StoreExists(f"there is already a store at {folder}; choose another folder")


@contextmanager
def _store_folder(folder: str | Path | None) -> Iterator[Path]:
    if folder is not None:
        yield Path(folder)
        return
    with TemporaryDirectory(prefix="graphray-quickstart-") as temporary:
        yield Path(temporary)


@contextmanager
def _local_ray() -> Iterator[None]:
    start_local_ray()
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _launched(folder: Path) -> Iterator[Graph]:
    graph = launch(folder, NAME, replicas=REPLICAS)
    try:
        yield graph
    finally:
        graph.shutdown()


def _say_sizes(environment: EnvironmentGraph, say: Say) -> None:
    sizes = [(f"{name} nodes", t.num_rows) for name, t in environment.nodes.items()]
    sizes += [(" ".join(relation), t.num_rows) for relation, t in environment.edges.items()]
    for name, count in sizes:
        say(f"     {count:>9,}  {name}")


def _say_end(report: Report, folder: str | Path | None, say: Say) -> None:
    first, second, recovery = report.undisturbed, report.disturbed, report.recovery
    say("")
    say(
        f"Sampled    {first.seeds:,} modules in {first.batches} batches, {first.nodes:,} nodes and "
        f"{first.edges:,} edges: {first.seeds_per_s:,.0f} seeds/s"
    )
    say(
        f"Killed     process {recovery.killed_pid}, replica {recovery.replica} of partition "
        f"{recovery.part}, with SIGKILL in the middle of the second epoch"
    )
    say(
        f"Meanwhile  sampling went on at {second.seeds_per_s:,.0f} seeds/s, from arrays it had "
        f"mapped; process {recovery.new_pid} served in its place within {recovery.took_s:.1f} s"
    )
    same = "equal, so nothing was lost, doubled or changed" if report.equal else "DIFFERENT: a bug"
    say(f"Digests    {first.digest}\n           {second.digest}\n           {same}")
    say(f"In all     {report.took_s:.0f} s; everything that was started has been ended")
    store = "env-store/" if folder is None else str(folder)
    say("")
    say("Next:")
    if folder is None:
        say(f"  graphray quickstart --folder {store}    # keep the store")
    say(f"  graphray info {store}")
    say(f"  graphray launch {store} --name env && graphray status env")
    say("  graphray sample env --node-type module --seeds json,ray --direction out --fanout 10,5")
    say("  graphray build --help                       # with data of your own")
