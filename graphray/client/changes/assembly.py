"""What a transaction changes, sorted by the partition that carries it out, and its keys.

See `graphray.changes.payload` for where what goes, and `graphray.changes.keys` for what it
conflicts with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.keys import (
    Keys,
    home_parts,
    id_keys,
    node_column_keys,
    node_keys,
    row_column_keys,
)
from graphray.changes.payload import (
    AddedEdges,
    AddedNodes,
    DeletedEdges,
    PartitionChange,
    UpdatedEdges,
    UpdatedNodes,
)
from graphray.client.changes.places import NodePlaces, by_part, pick_ids
from graphray.client.changes.questions import packed_keys, packed_touches
from graphray.ids import UserIds
from graphray.replication.transactions import Transaction
from graphray.schema import RelationType

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class EdgeSet:
    """Edges whose ends have been found.

    Attributes:
        sources: where they start.
        destinations: where they end.
        edge: ``int64[n]``, edge ids.
    """

    sources: NodePlaces
    destinations: NodePlaces
    edge: Ints

    def take(self, rows: Any) -> EdgeSet:
        """Some of them."""
        return EdgeSet(self.sources.take(rows), self.destinations.take(rows), self.edge[rows])


@dataclass
class _Draft:
    """A partition's part."""

    add_nodes: dict[str, AddedNodes] = field(default_factory=dict)
    void_ids: dict[str, UserIds] = field(default_factory=dict)
    delete_nodes: dict[str, Ints] = field(default_factory=dict)
    update_nodes: dict[str, UpdatedNodes] = field(default_factory=dict)
    add_edges: dict[AdjacencyName, AddedEdges] = field(default_factory=dict)
    delete_edges: dict[AdjacencyName, DeletedEdges] = field(default_factory=dict)
    update_edges: dict[AdjacencyName, UpdatedEdges] = field(default_factory=dict)
    writes: list[Keys] = field(default_factory=list)
    touches: list[Keys] = field(default_factory=list)


class ChangeAssembly:
    """Collects the parts of one transaction; each method is called once per type or relation."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._drafts: dict[int, _Draft] = {}

    def add_nodes(
        self, node_type: str, places: NodePlaces, ids: UserIds, columns: pa.RecordBatch
    ) -> None:
        """New nodes, at the homes of their ids."""
        for part, rows in by_part(places.part).items():
            draft, own = self._draft(part), pick_ids(ids, rows)
            draft.add_nodes[node_type] = AddedNodes(places.stable[rows], own, _taken(columns, rows))
            draft.writes.append(id_keys(node_type, own))

    def delete_nodes(self, node_type: str, places: NodePlaces, ids: UserIds) -> None:
        """Nodes go; their edges are for `delete_edges`."""
        for part, rows in by_part(places.part).items():
            draft, stable = self._draft(part), places.stable[rows]
            draft.delete_nodes[node_type] = stable
            draft.writes.append(node_keys(node_type, part, stable))
        for home, rows in by_part(home_parts(ids, self._parts)).items():
            draft, own = self._draft(home), pick_ids(ids, rows)
            draft.writes.append(id_keys(node_type, own))
            elsewhere = rows[places.part[rows] != home]
            if len(elsewhere):
                draft.void_ids[node_type] = pick_ids(ids, elsewhere)

    def update_nodes(self, node_type: str, places: NodePlaces, columns: pa.RecordBatch) -> None:
        """New values of columns of nodes."""
        for part, rows in by_part(places.part).items():
            draft, stable = self._draft(part), places.stable[rows]
            draft.update_nodes[node_type] = UpdatedNodes(stable, _taken(columns, rows))
            draft.touches.append(node_keys(node_type, part, stable))
            for name in columns.schema.names:
                draft.writes.append(node_column_keys(node_type, name, part, stable))

    def add_edges(
        self,
        kind: RelationType,
        edges: EdgeSet,
        end_ids: tuple[UserIds, UserIds],
        columns: pa.RecordBatch,
    ) -> None:
        """New edges, in the rows of both ends."""
        for side in _sides(kind, edges):
            far_ids = end_ids[side.far_end]
            for part, rows in by_part(side.near.part[side.rows]).items():
                at = side.rows[rows]
                draft, near = self._draft(part), side.near.stable[at]
                entries = AddedEdges(
                    near,
                    side.far.part[at],
                    side.far.stable[at],
                    pick_ids(far_ids, at),
                    edges.edge[at],
                    _taken(columns, at),
                )
                earlier = draft.add_edges.get(side.adjacency)
                draft.add_edges[side.adjacency] = _both_added(earlier, entries)
                draft.touches.append(node_keys(side.near_type, part, near))

    def delete_edges(self, kind: RelationType, edges: EdgeSet) -> None:
        """Edges go from the rows of both ends; one that is listed twice goes once."""
        for side in _sides(kind, edges):
            for part, rows in by_part(side.near.part[side.rows]).items():
                at = side.rows[rows]
                draft, near = self._draft(part), side.near.stable[at]
                earlier = draft.delete_edges.get(side.adjacency)
                draft.delete_edges[side.adjacency] = _both_deleted(earlier, near, edges.edge[at])
                draft.touches.append(node_keys(side.near_type, part, near))

    def update_edges(self, kind: RelationType, edges: EdgeSet, columns: pa.RecordBatch) -> None:
        """New values of columns of edges, in the rows of both ends."""
        for side in _sides(kind, edges):
            for part, rows in by_part(side.near.part[side.rows]).items():
                at = side.rows[rows]
                draft, near = self._draft(part), side.near.stable[at]
                entries = UpdatedEdges(near, edges.edge[at], _taken(columns, at))
                earlier = draft.update_edges.get(side.adjacency)
                draft.update_edges[side.adjacency] = _both_updated(earlier, entries)
                draft.touches.append(node_keys(side.near_type, part, near))
                for name in columns.schema.names:
                    draft.writes.append(row_column_keys(kind.relation, name, part, near))

    def put_into(self, transaction: Transaction, names: Sequence[str]) -> None:
        """Set what a transaction changes.

        Args:
            transaction: it.
            names: of the partitions.
        """
        for part, draft in sorted(self._drafts.items()):
            change = PartitionChange(
                transaction.name,
                draft.add_nodes,
                draft.void_ids,
                draft.delete_nodes,
                draft.update_nodes,
                draft.add_edges,
                draft.delete_edges,
                draft.update_edges,
            )
            writes = _distinct(draft.writes)
            touches = np.setdiff1d(_distinct(draft.touches), writes, assume_unique=True)
            transaction.change(
                names[part], packed_keys(writes), change.to_bytes(), packed_touches(touches)
            )

    def _draft(self, part: int) -> _Draft:
        return self._drafts.setdefault(part, _Draft())


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two rows in which every edge stands.

    Attributes:
        adjacency: where.
        near: the node whose row it is.
        near_type: its type.
        far: the neighbour.
        far_end: 0 where that is the source, 1 where it is the destination.
        rows: ``int64[n]``, of the edges: all but loops that stand in the other row already.
    """

    adjacency: AdjacencyName
    near: NodePlaces
    near_type: str
    far: NodePlaces
    far_end: int
    rows: Ints


