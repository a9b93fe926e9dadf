"""Building from a graph larger than memory: edges stream by, and are sorted by partition.

1. *Number*: the nodes, reading the edges once where they tell of nodes.
2. *Deal out*: each batch of a relation's edges is mapped to stable ids, and its entries go to spill
   files, under the partition that owns their row.
3. *Sort*: each partition is read back, sorted and written.

An executor does the work of all three, section by section and partition by partition. What stays in
memory is some bytes per node, the batches under way, and the partitions being sorted. The shards
are the same bytes as those of `graphray.building.whole`, whoever did what and when: ids do not
depend on how edges come, canonical order is total, and spill files hand a partition's entries back
in rising edge id.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName, PartitionBook
from graphray.building.assigning import (
    Asked,
    Partitioned,
    Written,
    ask,
    meter_by_gid,
    renumber,
    type_offsets,
)
from graphray.building.dealing import (
    EDGE,
    NEIGHBOR,
    ROW,
    DealtAdjacency,
    EdgeDealing,
    NodeDealing,
    deal_edges,
    deal_nodes,
)
from graphray.building.numbered_edges import SpilledEdges, spill_numbered
from graphray.building.sorting import NodeSorting, RowSorting, write_nodes, write_rows
from graphray.errors import ArgumentError
from graphray.executor import Executor
from graphray.ingest.budget import Budget, in_words
from graphray.ingest.graph import MissingNodes
from graphray.ingest.numbering import NumberedEdges, NumberedGraph, number_nodes
from graphray.ingest.opening import EdgeStream
from graphray.ingest.reading import GraphInputs
from graphray.ingest.spill import SpillFile, SpillFolder
from graphray.ingest.streams import Section, Stream, row_bytes
from graphray.progress import progress
from graphray.schema import Direction, Relation
from graphray.shard import id_dtype, index_table
from graphray.store import StoreWriter
from graphray.store.tables import index_tables
from partitioners.problem import StreamedProblem
from partitioners.quality import QualityMeter
from partitioners.registry import Partitioner, needs_edges, reads_batches

# What a build in memory takes, as a multiple of the tables that come in.
_WHOLE_FACTOR = 4
# What sorting a partition takes, as a multiple of its spilled entries: these and a copy of them in
# one piece, the same again in buckets, and the sorted ones.
_SORT_FACTOR = 4.5


def exceeds(inputs: GraphInputs[EdgeStream, Stream], budget: Budget) -> bool:
    """Whether building in memory would take more than the budget; an estimate."""
    streams = [edges.stream for edges in inputs.relations.values()] + list(inputs.tables.values())
    return _WHOLE_FACTOR * sum(s.estimated_bytes for s in streams) > budget.total_bytes


def check_streams(partitioner: Partitioner, budget: Budget) -> None:
    """Raise ArgumentError where a partitioner cannot do without the whole graph in memory."""
    if not reads_batches(partitioner):
        raise ArgumentError(
            f"partitioner {partitioner.name!r} looks at the whole graph, which takes more than "
            f"memory_budget = {in_words(budget.total_bytes)}; use 'hash', 'range', 'random' or "
            "'streaming', or a larger budget"
        )


def write_streamed(
    writer: StoreWriter,
    inputs: GraphInputs[EdgeStream, Stream],
    missing_nodes: MissingNodes,
    budget: Budget,
    folder: SpillFolder,
    executor: Executor,
    own: Executor,
    asked: Asked,
) -> Written:
    """Partition a graph and write its shards, in bounded memory.

    Args:
        writer: of the store.
        inputs: the graph, unread.
        missing_nodes: what to do with an edge to a node that its type's table lacks.
        budget: the memory to keep to.
        folder: where to spill.
        executor: who does the work.
        own: who does what this process has to do itself, which is partitioning.
        asked: what is asked of a partitioner that passes `check_streams`.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where nodes or a partition do not fit the budget.
        StoreError: where a disk is full.
    """
    parts, goal = asked.parts, asked.goal
    graph = number_nodes(inputs, missing_nodes, budget, executor)
    counts = {name: len(nodes.ids) for name, nodes in graph.nodes.items()}
    offsets = type_offsets(counts)
    edges: tuple[SpilledEdges, ...] = ()
    if needs_edges(asked.partitioner):
        first = dict(zip(counts, offsets.tolist(), strict=False))
        edges = spill_numbered(graph, first, folder, budget.batch_bytes, executor)
    columns = graph.columns(goal.columns, budget, executor)
    problem = StreamedProblem(tuple(counts), offsets, edges, columns, goal)
    ((_, assignment),) = own.run(ask, asked, [problem])
    partitioned = renumber(problem, assignment, parts)
    for spilled in edges:
        folder.remove(spilled.files)
    meter = meter_by_gid(problem, list(graph.edges), partitioned.relabellings, parts)
    build = _StreamedBuild(writer, graph, partitioned, meter, parts, budget, folder, executor)
    for name in graph.nodes:
        build.write_nodes(name)
    for relation in graph.edges:
        build.write_edges(relation)
    node_offsets = {name: r.offsets for name, r in partitioned.relabellings.items()}
    return Written(
        graph.schema,
        PartitionBook(parts, node_offsets, build.edge_offsets),
        {relation: edges.edges.stream.num_rows for relation, edges in graph.edges.items()},
        meter.quality().to_json(),
    )


class _StreamedBuild:
    """Deals out and sorts, one node type or relation at a time."""

    def __init__(
        self,
        writer: StoreWriter,
        graph: NumberedGraph,
        partitioned: Partitioned,
        meter: QualityMeter,
        parts: int,
        budget: Budget,
        folder: SpillFolder,
        executor: Executor,
    ) -> None:
        self._writer = writer
        self._graph = graph
        self._owners = partitioned.owners
        self._relabellings = partitioned.relabellings
        self._parts = parts
        self._budget = budget
        self._folder = folder
        self._executor = executor
        self._gids = {
            name: relabelling.gid_of_stable.astype(id_dtype(len(relabelling.gid_of_stable)))
            for name, relabelling in partitioned.relabellings.items()
        }
        # Every worker that sorts marks the nodes of one type, a byte each.
        marks_bytes = executor.workers * max(len(gids) for gids in self._gids.values())
        self._nodes_bytes = marks_bytes + sum(nodes.kept_bytes for nodes in graph.nodes.values())
        self._meter = meter
        self.edge_offsets: dict[AdjacencyName, npt.NDArray[np.int64]] = {}

    def write_nodes(self, name: str) -> None:
        """Write the nodes and the index of one type."""
        nodes, relabelling = self._graph.nodes[name], self._relabellings[name]
        tables = index_tables(nodes.ids, relabelling.gid_of_stable, self._parts)
        for part, table in enumerate(tables):
            self._writer.write(part, index_table(name), table)
        files = self._deal_nodes(name)
        largest = self._largest(files, 0)
        self._check_sorting(largest, f"the nodes of type {name!r}")
        plan = NodeSorting(
            self._writer.target,
            name,
            nodes.ids,
            relabelling.stable_of_gid,
            relabelling.offsets,
            self._folder,
            files,
            nodes.properties.schema,
        )
        with progress(f"writing {name} nodes", self._parts, "partitions") as bar:
            at_once = self._sorted_at_once(largest)
            for _, file in self._executor.run(write_nodes, plan, range(self._parts), at_once):
                self._writer.add(file)
                bar.advance()
        self._folder.remove(files)

    def _deal_nodes(self, name: str) -> tuple[SpillFile, ...]:
        """Bring the rows of properties to the partitions that own the nodes."""
        nodes = self._graph.nodes[name]
        if nodes.table is None:
            return ()
        plan = NodeDealing(
            self._folder,
            tuple(nodes.properties.column_names),
            self._owners[name],
            self._parts,
            self._budget.batch_bytes,
        )
        sections = nodes.table.sections
        files = []
        with progress(f"dealing out {name} nodes", nodes.num_listed, "nodes") as bar:
            for number, file in self._executor.run(deal_nodes, plan, sections):
                files.append(file)
                bar.advance(sections[number].num_rows)
        return tuple(files)

    def write_edges(self, relation: Relation) -> None:
        """Write the adjacencies of one relation."""
        edges = self._graph.edges[relation]
        directions: tuple[Direction, ...] = ("in", "out") if edges.directed else ("in",)
        schemas = {d: self._entry_schema(relation, d, edges) for d in directions}
        self._check_expected(relation, edges, schemas["in"])
        files = self._deal_edges(relation, edges, schemas)
        for number, direction in enumerate(directions):
            self._sort(relation, direction, files, number * self._parts, schemas[direction])
        self._folder.remove(files)

    def _entry_schema(
        self, relation: Relation, direction: Direction, edges: NumberedEdges
    ) -> pa.Schema:
        row_type, neighbor_type = _types(relation, direction)
        own = {
            ROW: pa.from_numpy_dtype(self._gids[row_type].dtype),
            NEIGHBOR: pa.from_numpy_dtype(self._gids[neighbor_type].dtype),
            EDGE: pa.from_numpy_dtype(id_dtype(edges.edges.stream.num_rows)),
        }
        return pa.schema([*map(pa.field, own, own.values()), *edges.properties.schema])

    def _deal_edges(
        self, relation: Relation, edges: NumberedEdges, schemas: dict[Direction, pa.Schema]
    ) -> tuple[SpillFile, ...]:
        """Bring all entries to the partitions that own their rows."""
        read = edges.edges
        adjacencies = []
        for direction, schema in schemas.items():
            row_type, _ = _types(relation, direction)
            adjacencies.append(
                DealtAdjacency(direction, self._owners[row_type], self._gids[row_type], schema)
            )
        plan = EdgeDealing(
            self._folder,
            tuple(edges.columns),
            read.src,
            read.dst,
            {
                "out": self._graph.nodes[relation.source].stable,
                "in": self._graph.nodes[relation.destination].stable,
            },
            tuple(adjacencies),
            not edges.directed,
            self._parts,
            self._budget.batch_bytes,
        )
        sections: list[Section] = list(read.stream.sections)
        files = []
        with progress(f"dealing out {relation}", read.stream.num_rows, "edges") as bar:
            for number, file in self._executor.run(deal_edges, plan, sections):
                files.append(file)
                bar.advance(sections[number].num_rows)
        return tuple(files)

    def _sort(
        self,
        relation: Relation,
        direction: Direction,
        files: tuple[SpillFile, ...],
        first_bucket: int,
        schema: pa.Schema,
    ) -> None:
        """Sort and write one adjacency, and count what it says about the partition."""
        row_type, neighbor_type = _types(relation, direction)
        num_edges = self._graph.edges[relation].edges.stream.num_rows
        largest = self._largest(files, first_bucket)
        self._check_sorting(largest, f"relation {relation}")
        row_offsets = self._relabellings[row_type].offsets
        plan = RowSorting(
            self._writer.target,
            relation,
            direction,
            row_offsets,
            self._relabellings[neighbor_type].offsets,
            self._gids[neighbor_type],
            num_edges,
            self._folder,
            files,
            first_bucket,
            schema,
        )
        entries, crossing, loops = np.zeros((3, self._parts), np.int64)
        with progress(f"sorting {relation} ({direction})", self._parts, "partitions") as bar:
            at_once = self._sorted_at_once(largest)
            for part, rows in self._executor.run(write_rows, plan, range(self._parts), at_once):
                for file in rows.files:
                    self._writer.add(file)
                entries[part], crossing[part], loops[part] = (
                    rows.num_entries,
                    rows.crossing,
                    rows.loops,
                )
                self._meter.note_known(neighbor_type, part, rows.known)
                if direction == "in":
                    num_rows = int(row_offsets[part + 1] - row_offsets[part])
                    home = np.unpackbits(rows.home, count=num_rows).view(np.bool_)
                    self._meter.note_home(relation, int(row_offsets[part]), home)
                bar.advance()
        self.edge_offsets[relation, direction] = np.cumsum([0, *entries], dtype=np.int64)
        self._count(relation, direction, entries, int(crossing.sum()), loops)

    def _count(
        self,
        relation: Relation,
        direction: Direction,
        entries: npt.NDArray[np.int64],
        crossing: int,
        loops: npt.NDArray[np.int64],
    ) -> None:
        """Tell the meter how many edges there are, where they end, and how many are cut."""
        edges = self._graph.edges[relation]
        number = list(self._graph.edges).index(relation)
        if not edges.directed:
            # Both ends have an entry; an edge from a node to itself has one, and two ends.
            num_edges = edges.edges.stream.num_rows
            self._meter.note_counts(number, num_edges, crossing // 2, entries + loops)
        elif direction == "in":
            self._meter.note_counts(number, int(entries.sum()), crossing, entries)
        else:
            self._meter.note_counts(number, 0, 0, entries)

    @property
    def _sorting_bytes(self) -> int:
        return self._budget.total_bytes - self._nodes_bytes

    def _largest(self, files: tuple[SpillFile, ...], first_bucket: int) -> int:
        """The size of the largest partition's spilled rows."""
        buckets = first_bucket + self._parts
        sizes = np.zeros(buckets, np.int64)
        for file in files:
            sizes += file.bytes_by_bucket(buckets)
        return int(sizes[first_bucket:].max())

    def _sorted_at_once(self, largest: int) -> int:
        """How many partitions fit the budget at the same time, up to the number of workers."""
        fit = int(self._sorting_bytes / max(1.0, _SORT_FACTOR * largest))
        return max(1, min(self._executor.workers, fit))

    def _check_expected(self, relation: Relation, edges: NumberedEdges, schema: pa.Schema) -> None:
        """Raise ArgumentError before hours of work where even equal partitions would not fit."""
        entries = edges.edges.stream.num_rows * (1 if edges.directed else 2)
        self._check_sorting(entries * row_bytes(schema) // self._parts, f"relation {relation}")

    def _check_sorting(self, spilled_bytes: int, what: str) -> None:
        """Raise ArgumentError where the largest partition cannot be sorted within the budget."""
        needed = int(_SORT_FACTOR * spilled_bytes)
        if needed > self._sorting_bytes:
            parts = self._parts * -(-needed // self._sorting_bytes)
            raise ArgumentError(
                f"the largest partition of {what} takes about {in_words(needed)} to sort, but "
                f"memory_budget = {in_words(self._budget.total_bytes)} leaves "
                f"{in_words(self._sorting_bytes)}; pass parts={parts} or more, or a budget of "
                f"{in_words(needed + self._nodes_bytes)}"
            )


def _types(relation: Relation, direction: Direction) -> tuple[str, str]:
    """The node types of rows and of neighbours."""
    if direction == "in":
        return relation.destination, relation.source
    return relation.source, relation.destination
