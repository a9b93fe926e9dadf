"""Dealing out: rows of the input go to spill files, under the partition that owns them.

Each function here is a piece of work for an executor: a plan that all sections share, a section,
and out comes the spill file that was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.ingest.identity import read_ids
from graphray.ingest.lookup import StableIds
from graphray.ingest.spill import SpillFile, SpillFolder, SpillWriter
from graphray.ingest.streams import Batch, Section
from graphray.kernels.shuffle import deal_entries
from graphray.schema import Direction

# Columns of the spill files, beside the properties: of an adjacency entry the global id of its row,
# the stable id of its neighbour, and its edge id.
ROW, NEIGHBOR, EDGE = "@row", "@neighbor", "@edge"


@dataclass(frozen=True)
class NodeDealing:
    """How the rows of a node table are dealt out; bucket p takes the nodes of partition p.

    Attributes:
        folder: where to spill.
        columns: the properties.
        owners: ``int32[n]``, the partition of each node by stable id.
        parts: number of partitions.
        batch_bytes: about the size of a batch.
    """

    folder: SpillFolder
    columns: tuple[str, ...]
    owners: npt.NDArray[np.int32]
    parts: int
    batch_bytes: int


def deal_nodes(plan: NodeDealing, section: Section) -> SpillFile:
    """Spill the properties of a section's nodes."""
    with SpillWriter(plan.folder) as spill:
        for batch in section.batches(plan.columns, plan.batch_bytes):
            rows = batch.source.properties(())
            owned = plan.owners[batch.first_row : batch.first_row + rows.num_rows]
            order = np.argsort(owned, kind="stable")
            bounds = np.searchsorted(owned[order], np.arange(plan.parts + 1))
            _spill_grouped(spill, 0, batch.first_row, rows.take(pa.array(order)), bounds)
    return spill.written


@dataclass(frozen=True)
class DealtAdjacency:
    """One adjacency of a relation that is dealt out.

    Attributes:
        direction: whose rows its entries stand in.
        owners: ``int32[n]``, by stable id of the rows' type, the partition.
        row_gids: ``uint32[n]`` or int64, likewise the global id.
        schema: the columns of its entries.
    """

    direction: Direction
    owners: npt.NDArray[np.int32]
    row_gids: npt.NDArray[np.integer]
    schema: pa.Schema


@dataclass(frozen=True)
class EdgeDealing:
    """How the edges of a relation are dealt out.

    Bucket ``i * parts + p`` takes the entries of adjacency i whose rows partition p owns.

    Attributes:
        folder: where to spill.
        columns: all columns to read.
        src: the one of source ids.
        dst: the one of destination ids.
        ends: stable ids of sources ("out") and of destinations ("in").
        adjacencies: what to deal out.
        both_ends: whether an edge stands in the rows of both its ends.
        parts: number of partitions.
        batch_bytes: about the size of a batch.
    """

    folder: SpillFolder
    columns: tuple[str, ...]
    src: str
    dst: str
    ends: Mapping[Direction, StableIds]
    adjacencies: tuple[DealtAdjacency, ...]
    both_ends: bool
    parts: int
    batch_bytes: int


def deal_edges(plan: EdgeDealing, section: Section) -> SpillFile:
    """Spill the adjacency entries of a section's edges."""
    with SpillWriter(plan.folder) as spill:
        for batch in section.batches(plan.columns, plan.batch_bytes):
            _deal_batch(plan, batch, spill)
    return spill.written


def _deal_batch(plan: EdgeDealing, batch: Batch, spill: SpillWriter) -> None:
    sources = plan.ends["out"].of(read_ids(batch.source, plan.src))
    destinations = plan.ends["in"].of(read_ids(batch.source, plan.dst))
    properties = batch.source.properties((plan.src, plan.dst))
    for number, adjacency in enumerate(plan.adjacencies):
        ends = (sources, destinations)
        rows, neighbors = ends if adjacency.direction == "out" else ends[::-1]
        dealt = deal_entries(
            rows,
            neighbors,
            adjacency.owners,
            adjacency.row_gids,
            plan.parts,
            both_ends=plan.both_ends,
            neighbor_dtype=adjacency.schema.field(NEIGHBOR).type.to_pandas_dtype(),
        )
        own = [dealt.rows, dealt.neighbors, dealt.edges + batch.first_row]
        columns = [pa.array(c, f.type) for c, f in zip(own, adjacency.schema, strict=False)]
        if properties.num_columns:
            columns += properties.take(pa.array(dealt.edges)).columns
        entries = pa.table(columns, schema=adjacency.schema)
        _spill_grouped(spill, number * plan.parts, batch.first_row, entries, dealt.bounds)


def _spill_grouped(
    spill: SpillWriter,
    first_bucket: int,
    place: int,
    rows: pa.Table,
    bounds: npt.NDArray[np.int64],
) -> None:
    """Append rows that stand grouped by partition."""
    batches = rows.combine_chunks().to_batches()
    for part in range(len(bounds) - 1):
        start, stop = int(bounds[part]), int(bounds[part + 1])
        if stop > start:
            spill.append(first_bucket + part, place, batches[0].slice(start, stop - start))
