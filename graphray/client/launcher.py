"""Bringing a graph up on a cluster. The only module of the package that imports `actors`."""

from __future__ import annotations

import functools
import importlib
import os
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import ModuleType
from typing import Any

import ray

import graphray
from graphray.changes.cell_merges import Merges
from graphray.changes.column_shares import column_shares
from graphray.client.cluster import ensure_ray
from graphray.client.graph import Graph
from graphray.client.launch_plan import pack_strategy, placement_options
from graphray.client.running import connect, end_catalog
from graphray.client.transport import ask
from graphray.client.view import GraphSpec
from graphray.config import CallPolicy, LaunchOptions, ReplicationName
from graphray.errors import ArgumentError, ClusterError, GraphNameTaken, GraphRayError, LaunchError
from graphray.progress import progress
from graphray.store import Store, StoreUri
from graphray.tracing import find_start

_SHOW_EVERY_S = 0.5


def launch(
    uri: StoreUri,
    name: str,
    *,
    replicas: int = 2,
    replication: ReplicationName | None = None,
    version: int | None = None,
    options: LaunchOptions | None = None,
    policy: CallPolicy | None = None,
) -> Graph:
    """Serve a store on the cluster at hand, or on a local Ray started for it.

    Every partition gets ``replicas`` actors, on nodes of their own where there are enough, as
    ``options.placement`` decides; they outlive this process and run until `Graph.shutdown` or
    ``graphray down``. Where there are fewer nodes than replicas, replicas share nodes and
    `Graph.status` carries a warning.

    Args:
        uri: the store; every node of the cluster has to be able to read it.
        name: what `graphray.connect` will find it by.
        replicas: copies of every partition.
        replication: how changes reach them: "full", "quorum", "chain", "partial" or "eventual" (see
            ``docs/guarantees.md``); None for what ``options`` say.
        version: a published version; None for the newest.
        options: more settings; its ``replicas`` and ``replication`` are overruled by the arguments.
        policy: deadlines of the calls made through the returned graph.

    Raises:
        ArgumentError: where the name or an option is none that can be, such as a coverage that
            leaves some column to nobody.
        StrategyNotFound: where no placement strategy has the name that the options give.
        PlacementError: where there is no plan that has room for all replicas; the message names
            what is missing.
        GraphNameTaken: where a graph of that name already runs.
        LaunchError: where replicas could not load, or the graph has changes that are replicated in
            another way; nothing is left running.
        StoreNotFound: where there is no store, or not that version.
    """
    if not name or "/" in name:
        raise ArgumentError(f"name = {name!r}; expected a word without '/'")
    chosen = _complete(options or LaunchOptions(), replicas, replication)
    policy = policy or CallPolicy()
    actors = _our_actors()
    if isinstance(uri, (str, Path)) and "://" not in str(uri):
        uri = os.path.abspath(uri)
    store = Store.open(uri, version)
    _check_coverage(store, chosen)
    _check_merges(store, chosen)
    if chosen.tracing:
        find_start(chosen.tracing)
    placement_options(chosen)  # Labels that are none are said before anything is started.
    strategy = pack_strategy(chosen.placement)
    ensure_ray()
    spec = GraphSpec(name, uri, store.version, chosen)
    try:
        catalog = actors.create_catalog(spec, strategy)
    except ray.exceptions.ActorAlreadyExistsError:
        raise _name_taken(name) from None
    try:
        _start(catalog, store.parts * chosen.replicas, chosen.start_timeout_s, policy)
    except (GraphRayError, ray.exceptions.RayError, KeyboardInterrupt) as error:
        _take_down(catalog, name, policy)
        if isinstance(error, GraphRayError) and not isinstance(error, ClusterError):
            raise LaunchError(f"graph {name!r} could not be launched: {error}") from error
        raise
    return connect(name, policy=policy)


def _start(catalog: Any, replicas: int, timeout_s: float, policy: CallPolicy) -> None:
    """Have the replicas brought up, and show how many are."""
    start = functools.partial(ask, policy=policy, timeout_s=timeout_s + policy.deadline_s)
    with progress("loading", replicas, "replicas") as bar, ThreadPoolExecutor(1) as thread:
        started = thread.submit(start, catalog, "start")
        shown = 0
        while not wait([started], timeout=_SHOW_EVERY_S).done:
            loaded = ask(catalog, "loaded", policy=policy)
            bar.advance(loaded - shown)
            shown = loaded
        started.result()


def _complete(
    options: LaunchOptions, replicas: int, replication: ReplicationName | None
) -> LaunchOptions:
    fields = {**vars(options), "replicas": replicas}
    if replication is not None:
        fields["replication"] = replication
    # The actors run in other folders.
    for name in ("data_dir", "state_uri"):
        if isinstance(fields[name], str | Path) and "://" not in str(fields[name]):
            fields[name] = os.path.abspath(os.path.expanduser(fields[name]))
    return LaunchOptions(**fields)


def _check_coverage(store: Store, options: LaunchOptions) -> None:
    if options.replication == "partial":
        column_shares(store.schema, options.replicas, options.coverage)
    elif options.coverage is not None:
        raise ArgumentError(
            f"coverage says which columns a replica keeps, but with replication = "
            f"{options.replication!r} all keep all; launch with replication='partial'"
        )


def _check_merges(store: Store, options: LaunchOptions) -> None:
    if options.merges and options.replication != "eventual":
        raise ArgumentError(
            f"merges say what becomes of conflicting values, and with replication = "
            f"{options.replication!r} there are none; launch with replication='eventual'"
        )
    Merges(options.merges, store.schema)


def _name_taken(name: str) -> GraphNameTaken:
    return GraphNameTaken(
        f"a graph {name!r} already runs on this cluster; use graphray.connect({name!r}), or end it "
        f"with 'graphray down {name}'",
        name=name,
    )


def _take_down(catalog: Any, name: str, policy: CallPolicy) -> None:
    try:
        ask(catalog, "stop", policy=policy)
    finally:
        end_catalog(name, policy)


def _our_actors() -> ModuleType:
    """The package `actors` that was installed with this one.

    Its name is a common one, and Ray puts a job's working directory first on the path: a user's
    own folder of that name would be found instead.
    """
    try:
        found = importlib.import_module("actors")
    except ImportError as error:
        raise LaunchError(
            f"the package 'actors' of GraphRay cannot be imported: {error}"
        ) from error
    ours = Path(graphray.__file__).resolve().parents[1] / "actors"
    theirs = [Path(place).resolve() for place in found.__path__]
    if ours not in theirs:
        raise LaunchError(
            f"launching needs GraphRay's own package 'actors' in {ours}, but another one is in the "
            f"way: {', '.join(map(str, theirs))}; rename that folder, or launch from another one "
            "(connecting to a running graph works from here)"
        )
    # Ray hands actor classes to other processes by reference, "class X of module actors.y". By
    # value, a job whose own folder `actors` hides ours can still make sense of the handles.
    ray.cloudpickle.register_pickle_by_value(found)
    return found
