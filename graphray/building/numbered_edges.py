"""Edges by node number, in files: what a partitioner reads, pass after pass, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from graphray.executor import Executor
from graphray.ingest.identity import read_ids
from graphray.ingest.lookup import StableIds
from graphray.ingest.numbering import NumberedGraph
from graphray.ingest.spill import SpillFile, SpillFolder, SpillWriter, read_pieces
from graphray.ingest.streams import Section
from graphray.progress import progress
from graphray.schema import Relation
from partitioners.problem import Batch

_SOURCE, _DESTINATION = "source", "destination"
_SCHEMA = pa.schema({_SOURCE: pa.int64(), _DESTINATION: pa.int64()})


@dataclass(frozen=True)
class SpilledEdges:
    """The edges of one relation, in the order of the input; see `partitioners.problem.EdgeBatches`.

    Attributes:
        relation: whose edges they are.
        folder: where they were spilled.
        files: in order.
    """

    relation: Relation
    folder: SpillFolder
    files: tuple[SpillFile, ...]

    def batches(self) -> Iterator[Batch]:
        """Sources and destinations of some edges at a time, ``int64[m]`` node numbers each."""
        for file in self.files:
            for piece in read_pieces(self.folder, file, 0, _SCHEMA):
                yield piece.column(0).to_numpy(), piece.column(1).to_numpy()


@dataclass(frozen=True)
class EdgeNumbering:
    """How the edges of a relation are numbered.

    Attributes:
        folder: where to spill.
        src: the column of source ids.
        dst: the column of destination ids.
        sources: their stable ids.
        destinations: likewise.
        first_source: the node number of the source type's first node.
        first_destination: likewise.
        batch_bytes: about the size of a batch.
    """

    folder: SpillFolder
    src: str
    dst: str
    sources: StableIds
    destinations: StableIds
    first_source: int
    first_destination: int
    batch_bytes: int


def number_edges(plan: EdgeNumbering, section: Section) -> SpillFile:
    """Spill the node numbers of both ends of a section's edges; a piece of work for an executor."""
    columns = list(dict.fromkeys([plan.src, plan.dst]))
    with SpillWriter(plan.folder) as spill:
        for batch in section.batches(columns, plan.batch_bytes):
            sources = plan.sources.of(read_ids(batch.source, plan.src))
            destinations = plan.destinations.of(read_ids(batch.source, plan.dst))
            numbers = [
                pa.array(sources + plan.first_source, pa.int64()),
                pa.array(destinations + plan.first_destination, pa.int64()),
            ]
            spill.append(0, batch.first_row, pa.record_batch(numbers, schema=_SCHEMA))
    return spill.written


def spill_numbered(
    graph: NumberedGraph,
    first: dict[str, int],
    folder: SpillFolder,
    batch_bytes: int,
    executor: Executor,
) -> tuple[SpilledEdges, ...]:
    """Spill all edges by node number.

    Args:
        graph: the graph, its nodes numbered.
        first: per node type, the node number of its first node.
        folder: where to spill.
        batch_bytes: about the size of a batch.
        executor: who does it.

    Raises:
        DanglingEdge: where an edge names a node that is not there.
        StoreError: where a disk is full.
    """
    spilled = []
    for relation, edges in graph.edges.items():
        read = edges.edges
        plan = EdgeNumbering(
            folder,
            read.src,
            read.dst,
            graph.nodes[relation.source].stable,
            graph.nodes[relation.destination].stable,
            first[relation.source],
            first[relation.destination],
            batch_bytes,
        )
        sections = read.stream.sections
        files: dict[int, SpillFile] = {}
        with progress(f"numbering {relation}", read.stream.num_rows, "edges") as bar:
            for number, file in executor.run(number_edges, plan, sections):
                files[number] = file
                bar.advance(sections[number].num_rows)
        ordered = tuple(file for _, file in sorted(files.items()))
        spilled.append(SpilledEdges(relation, folder, ordered))
    return tuple(spilled)
