"""Building from a graph that is in memory as a whole: one relation and direction at a time.

`graphray.building.streamed` is its twin for graphs that are not; both write the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName, PartitionBook, Relabelling
from graphray.building.assigning import Asked, Written, partition_nodes, type_offsets
from graphray.ingest import InputEdges, InputGraph, InputNodes
from graphray.kernels.csr import Adjacency, build_adjacency
from graphray.progress import progress
from graphray.schema import Direction, Relation
from graphray.shard import edges_table, id_dtype, index_table, nodes_table, rows_table
from graphray.store import StoreWriter
from graphray.store.tables import adjacency_tables, index_tables, node_tables
from graphray.threads import Threads, available_threads
from partitioners.goal import Goal
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.quality import QualityMeter
from partitioners.registry import needs_edges
from partitioners.weights import column_weights


def write_whole(writer: StoreWriter, graph: InputGraph, asked: Asked) -> Written:
    """Partition a graph and write its shards; raises as `partition_nodes` does."""
    parts, goal = asked.parts, asked.goal
    problem = _problem(graph, needs_edges(asked.partitioner), goal)
    partitioned = partition_nodes(asked, problem)
    relabellings = partitioned.relabellings
    meter = QualityMeter(
        problem.type_names,
        problem.type_offsets,
        list(graph.edges),
        partitioned.assignment,
        goal.shares(parts),
        {name: column_weights(problem, name) for name in goal.columns},
    )
    with (
        Threads(available_threads()) as threads,
        Threads.beside(_note_edges, meter, graph) as noted,
    ):
        edge_offsets = _write(writer, graph, relabellings, parts, threads)
        noted.result()
    return Written(
        graph.schema,
        PartitionBook(parts, {t: r.offsets for t, r in relabellings.items()}, edge_offsets),
        {relation: len(edges.sources) for relation, edges in graph.edges.items()},
        meter.quality().to_json(),
    )


def _problem(graph: InputGraph, with_edges: bool, goal: Goal) -> PartitionProblem:
    """What a partitioner is asked."""
    counts = {name: len(nodes.ids) for name, nodes in graph.nodes.items()}
    offsets = type_offsets(counts)
    first = dict(zip(counts, offsets, strict=False))
    edges = tuple(
        EdgeSet(
            relation,
            edges.sources + first[relation.source],
            edges.destinations + first[relation.destination],
        )
        for relation, edges in graph.edges.items()
        if with_edges
    )
    columns = {name: nodes.properties for name, nodes in graph.nodes.items()}
    return PartitionProblem(tuple(counts), offsets, edges, columns, goal)


def _note_edges(meter: QualityMeter, graph: InputGraph) -> None:
    for number, edges in enumerate(graph.edges.values()):
        meter.note(number, edges.sources, edges.destinations)


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
            row_type = relation.near_type(direction)
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