def _sides(kind: RelationType, edges: EdgeSet) -> tuple[_Side, _Side]:
    sources, destinations = edges.sources, edges.destinations
    relation, everything = kind.relation, np.arange(len(edges.edge))
    in_side = _Side((relation, "in"), destinations, relation.destination, sources, 0, everything)
    out_adjacency: AdjacencyName = (relation, kind.stored_direction("out"))
    rows = everything
    if not kind.directed:
        is_loop = (sources.part == destinations.part) & (sources.stable == destinations.stable)
        rows = np.flatnonzero(~is_loop)
    return in_side, _Side(out_adjacency, sources, relation.source, destinations, 1, rows)


def _both_added(earlier: AddedEdges | None, later: AddedEdges) -> AddedEdges:
    """An undirected edge's two entries, where one partition has both."""
    if earlier is None:
        return later
    return AddedEdges(
        np.concatenate([earlier.near_stable, later.near_stable]),
        np.concatenate([earlier.far_part, later.far_part]),
        np.concatenate([earlier.far_stable, later.far_stable]),
        join_ids([earlier.far_ids, later.far_ids]),
        np.concatenate([earlier.edge, later.edge]),
        join_columns([earlier.columns, later.columns]),
    )


def _both_deleted(earlier: DeletedEdges | None, near: Ints, edge: Ints) -> DeletedEdges:
    if earlier is not None:
        near = np.concatenate([earlier.near_stable, near])
        edge = np.concatenate([earlier.edge, edge])
    distinct = np.unique(np.stack([near, edge]), axis=1)
    return DeletedEdges(distinct[0], distinct[1])


def _both_updated(earlier: UpdatedEdges | None, later: UpdatedEdges) -> UpdatedEdges:
    if earlier is None:
        return later
    return UpdatedEdges(
        np.concatenate([earlier.near_stable, later.near_stable]),
        np.concatenate([earlier.edge, later.edge]),
        join_columns([earlier.columns, later.columns]),
    )


def join_ids(ids: Sequence[UserIds]) -> UserIds:
    """Ids of one kind, one after the other."""
    if len(ids) == 1:
        return ids[0]
    if isinstance(ids[0], np.ndarray):
        return np.concatenate([np.asarray(some) for some in ids])
    return pa.concat_arrays(ids)


def join_columns(
    batches: Sequence[pa.RecordBatch], counts: Sequence[int] | None = None
) -> pa.RecordBatch:
    """Rows of one batch after those of another; what one lacks is null in its rows.

    Args:
        batches: the rows.
        counts: how many they are, where batches without columns are among them.
    """
    if len(batches) == 1:
        return batches[0]
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    if counts is not None and any(table.num_columns for table in tables):
        some = next(table.schema[0] for table in tables if table.num_columns)
        tables = [
            table if table.num_columns else pa.table({some.name: pa.nulls(count, some.type)})
            for table, count in zip(tables, counts, strict=True)
        ]
    table = pa.concat_tables(tables, promote_options="default")
    columns = [table.column(i).combine_chunks() for i in range(table.num_columns)]
    return pa.record_batch(columns, schema=table.schema)


def _taken(columns: pa.RecordBatch, rows: Ints) -> pa.RecordBatch:
    return columns.take(pa.array(rows)) if columns.num_columns else columns


def _distinct(keys: Sequence[Keys]) -> Keys:
    return np.unique(np.concatenate([np.empty(0, np.uint64), *keys]))
