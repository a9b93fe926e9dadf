"""Building a store: a graph comes in, is numbered, split, sorted, written and published.

Input is read and checked before anything is written, and the version becomes visible as the last
step, so that a build which fails leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName, PartitionBook, Relabelling, relabel
from graphray.errors import ArgumentError, InputError, StoreExists
from graphray.ingest import (
    Directed,
    InputEdges,
    InputGraph,
    InputNodes,
    MissingNodes,
    read_graph,
)
from graphray.kernels.csr import Adjacency, build_adjacency
from graphray.progress import progress
from graphray.schema import Direction, KindName, Relation
from graphray.shard import edges_table, id_dtype, index_table, nodes_table, rows_table
from graphray.store import Place, Store, StoreUri, StoreWriter, store_versions
from graphray.store.tables import adjacency_tables, index_tables, node_tables
from graphray.threads import Threads, available_threads
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.quality import QualityMeter
from partitioners.registry import Assignment, Partitioner, assign, get, needs_edges

IfExists = Literal["error", "new_version"]


def build(
    edges: Any,
    uri: StoreUri,
    *,
    nodes: Any = None,
    parts: int = 1,
    partitioner: str | Partitioner = "hash",
    directed: Directed = None,
    missing_nodes: MissingNodes = "error",
    if_exists: IfExists = "error",
    kind: KindName = "property",
    src: str | None = None,
    dst: str | None = None,
    rng_seed: int = 0,
    created_at: str | None = None,
) -> Store:
    """Build a store from a graph.

    Args:
        edges: one edge table, or several as ``{(source type, name, destination type): table}``.
            A table is a path to Parquet or CSV (also a list, folder, glob or URI), an Arrow table,
            a pandas or polars frame, a NetworkX graph, a SciPy sparse matrix, or NumPy pairs:
            ``(2, m)``, ``(m, 2)`` or a tuple ``(src, dst)``. Ids are integers or strings; columns
            beside the two of ids become properties. The row of an edge is its edge id.
        uri: where the store goes: a folder that may exist, or a URI that ``pyarrow.fs`` knows.
        nodes: one node table, or ``{type: table}``: ids in the column ``id``, else in the first
            one; the other columns become properties. Ids alone may be passed as an array (a list of
            strings is read as paths). Without a table, a type's nodes are those that its edges
            name.
        parts: number of partitions, at least 1 and at most the number of nodes.
        partitioner: a registered name, or an instance.
        directed: for all relations, or per relation; None for what the input says, else True.
        missing_nodes: "error" rejects an edge to a node that the table lacks, "add" adds the node
            with null properties.
        if_exists: "error" where there is a store already, or "new_version" to publish the next
            version of it.
        kind: which kind of graph the tables are laid out as; `graphray.kinds` sets it.
        src: the column of source ids; None for ``src``, else ``source``, else the first.
        dst: the column of destination ids; None for ``dst``, else ``target``, else the second.
        rng_seed: for partitioners that draw; the same seed gives the same store.
        created_at: recorded in the manifest, such as ``"2025-01-31T12:00:00Z"``.

    Returns:
        The published store, opened.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where a parameter is out of its range.
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
    chosen = get(partitioner) if isinstance(partitioner, str) else partitioner
    place, version = _next_version(uri, if_exists)
    graph = read_graph(
        edges, nodes, directed=directed, missing_nodes=missing_nodes, src=src, dst=dst
    )
    if not any(len(nodes.ids) for nodes in graph.nodes.values()):
        raise InputError("the graph has no nodes; pass edges, or a node table")
    with progress(f"partitioning with {chosen.name}"):
        problem = _problem(graph, needs_edges(chosen))
        assignment = assign(chosen, problem, parts, rng_seed)
    meter = QualityMeter(
        problem.type_names, problem.type_offsets, tuple(graph.edges), assignment, parts
    )
    relabellings = _relabel(problem, assignment, parts)
    del problem
    with (
        Threads(available_threads()) as threads,
        Threads.beside(_note_edges, meter, graph) as measured,
        StoreWriter(place, version) as writer,
    ):
        edge_offsets = _write(writer, graph, relabellings, parts, threads)
        measured.result()
        book = PartitionBook(parts, {t: r.offsets for t, r in relabellings.items()}, edge_offsets)
        writer.publish(
            graph.schema,
            book,
            {
                "kind": kind,
                "created_at": created_at,
                "partitioner": chosen.name,
                "rng_seed": rng_seed,
                "parts": parts,
                "num_nodes": {t: len(n.ids) for t, n in graph.nodes.items()},
                "num_edges": {str(r): len(e.sources) for r, e in graph.edges.items()},
                **meter.quality().to_json(),
            },
        )
    return Store.open(place.uri, version)


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


