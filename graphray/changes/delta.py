"""A partition's changes since a base version as of one time, sorted, ready to be folded into it.

What was added and deleted again is in none of the arrays. Values that changed of something that was
added are in its columns; `updates` are of what the base version has and is not deleted. Every
stable id, edge id and user id that is called deleted, void or updated is in the base version.

Property columns have the types of the store's tables, with bits (uint16) in place of bfloat16. They
are those that the replica keeps (`PartitionDelta.kept`): all, unless it is a partial one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.plain_arrays import (
    Ints,
    array_from_plain,
    array_to_plain,
    batch_from_plain,
    batch_to_plain,
    decoded,
    ids_from_plain,
    ids_to_plain,
    ints_from_plain,
    ints_to_plain,
    no_columns,
    no_ints,
)
from graphray.ids import UserIds
from graphray.replication.packing import pack
from graphray.schema import Relation

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class NodeUpdates:
    """New values of one column of nodes of the base version.

    Attributes:
        stable: ``int64[n]``, rising, distinct.
        values: ``[n]``.
    """

    stable: Ints
    values: pa.Array


@dataclass(frozen=True, eq=False)
class NodeDelta:
    """What has changed among the nodes of one type.

    Attributes:
        added_stable: ``int64[a]``, rising, distinct.
        added_ids: users' ids of them, ``int64[a]`` or ``LargeStringArray``. Their index entries are
            in this partition, too.
        added_columns: a row per added node; every column that is kept. `no_columns()` (no rows)
            where there is none.
        deleted_stable: ``int64[d]``, rising, distinct; nodes of the base version that this
            partition owns.
        void_ids: ids in this partition's base index whose nodes are deleted, whoever owned them:
            ``int64[v]`` or ``LargeStringArray``, in rising `graphray.ids.index_keys` and distinct.
            One of them may be among `added_ids`: it was given to a new node.
        updates: by column, those that changed.
    """

    added_stable: Ints
    added_ids: UserIds
    added_columns: pa.RecordBatch = field(default_factory=no_columns)
    deleted_stable: Ints = field(default_factory=no_ints)
    void_ids: UserIds = field(default_factory=no_ints)
    updates: Mapping[str, NodeUpdates] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EdgeUpdates:
    """New values of one column of entries of the base version.

    Attributes:
        near_stable: ``int64[n]``, the row; rising.
        edge: ``int64[n]``, rising within a row, distinct there.
        values: ``[n]``.
    """

    near_stable: Ints
    edge: Ints
    values: pa.Array


@dataclass(frozen=True, eq=False)
class EdgeDelta:
    """What has changed among the entries of one adjacency.

    Added entries are sorted by (near_stable, far_stable, edge): rows rise as they do in the shard,
    and entries within a row are in canonical order. Deleted ones are sorted by (near, edge).

    Attributes:
        near_stable: ``int64[a]``, the row of an added entry; of a node of the base or an added one.
        far_part: ``int32[a]``, the owner of the neighbour.
        far_stable: ``int64[a]``, the neighbour; of the base or added.
        far_ids: users' ids of the neighbours, ``int64[a]`` or ``LargeStringArray``.
        edge: ``int64[a]``, its edge id.
        columns: a row per added entry; every column that is kept. `no_columns()` (no rows) where
            there is none.
        deleted_near: ``int64[d]``, the row of a deleted entry; rising. Rows of deleted nodes are
            listed as well.
        deleted_edge: ``int64[d]``, its edge id; rising within a row.
        updates: by column, those that changed.
    """

    near_stable: Ints
    far_part: npt.NDArray[np.int32]
    far_stable: Ints
    far_ids: UserIds
    edge: Ints
    columns: pa.RecordBatch = field(default_factory=no_columns)
    deleted_near: Ints = field(default_factory=no_ints)
    deleted_edge: Ints = field(default_factory=no_ints)
    updates: Mapping[str, EdgeUpdates] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PartitionDelta:
    """What has changed in one partition.

    Attributes:
        part: the partition.
        base_version: of the store.
        time: as of which; changes of later times are left out.
        nodes: by node type; types without changes are left out.
        edges: by relation and stored direction; adjacencies without changes are left out.
        counters: values of the counters that this partition keeps (see `graphray.changes.base`).
        kept: which columns the replica keeps (see `graphray.changes.coverage`); None for all.
    """

    part: int
    base_version: int
    time: int
    nodes: Mapping[str, NodeDelta] = field(default_factory=dict)
    edges: Mapping[AdjacencyName, EdgeDelta] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    kept: frozenset[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the partition is as the base version has it."""
        return not self.nodes and not self.edges

    def joined(self, other: PartitionDelta) -> PartitionDelta:
        """What two replicas say of one version and time, with the columns of both."""
        assert (self.base_version, self.time) == (other.base_version, other.time)
        kept = None if self.kept is None or other.kept is None else self.kept | other.kept
        nodes = _joined(self.nodes, other.nodes, _join_nodes)
        edges = _joined(self.edges, other.edges, _join_edges)
        return replace(self, nodes=nodes, edges=edges, kept=kept)

    def to_bytes(self) -> bytes:
        """The delta as an answer carries it; the same bytes for the same content."""
        return pack(self.to_plain())

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for packing."""
        return (
            self.part,
            self.base_version,
            self.time,
            {name: _nodes_to_plain(nodes) for name, nodes in self.nodes.items()},
            tuple(
                (tuple(relation), direction, _edges_to_plain(edges))
                for (relation, direction), edges in self.edges.items()
            ),
            dict(self.counters),
            None if self.kept is None else tuple(sorted(self.kept)),
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PartitionDelta:
        """The inverse of `to_bytes`; the arrays are read-only.

        Raises:
            StoreCorrupt: where the bytes are no delta.

        Example:
            >>> PartitionDelta.from_bytes(PartitionDelta(1, 2, 30).to_bytes()).time
            30
        """
        return decoded(data, "delta of a partition", cls.from_plain)

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> PartitionDelta:
        """The inverse of `to_plain`."""
        part, version, time, nodes, edges, counters, kept = plain
        return cls(
            part,
            version,
            time,
            {name: _nodes_from_plain(p) for name, p in nodes.items()},
            {(Relation(*r), direction): _edges_from_plain(p) for r, direction, p in edges},
            counters,
            None if kept is None else frozenset(kept),
        )


def _joined(one: Mapping[K, V], other: Mapping[K, V], join: Callable[[V, V], V]) -> Mapping[K, V]:
    # A replica that does not keep the columns that have changed sees nothing of a table.
    both = {name: join(value, other[name]) for name, value in one.items() if name in other}
    return {**other, **one, **both}


def _join_nodes(one: NodeDelta, other: NodeDelta) -> NodeDelta:
    columns = _join_columns(one.added_columns, other.added_columns)
    return replace(one, added_columns=columns, updates={**other.updates, **one.updates})


def _join_edges(one: EdgeDelta, other: EdgeDelta) -> EdgeDelta:
    columns = _join_columns(one.columns, other.columns)
    return replace(one, columns=columns, updates={**other.updates, **one.updates})


def _join_columns(one: pa.RecordBatch, other: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of both, each once."""
    columns = dict(zip(other.schema.names, other.columns, strict=True))
    columns |= dict(zip(one.schema.names, one.columns, strict=True))
    return pa.record_batch(columns) if columns else one


