"""Building a store: a graph comes in, is numbered, split, sorted, written and published.

Input is read and checked before anything is written, and the version becomes visible as the last
step, so that a build which fails leaves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from graphray.building.assigning import Asked, Written
from graphray.building.executors import ExecutorName, choose_executor
from graphray.building.plan import plan_of, workspace_of
from graphray.building.streamed import check_streams, exceeds, write_streamed
from graphray.building.whole import write_whole
from graphray.errors import ArgumentError, StoreExists
from graphray.executor import Executor, LocalExecutor
from graphray.ingest import Directed, MissingNodes, read_graph
from graphray.ingest.budget import Budget, available_memory
from graphray.ingest.journal import JournaledExecutor
from graphray.ingest.opening import open_edges, open_nodes
from graphray.ingest.reading import collect_inputs
from graphray.schema import KindName
from graphray.store import Place, Store, StoreUri, StoreWriter, store_versions
from partitioners.defaults import default_name
from partitioners.goal import Goal
from partitioners.registry import Partitioner, check_able, get, within

IfExists = Literal["error", "new_version"]


def build(
    edges: Any,
    uri: StoreUri,
    *,
    nodes: Any = None,
    parts: int = 1,
    partitioner: str | Partitioner | None = None,
    directed: Directed = None,
    missing_nodes: MissingNodes = "error",
    if_exists: IfExists = "error",
    kind: KindName = "property",
    src: str | None = None,
    dst: str | None = None,
    balance: str | Sequence[str] | None = None,
    target_sizes: Sequence[float] | None = None,
    imbalance: float | None = None,
    rng_seed: int = 0,
    created_at: str | None = None,
    memory_budget: int | str | None = None,
    spill_folder: str | os.PathLike[str] | None = None,
    executor: Executor | ExecutorName | None = None,
    workers: int | None = None,
) -> Store:
    """Build a store from a graph.

    Args:
        edges: one edge table, or several as ``{(source type, name, destination type): table}``.
            A table is a path to Parquet, CSV or JSON Lines (also a list, folder, glob or URI), an
            Arrow table, a pandas or polars frame, a NetworkX or igraph graph, a SciPy sparse
            matrix, or NumPy pairs: ``(2, m)``, ``(m, 2)`` or a tuple ``(src, dst)``. Ids are
            integers or strings; columns beside the two of ids become properties. The row of an edge
            is its edge id.
        uri: where the store goes: a folder that may exist, or a URI that ``pyarrow.fs`` knows.
        nodes: one node table, or ``{type: table}``: ids in the column ``id``, else in the first
            one; the other columns become properties. Ids alone may be passed as an array (a list of
            strings is read as paths). Without a table, a type's nodes are those that its edges
            name.
        parts: number of partitions, at least 1 and at most the number of nodes.
        partitioner: a registered name, or an instance; None for the one of the kind of graph
            (``"multilevel"`` for property graphs), or ``"hash"`` through files.
        directed: for all relations, or per relation; None for what the input says, else True.
        missing_nodes: "error" rejects an edge to a node that the table lacks, "add" adds the node
            with null properties.
        if_exists: "error" where there is a store already, or "new_version" to publish the next
            version of it.
        kind: which kind of graph the tables are laid out as; `graphray.kinds` sets it.
        src: the column of source ids; None for ``src``, else ``source``, else the first.
        dst: the column of destination ids; None for ``dst``, else ``target``, else the second.
        balance: what has to be balanced, one or several of ``"nodes"``, ``"edges"`` (edge ends) and
            names of numeric node columns; the build fails where it is not reached. None for what
            the partitioner does, as well as can be.
        target_sizes: the size of each partition relative to the others, such as ``[2, 1, 1]`` where
            the first is for a node of twice the memory; None for equal ones.
        imbalance: a partition may hold this many times its target; None for the partitioner's own
            limit, mostly 1.1.
        rng_seed: for partitioners that draw; the same seed gives the same store.
        memory_budget: how much memory the build may hold beyond the libraries themselves, in bytes
            or such as ``"4GiB"``; at least 128 MiB. Input that would take more is streamed: read in
            batches, brought to its partitions through files, and sorted partition by partition.
            What is kept per node (some 80 bytes, and string ids) and the largest partition have
            to fit. None builds in memory, whatever it takes; the same partitioner gives the same.
        spill_folder: where those files go, which take about as much room as the store; None for a
            folder beside the store's data, or for the system's temporary one where the store is
            not on the local disk. All who work on the build have to see it under this path.
        executor: who does the work of a build through files: ``"local"``, threads of this process;
            ``"ray"``, tasks of the cluster at hand; an `graphray.executor.Executor` of your own.
            None for tasks where this process is connected to a Ray cluster already, else threads.
            The store is the same.
        workers: how many of them work at the same time; None for one per processor. With either of
            the two a build goes through files also without ``memory_budget``, with half of the
            memory that this machine has left.
        created_at: recorded in the manifest, such as ``"2025-01-31T12:00:00Z"``.

    Returns:
        The published store, opened.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where a parameter is out of its range, or the graph cannot be built within
            ``memory_budget``; the message says what would help.
        BalanceNotMet: where ``balance`` names what no partition was found for.
        StoreError: where a disk is full, or a file cannot be written.
        StoreExists: where there is a store already.
        VersionConflict: where another writer published the same version meanwhile.

    Example:
        >>> import tempfile
        >>> store = build(([0, 1, 2], [1, 2, 0]), tempfile.mkdtemp(), parts=2)
        >>> store.book.num_nodes("node"), store.book.num_edges(("node", "edge", "node"))
        (3, 3)
    """
    if not isinstance(parts, int) or parts < 1:
        raise ArgumentError(f"parts = {parts!r}; expected 1 up to the number of nodes")
    if kind not in get_args(KindName):
        raise ArgumentError(f"kind = {kind!r}; expected one of {', '.join(get_args(KindName))}")
    in_files = executor is not None or workers is not None
    goal = Goal.of(balance, target_sizes, imbalance)
    if partitioner is None:
        in_memory = memory_budget is None and not in_files
        partitioner = default_name(kind, parts, goal, in_memory=in_memory)
    chosen = get(partitioner) if isinstance(partitioner, str) else partitioner
    check_able(chosen, goal, parts)
    runner = choose_executor(executor, workers)
    place, version = _next_version(uri, if_exists)
    asked = Asked(chosen, parts, rng_seed, goal)
    about = {"kind": kind, "created_at": created_at}
    if memory_budget is not None or in_files:
        amount = available_memory() // 2 if memory_budget is None else memory_budget
        budget = Budget.of(amount).shared_by(runner.workers)
        opening: dict[str, Any] = {"batch_bytes": budget.batch_bytes, "executor": runner}
        streams = collect_inputs(
            edges,
            nodes,
            directed,
            missing_nodes,
            partial(open_edges, src=src, dst=dst, **opening),
            partial(open_nodes, **opening),
        )
        if in_files or exceeds(streams, budget):
            check_streams(chosen, budget)
            if memory_budget is not None:
                # Only where it is stated: nothing in a store depends on the memory there is today.
                asked = replace(asked, partitioner=within(chosen, budget.total_bytes // 2))
            plan = plan_of(streams, missing_nodes, place, asked)
            with (
                workspace_of(place, spill_folder, runner, plan) as space,
                StoreWriter(place, version, space.build_id) as writer,
            ):
                space.begin(writer.build_id, goes_on=writer.took_over)
                runner, own = _journaled(runner, LocalExecutor(1), space.done)
                written = write_streamed(
                    writer, streams, missing_nodes, budget, space.spill, runner, own, asked
                )
                _publish(writer, written, asked, about)
            return Store.open(place.uri, version)
    graph = read_graph(
        edges, nodes, directed=directed, missing_nodes=missing_nodes, src=src, dst=dst
    )
    with StoreWriter(place, version) as writer:
        _publish(writer, write_whole(writer, graph, asked), asked, about)
    return Store.open(place.uri, version)


def _journaled(runner: Executor, own: Executor, done: Path | None) -> tuple[Executor, Executor]:
    """The same executors, each keeping its results, where there is a folder for them."""
    if done is None:
        return runner, own
    return JournaledExecutor(runner, done), JournaledExecutor(own, done / "own")


def _publish(writer: StoreWriter, written: Written, asked: Asked, about: Mapping[str, Any]) -> None:
    goal = asked.goal
    build = {
        **about,
        "partitioner": asked.partitioner.name,
        "rng_seed": asked.rng_seed,
        "parts": asked.parts,
        "balance": goal.balance and list(goal.balance),
        "target_sizes": goal.target_sizes and list(goal.target_sizes),
        "num_nodes": {t: written.book.num_nodes(t) for t in written.book.node_offsets},
        "num_edges": {str(r): count for r, count in written.num_edges.items()},
        **written.quality,
    }
    writer.publish(written.schema, written.book, build)


def _next_version(uri: StoreUri, if_exists: IfExists) -> tuple[Place, int]:
    if if_exists not in ("error", "new_version"):
        raise ArgumentError(f"if_exists = {if_exists!r}; expected 'error' or 'new_version'")
    place = Place(uri)
    if place.is_file():
        raise StoreExists(f"{place} is a file; choose a folder for the store", uri=str(place))
    there = store_versions(place)
    if there and if_exists == "error":
        raise StoreExists(
            f"there is already a store at {place}; choose another folder, or pass "
            'if_exists="new_version" to publish the next version of it',
            uri=str(place),
        )
    return place, (there[-1] if there else 0) + 1