def _problem(graph: InputGraph, with_edges: bool) -> PartitionProblem:
    offsets = np.cumsum([0, *(len(nodes.ids) for nodes in graph.nodes.values())], dtype=np.int64)
    first = dict(zip(graph.nodes, offsets, strict=False))
    edges = tuple(
        EdgeSet(
            relation,
            edges.sources + first[relation.source],
            edges.destinations + first[relation.destination],
        )
        for relation, edges in (graph.edges.items() if with_edges else ())
    )
    columns = {name: nodes.properties for name, nodes in graph.nodes.items()}
    return PartitionProblem(tuple(graph.nodes), offsets, edges, columns)


def _note_edges(meter: QualityMeter, graph: InputGraph) -> None:
    for number, edges in enumerate(graph.edges.values()):
        meter.note(number, edges.sources, edges.destinations)


def _relabel(
    problem: PartitionProblem, assignment: Assignment, parts: int
) -> dict[str, Relabelling]:
    bounds = zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    return {
        name: relabel(assignment[start:stop], parts)
        for name, (start, stop) in zip(problem.type_names, bounds, strict=True)
    }


def _write(
    writer: StoreWriter,
    graph: InputGraph,
    relabellings: Mapping[str, Relabelling],
    parts: int,
    threads: Threads,
) -> dict[AdjacencyName, npt.NDArray[np.int64]]:
    """Write all shards; returns the bounds of each partition's edges, per adjacency."""
    adjacencies = graph.schema.adjacencies
    tables = 2 * parts * (len(graph.nodes) + len(adjacencies))
    edge_offsets = {}
    with progress("sorting and writing", total=tables, unit="tables") as bar:
        for name, nodes in graph.nodes.items():
            _write_nodes(writer, name, nodes, relabellings[name], threads)
            bar.advance(2 * parts)
        for relation, direction in adjacencies:
            row_type = relation.destination if direction == "in" else relation.source
            offsets = relabellings[row_type].offsets
            # Handed on without a name: the next one is sorted when this one's memory is free.
            edge_offsets[relation, direction] = _write_adjacency(
                writer,
                (relation, direction),
                _sorted(relation, direction, graph.edges[relation], relabellings, threads),
                graph.edges[relation].properties,
                offsets,
                threads,
            )
            bar.advance(2 * parts)
    return edge_offsets


def _write_nodes(
    writer: StoreWriter, name: str, nodes: InputNodes, relabelling: Relabelling, threads: Threads
) -> None:
    """Write the nodes and the index of one type, of every partition."""
    parts = len(relabelling.offsets) - 1

    def write(tables: tuple[str, Iterator[pa.Table]]) -> None:
        for part, table in enumerate(tables[1]):
            writer.write(part, tables[0], table)

    threads.map(
        write,
        [
            (nodes_table(name), node_tables(nodes.ids, nodes.properties, relabelling)),
            (index_table(name), index_tables(nodes.ids, relabelling.gid_of_stable, parts)),
        ],
    )


def _write_adjacency(
    writer: StoreWriter,
    name: AdjacencyName,
    adjacency: Adjacency,
    properties: pa.Table,
    node_offsets: npt.NDArray[np.int64],
    threads: Threads,
) -> npt.NDArray[np.int64]:
    """Write one adjacency of every partition; returns the bounds of each partition's edges."""

    def write(part: int) -> None:
        rows, entries = adjacency_tables(adjacency, properties, node_offsets, part)
        writer.write(part, rows_table(*name), rows)
        writer.write(part, edges_table(*name), entries)

    threads.map(write, range(len(node_offsets) - 1))
    return adjacency.indptr[node_offsets]


def _sorted(
    relation: Relation,
    direction: Direction,
    edges: InputEdges,
    relabellings: Mapping[str, Relabelling],
    threads: Threads,
) -> Adjacency:
    ends = [(relation.source, edges.sources), (relation.destination, edges.destinations)]
    (neighbor_type, neighbors), (row_type, rows) = ends if direction == "in" else ends[::-1]
    neighbor_gids, row_gids = (
        relabellings[name].gid_of_stable.astype(id_dtype(len(relabellings[name].gid_of_stable)))
        for name in (neighbor_type, row_type)
    )
    return build_adjacency(
        rows,
        neighbors,
        row_gids,
        neighbor_gids,
        both_ends=not edges.directed,
        neighbor_dtype=neighbor_gids.dtype,
        edge_dtype=id_dtype(len(rows)),
        threads=threads,
    )