def _nodes_to_plain(nodes: NodeDelta) -> tuple[Any, ...]:
    return (
        ints_to_plain(nodes.added_stable),
        ids_to_plain(nodes.added_ids),
        batch_to_plain(nodes.added_columns),
        ints_to_plain(nodes.deleted_stable),
        ids_to_plain(nodes.void_ids),
        {c: (ints_to_plain(u.stable), array_to_plain(u.values)) for c, u in nodes.updates.items()},
    )


def _nodes_from_plain(plain: tuple[Any, ...]) -> NodeDelta:
    stable, ids, columns, deleted, void, updates = plain
    return NodeDelta(
        ints_from_plain(stable),
        ids_from_plain(ids),
        batch_from_plain(columns),
        ints_from_plain(deleted),
        ids_from_plain(void),
        {c: NodeUpdates(ints_from_plain(s), array_from_plain(v)) for c, (s, v) in updates.items()},
    )


def _edges_to_plain(edges: EdgeDelta) -> tuple[Any, ...]:
    return (
        ints_to_plain(edges.near_stable),
        ints_to_plain(edges.far_part, np.int32),
        ints_to_plain(edges.far_stable),
        ids_to_plain(edges.far_ids),
        ints_to_plain(edges.edge),
        batch_to_plain(edges.columns),
        ints_to_plain(edges.deleted_near),
        ints_to_plain(edges.deleted_edge),
        {
            column: (ints_to_plain(u.near_stable), ints_to_plain(u.edge), array_to_plain(u.values))
            for column, u in edges.updates.items()
        },
    )


def _edges_from_plain(plain: tuple[Any, ...]) -> EdgeDelta:
    near, far_part, far_stable, far_ids, edge, columns, gone_near, gone_edge, updates = plain
    return EdgeDelta(
        ints_from_plain(near),
        ints_from_plain(far_part, np.int32),
        ints_from_plain(far_stable),
        ids_from_plain(far_ids),
        ints_from_plain(edge),
        batch_from_plain(columns),
        ints_from_plain(gone_near),
        ints_from_plain(gone_edge),
        {
            column: EdgeUpdates(ints_from_plain(n), ints_from_plain(e), array_from_plain(v))
            for column, (n, e, v) in updates.items()
        },
    )
