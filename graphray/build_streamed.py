"""Building from a graph larger than memory: edges stream by, and are sorted by partition.

1. *Number*: the nodes, reading the edges once where they tell of nodes.
2. *Deal out*: each batch of a relation's edges is mapped to stable ids, and its entries go to the
   spill file of their adjacency, under the partition that owns their row.
3. *Sort*: each partition is read back, sorted and written.

What stays in memory is some bytes per node, the batches under way, and the partitions being sorted.
The shards are the same bytes as those of `graphray.build_whole`: ids do not depend on how edges
come, canonical order is total, and a spill hands a partition's entries back in rising edge id.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.assigning import Partitioned, Written, partition_nodes
from graphray.book import AdjacencyName, PartitionBook
from graphray.errors import ArgumentError
from graphray.ingest.budget import Budget, in_words
from graphray.ingest.graph import MissingNodes, with_null_rows
from graphray.ingest.identity import read_ids
from graphray.ingest.numbering import NumberedEdges, NumberedGraph, NumberedNodes, number_nodes
from graphray.ingest.opening import EdgeStream
from graphray.ingest.reading import GraphInputs
from graphray.ingest.spill import Spill
from graphray.ingest.streams import Batch, Stream, row_bytes
from graphray.ingest.workspace import workspace
from graphray.kernels.csr import build_adjacency
from graphray.kernels.shuffle import Dealt, deal_entries
from graphray.progress import progress
from graphray.schema import Direction, Relation
from graphray.shard import edges_table, id_dtype, index_table, nodes_table, rows_table
from graphray.store import StoreWriter
from graphray.store.tables import adjacency_pair, index_tables, node_table
from graphray.threads import Threads, available_threads
from partitioners.goal import Goal
from partitioners.registry import Partitioner, needs_edges

# Columns of the spill files, beside the properties: of an adjacency entry the global id of its row,
# the stable id of its neighbour, and its edge id.
ROW, NEIGHBOR, EDGE = "@row", "@neighbor", "@edge"

# What a build in memory takes, as a multiple of the tables that come in.
_WHOLE_FACTOR = 4
# What sorting a partition takes, as a multiple of its spilled entries: these and a copy of them in
# one piece, the same again in buckets, and the sorted ones.
_SORT_FACTOR = 4.5


def exceeds(inputs: GraphInputs[EdgeStream, Stream], budget: Budget) -> bool:
    """Whether building in memory would take more than the budget; an estimate."""
    streams = [edges.stream for edges in inputs.relations.values()] + list(inputs.tables.values())
    return _WHOLE_FACTOR * sum(s.estimated_bytes() for s in streams) > budget.total_bytes


def write_streamed(
    writer: StoreWriter,
    inputs: GraphInputs[EdgeStream, Stream],
    missing_nodes: MissingNodes,
    budget: Budget,
    spill_to: Path,
    partitioner: Partitioner,
    parts: int,
    rng_seed: int,
    goal: Goal,
) -> Written:
    """Partition a graph and write its shards, in bounded memory.

    Args:
        writer: of the store.
        inputs: the graph, unread.
        missing_nodes: what to do with an edge to a node that its type's table lacks.
        budget: the memory to keep to.
        spill_to: the folder below which to spill.
        partitioner: one that does not look at edges.
        parts: number of partitions.
        rng_seed: for partitioners that draw.
        goal: what has to be balanced, and the target sizes.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where nodes or a partition do not fit the budget, or the partitioner looks
            at edges.
        StoreError: where a disk is full.
    """
    if needs_edges(partitioner):
        raise ArgumentError(
            f"partitioner {partitioner.name!r} looks at the whole graph, which takes more than "
            f"memory_budget = {in_words(budget.total_bytes)}; use 'hash', 'range' or 'random', or "
            "a larger budget"
        )
    with workspace(spill_to) as folder, Threads(available_threads()) as threads:
        graph = number_nodes(inputs, missing_nodes, budget, threads)
        partitioned = partition_nodes(
            partitioner,
            {name: len(nodes.ids) for name, nodes in graph.nodes.items()},
            {},
            tuple(graph.edges),
            {},
            parts,
            rng_seed,
            goal,
        )
        build = _StreamedBuild(writer, graph, partitioned, parts, budget, folder, threads)
        for name in graph.nodes:
            build.write_nodes(name)
        num_edges = {relation: build.write_edges(relation) for relation in graph.edges}
    node_offsets = {name: r.offsets for name, r in partitioned.relabellings.items()}
    return Written(
        graph.schema,
        PartitionBook(parts, node_offsets, build.edge_offsets),
        num_edges,
        partitioned.meter.quality().to_json(),
    )


class _StreamedBuild:
    """Deals out and sorts, one node type or relation at a time."""

    def __init__(
        self,
        writer: StoreWriter,
        graph: NumberedGraph,
        partitioned: Partitioned,
        parts: int,
        budget: Budget,
        folder: Path,
        threads: Threads,
    ) -> None:
        self._writer = writer
        self._graph = graph
        self._partitioned = partitioned
        self._parts = parts
        self._budget = budget
        self._folder = folder
        self._threads = threads
        self._gids = {
            name: relabelling.gid_of_stable.astype(id_dtype(len(relabelling.gid_of_stable)))
            for name, relabelling in partitioned.relabellings.items()
        }
        self._nodes_bytes = sum(nodes.kept_bytes for nodes in graph.nodes.values())
        self.edge_offsets: dict[AdjacencyName, npt.NDArray[np.int64]] = {}

    def write_nodes(self, name: str) -> None:
        """Write the nodes and the index of one type."""
        nodes = self._graph.nodes[name]
        gids = self._partitioned.relabellings[name].gid_of_stable
        for part, table in enumerate(index_tables(nodes.ids, gids, self._parts)):
            self._writer.write(part, index_table(name), table)
        with Spill(self._folder / "nodes", nodes.properties.schema, self._parts) as spill:
            if nodes.table is not None:
                self._deal_nodes(name, nodes, nodes.table, spill)
            self._check_fits(spill, f"the nodes of type {name!r}")
            ids = pa.array(nodes.ids)
            with progress(f"writing {name} nodes", self._parts, "partitions") as bar:
                for part in range(self._parts):
                    self._write_nodes_of(name, ids, spill, part)
                    bar.advance()

    def _deal_nodes(self, name: str, nodes: NumberedNodes, table: Stream, spill: Spill) -> None:
        """Bring the rows of properties to the partitions that own the nodes."""
        owners = self._partitioned.owners[name]

        def deal(batch: Batch) -> None:
            rows = batch.source.properties(())
            owned = owners[batch.first_row : batch.first_row + rows.num_rows]
            order = np.argsort(owned, kind="stable")
            bounds = np.searchsorted(owned[order], np.arange(self._parts + 1))
            self._spill_parts(spill, batch.number, rows.take(pa.array(order)), bounds)
            bar.advance(rows.num_rows)

        with progress(f"dealing out {name} nodes", nodes.num_listed, "nodes") as bar:
            columns = nodes.properties.column_names
            self._threads.drain(deal, table.batches(columns, self._budget.batch_bytes))

    def _write_nodes_of(self, name: str, ids: pa.Array, spill: Spill, part: int) -> None:
        relabelling = self._partitioned.relabellings[name]
        start, stop = relabelling.offsets[part : part + 2]
        stable = relabelling.stable_of_gid[start:stop]
        properties = spill.read(part)
        if properties.num_columns:
            # Nodes that the table lacks come last. A build in memory takes a partition's rows, too:
            # so the same bytes lie under nulls.
            properties = with_null_rows(properties, stop - start - len(properties))
            properties = properties.take(pa.array(np.arange(stop - start)))
        own = stable.astype(id_dtype(len(ids)))
        table = node_table(ids.take(pa.array(stable)), own, properties)
        self._writer.write(part, nodes_table(name), table)

    def write_edges(self, relation: Relation) -> int:
        """Write the adjacencies of one relation; returns the number of its edges."""
        edges = self._graph.edges[relation]
        directions: tuple[Direction, ...] = ("in", "out") if edges.directed else ("in",)
        self._check_expected(relation, edges)
        with ExitStack() as stack:
            spills = {
                direction: stack.enter_context(
                    Spill(
                        self._folder / f"edges-{direction}",
                        self._entry_schema(relation, direction, edges),
                        self._parts,
                    )
                )
                for direction in directions
            }
            num_edges = self._deal_edges(relation, edges, spills)
            for direction, spill in spills.items():
                self._check_fits(spill, f"relation {relation}")
                self._write_adjacency(relation, direction, spill, num_edges)
        return num_edges

    def _entry_schema(
        self, relation: Relation, direction: Direction, edges: NumberedEdges
    ) -> pa.Schema:
        row_type, neighbor_type = _types(relation, direction)
        edge_dtype = id_dtype(edges.edges.stream.rows_max())
        own = {
            ROW: pa.from_numpy_dtype(self._gids[row_type].dtype),
            NEIGHBOR: pa.from_numpy_dtype(self._gids[neighbor_type].dtype),
            EDGE: pa.from_numpy_dtype(edge_dtype),
        }
        return pa.schema([*map(pa.field, own, own.values()), *edges.properties.schema])

    def _deal_edges(
        self, relation: Relation, edges: NumberedEdges, spills: Mapping[Direction, Spill]
    ) -> int:
        """Bring all entries to the partitions that own their rows; returns the number of edges."""
        number = list(self._graph.edges).index(relation)
        nodes, read = self._graph.nodes, edges.edges
        counts: list[int] = []

        def deal(batch: Batch) -> None:
            source = batch.source
            sources = nodes[relation.source].stable_ids(read_ids(source, read.src))
            destinations = nodes[relation.destination].stable_ids(read_ids(source, read.dst))
            self._partitioned.meter.note(number, sources, destinations)
            properties = source.properties((read.src, read.dst))
            ends = {"in": (destinations, sources), "out": (sources, destinations)}
            for direction, spill in spills.items():
                row_type, neighbor_type = _types(relation, direction)
                dealt = deal_entries(
                    *ends[direction],
                    self._partitioned.owners[row_type],
                    self._gids[row_type],
                    self._parts,
                    both_ends=not edges.directed,
                    neighbor_dtype=self._gids[neighbor_type].dtype,
                )
                taken = (
                    properties.take(pa.array(dealt.edges))
                    if edges.properties.num_columns
                    else properties
                )
                own = [dealt.rows, dealt.neighbors, dealt.edges + batch.first_row]
                columns = [pa.array(c, f.type) for c, f in zip(own, spill.schema, strict=False)]
                entries = pa.table([*columns, *taken.columns], schema=spill.schema)
                self._spill_parts(spill, batch.number, entries, dealt.bounds)
            counts.append(len(sources))
            bar.advance(len(sources))

        with progress(f"dealing out {relation}", read.stream.num_rows(), "edges") as bar:
            columns = list(dict.fromkeys(edges.columns))
            self._threads.drain(deal, read.stream.batches(columns, self._budget.batch_bytes))
        return sum(counts)

    def _spill_parts(
        self, spill: Spill, place: int, rows: pa.Table, bounds: npt.NDArray[np.int64]
    ) -> None:
        """Append rows that stand grouped by partition."""
        batches = rows.combine_chunks().to_batches()
        for part in range(self._parts):
            start, stop = int(bounds[part]), int(bounds[part + 1])
            if stop > start:
                spill.append(part, place, batches[0].slice(start, stop - start))

    def _write_adjacency(
        self, relation: Relation, direction: Direction, spill: Spill, num_edges: int
    ) -> None:
        row_type, neighbor_type = _types(relation, direction)
        offsets = self._partitioned.relabellings[row_type].offsets
        neighbor_gids = self._gids[neighbor_type]

        def write(part: int) -> None:
            entries = spill.read(part).combine_chunks()
            num_rows = int(offsets[part + 1] - offsets[part])
            rows = entries.column(ROW).to_numpy() - offsets[part].astype(self._gids[row_type].dtype)
            adjacency = build_adjacency(
                rows,
                entries.column(NEIGHBOR).to_numpy(),
                np.arange(num_rows, dtype=rows.dtype),
                neighbor_gids,
                both_ends=False,
                neighbor_dtype=neighbor_gids.dtype,
                edge_dtype=id_dtype(len(rows)),
            )
            del rows
            edge_ids = entries.column(EDGE).to_numpy()[adjacency.edges]
            properties = entries.drop_columns([ROW, NEIGHBOR, EDGE])
            if properties.num_columns:
                properties = properties.take(pa.array(adjacency.edges))
            del entries
            rows_content, entries_content = adjacency_pair(
                adjacency.indptr,
                adjacency.neighbors,
                edge_ids.astype(id_dtype(num_edges), copy=False),
                properties,
            )
            self._writer.write(part, rows_table(relation, direction), rows_content)
            self._writer.write(part, edges_table(relation, direction), entries_content)
            bar.advance()

        with (
            progress(f"sorting {relation} ({direction})", self._parts, "partitions") as bar,
            Threads(self._sorted_at_once(spill)) as threads,
        ):
            threads.map(write, range(self._parts))
        counts = [spill.num_rows(part) for part in range(self._parts)]
        self.edge_offsets[relation, direction] = np.cumsum([0, *counts], dtype=np.int64)

    @property
    def _sorting_bytes(self) -> int:
        return self._budget.total_bytes - self._nodes_bytes

    def _sorted_at_once(self, spill: Spill) -> int:
        """How many partitions fit the budget at the same time, up to the number of threads."""
        largest = max(1.0, _SORT_FACTOR * _largest(spill, self._parts))
        return max(1, min(self._threads.count, int(self._sorting_bytes / largest)))

    def _check_expected(self, relation: Relation, edges: NumberedEdges) -> None:
        """Raise ArgumentError before hours of work where even equal partitions would not fit."""
        num_edges = edges.edges.stream.num_rows()
        if num_edges is not None:
            schema = self._entry_schema(relation, "in", edges)
            entries = num_edges if edges.directed else 2 * num_edges
            self._check_sorting(entries * row_bytes(schema) // self._parts, f"relation {relation}")

    def _check_fits(self, spill: Spill, what: str) -> None:
        """Raise ArgumentError where the largest partition cannot be sorted within the budget."""
        self._check_sorting(_largest(spill, self._parts), what)

    def _check_sorting(self, spilled_bytes: int, what: str) -> None:
        needed = int(_SORT_FACTOR * spilled_bytes)
        if needed > self._sorting_bytes:
            parts = self._parts * -(-needed // self._sorting_bytes)
            raise ArgumentError(
                f"the largest partition of {what} takes about {in_words(needed)} to sort, but "
                f"memory_budget = {in_words(self._budget.total_bytes)} leaves "
                f"{in_words(self._sorting_bytes)}; pass parts={parts} or more, or a budget of "
                f"{in_words(needed + self._nodes_bytes)}"
            )


def _entries(schema: pa.Schema, dealt: Dealt, first_edge: int, properties: pa.Table) -> pa.Table:
    """Entries as they are spilled, each with its edge's properties."""
    own = zip((dealt.rows, dealt.neighbors, dealt.edges + first_edge), schema, strict=False)
    columns = [pa.array(values.astype(field.type.to_pandas_dtype())) for values, field in own]
    if properties.num_columns:
        columns += properties.take(pa.array(dealt.edges)).columns
    return pa.table(columns, schema=schema)


def _types(relation: Relation, direction: Direction) -> tuple[str, str]:
    """The node types of rows and of neighbours."""
    if direction == "in":
        return relation.destination, relation.source
    return relation.source, relation.destination


def _largest(spill: Spill, parts: int) -> int:
    return max(spill.size_bytes(part) for part in range(parts))
