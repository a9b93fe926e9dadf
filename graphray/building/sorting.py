"""Sorting: a partition's spilled rows are read back, brought into order and written as its shard.

Each function here is a piece of work for an executor: a plan that all partitions share, the number
of a partition, and out comes what was written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.building.dealing import EDGE, NEIGHBOR, ROW
from graphray.ids import UserIds
from graphray.ingest.graph import with_null_rows
from graphray.ingest.spill import SpillFile, SpillFolder, read_bucket
from graphray.kernels.border import note_border
from graphray.kernels.csr import build_adjacency
from graphray.schema import Direction, Relation
from graphray.shard import edges_table, id_dtype, nodes_table, rows_table
from graphray.store.manifest import StoredFile
from graphray.store.tables import adjacency_pair, node_table
from graphray.store.writer import ShardTarget


@dataclass(frozen=True)
class NodeSorting:
    """How the nodes of a type are written.

    Attributes:
        target: the store.
        name: the node type.
        ids: users' ids by stable id.
        stable_of_gid: ``int64[n]``.
        offsets: ``int64[parts + 1]``, the global ids of each partition.
        folder: where their properties were spilled.
        files: the spill files.
        schema: the columns of properties.
    """

    target: ShardTarget
    name: str
    ids: UserIds
    stable_of_gid: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    folder: SpillFolder
    files: tuple[SpillFile, ...]
    schema: pa.Schema


def write_nodes(plan: NodeSorting, part: int) -> StoredFile:
    """Write the nodes of one partition."""
    start, stop = plan.offsets[part : part + 2]
    stable = plan.stable_of_gid[start:stop]
    properties = read_bucket(plan.folder, plan.files, part, plan.schema)
    if properties.num_columns:
        # Nodes that the table lacks come last. A build in memory takes a partition's rows, too: so
        # the same bytes lie under nulls.
        properties = with_null_rows(properties, stop - start - len(properties))
        properties = properties.take(pa.array(np.arange(stop - start)))
    ids = pa.array(plan.ids).take(pa.array(stable))
    table = node_table(ids, stable.astype(id_dtype(len(plan.ids))), properties)
    return plan.target.write(part, nodes_table(plan.name), table)


@dataclass(frozen=True)
class RowSorting:
    """How one adjacency of a relation is sorted and written.

    Attributes:
        target: the store.
        relation: whose edges they are.
        direction: whose rows they stand in.
        row_offsets: ``int64[parts + 1]``, the global ids of the rows' type, by partition.
        neighbor_offsets: likewise of the neighbours' type.
        neighbor_gids: ``uint32[n]`` or int64, global id by stable id of the neighbours' type.
        num_edges: of the relation.
        folder: where the entries were spilled.
        files: the spill files.
        first_bucket: partition p has bucket ``first_bucket + p``.
        schema: the columns of entries.
    """

    target: ShardTarget
    relation: Relation
    direction: Direction
    row_offsets: npt.NDArray[np.int64]
    neighbor_offsets: npt.NDArray[np.int64]
    neighbor_gids: npt.NDArray[np.integer]
    num_edges: int
    folder: SpillFolder
    files: tuple[SpillFile, ...]
    first_bucket: int
    schema: pa.Schema


@dataclass(frozen=True)
class SortedRows:
    """One partition's rows of an adjacency, as they were written.

    Attributes:
        files: the two that hold them.
        num_entries: entries in all rows.
        crossing: those to nodes of other partitions.
        loops: those from a node to itself.
        known: those nodes, a bit each by global id (`numpy.packbits`).
        home: the rows with a neighbour in the partition itself, a bit each.
    """

    files: tuple[StoredFile, StoredFile]
    num_entries: int
    crossing: int
    loops: int
    known: npt.NDArray[np.uint8]
    home: npt.NDArray[np.uint8]


def write_rows(plan: RowSorting, part: int) -> SortedRows:
    """Sort and write the rows of one partition."""
    bucket = plan.first_bucket + part
    entries = read_bucket(plan.folder, plan.files, bucket, plan.schema).combine_chunks()
    first_row, end_row = plan.row_offsets[part : part + 2].tolist()
    row_gids = entries.column(ROW).to_numpy()
    rows = row_gids - row_gids.dtype.type(first_row)
    adjacency = build_adjacency(
        rows,
        entries.column(NEIGHBOR).to_numpy(),
        np.arange(end_row - first_row, dtype=rows.dtype),
        plan.neighbor_gids,
        both_ends=False,
        neighbor_dtype=plan.neighbor_gids.dtype,
        edge_dtype=id_dtype(len(rows)),
    )
    del rows, row_gids
    edges = entries.column(EDGE).to_numpy()[adjacency.edges]
    properties = entries.drop_columns([ROW, NEIGHBOR, EDGE])
    if properties.num_columns:
        properties = properties.take(pa.array(adjacency.edges))
    del entries
    written = adjacency_pair(
        adjacency.indptr,
        adjacency.neighbors,
        edges.astype(id_dtype(plan.num_edges), copy=False),
        properties,
    )
    names = rows_table(plan.relation, plan.direction), edges_table(plan.relation, plan.direction)
    files = tuple(
        plan.target.write(part, name, table) for name, table in zip(names, written, strict=True)
    )
    known = np.zeros(len(plan.neighbor_gids), np.bool_)
    home = np.zeros(end_row - first_row, np.bool_)
    same_type = plan.relation.source == plan.relation.destination
    owned_start, owned_stop = plan.neighbor_offsets[part : part + 2].tolist()
    crossing, loops = note_border(
        adjacency.indptr,
        adjacency.neighbors,
        first_row if same_type else len(known),
        owned_start,
        owned_stop,
        known,
        home,
    )
    return SortedRows(
        (files[0], files[1]),
        len(edges),
        int(crossing),
        int(loops),
        np.packbits(known),
        np.packbits(home),
    )
