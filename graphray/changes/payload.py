"""What one transaction changes in one partition: the payload of its command, column by column.

Nodes are named by (owner partition, stable id) and edges by their edge ids, which never change and
are never used again (see `graphray.changes.data`). Whoever makes a change has looked all of that
up, so that a partition can carry it out alone:

- an edge stands in two rows, "out" of its source and "in" of its destination, each in the change of
  the partition that owns the row's node. An undirected relation is stored under "in" only: its edge
  stands in the row of each end, and a self-loop once;
- deleting a node deletes its edges: the change lists them in the rows of both ends, its own too;
- deleting a node concerns its owner (`delete_nodes`) and the home of its id, which holds its index
  entry (`void_ids`). Where the owner is the home, as it is for all that was ever added,
  `delete_nodes` makes the entry void by itself, and naming it once more does no harm.

Within one change, deletions come first, then additions, then updates: so an id can be deleted and
given to a new node at once, and what is added may be updated, but not deleted.

Property columns are Arrow columns of the types that the store's tables have, with bits (uint16) in
place of bfloat16 (`graphray.bfloat16.as_bits`). A column that is left out of an addition is null in
it. A `pa.RecordBatch` without columns has no rows: `no_columns()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.plain_arrays import (
    Ints,
    batch_from_plain,
    batch_to_plain,
    decoded,
    ids_from_plain,
    ids_to_plain,
    ints_from_plain,
    ints_to_plain,
    no_columns,
)
from graphray.ids import UserIds
from graphray.replication.packing import pack
from graphray.schema import Relation


@dataclass(frozen=True, eq=False)
class AddedNodes:
    """New nodes of one type, in the partition that is the home of their ids.

    Attributes:
        stable: ``int64[n]``, new stable ids.
        ids: users' ids, ``int64[n]`` or ``LargeStringArray``.
        columns: a row per node.
    """

    stable: Ints
    ids: UserIds
    columns: pa.RecordBatch = field(default_factory=no_columns)


@dataclass(frozen=True, eq=False)
class UpdatedNodes:
    """New values of some columns of some nodes of one type.

    Attributes:
        stable: ``int64[n]``, distinct.
        columns: a row per node.
    """

    stable: Ints
    columns: pa.RecordBatch


@dataclass(frozen=True, eq=False)
class AddedEdges:
    """New entries of one adjacency, in any order.

    Attributes:
        near_stable: ``int64[n]``, stable id of the node in whose row the entry stands.
        far_part: ``int32[n]``, the owner of the neighbour.
        far_stable: ``int64[n]``, stable id of the neighbour.
        far_ids: users' ids of the neighbours, ``int64[n]`` or ``LargeStringArray``.
        edge: ``int64[n]``, new edge ids.
        columns: a row per entry.
    """

    near_stable: Ints
    far_part: npt.NDArray[np.int32]
    far_stable: Ints
    far_ids: UserIds
    edge: Ints
    columns: pa.RecordBatch = field(default_factory=no_columns)


@dataclass(frozen=True, eq=False)
class DeletedEdges:
    """Entries of one adjacency that go.

    Attributes:
        near_stable: ``int64[n]``, the row.
        edge: ``int64[n]``, the edge id.
    """

    near_stable: Ints
    edge: Ints


@dataclass(frozen=True, eq=False)
class UpdatedEdges:
    """New values of some columns of some entries of one adjacency.

    Attributes:
        near_stable: ``int64[n]``, the row.
        edge: ``int64[n]``, the edge id; with the row distinct.
        columns: a row per entry.
    """

    near_stable: Ints
    edge: Ints
    columns: pa.RecordBatch


class Rebase(NamedTuple):
    """All changes up to a time are in a version of the store from now on."""

    version: int
    time: int


@dataclass(frozen=True, eq=False)
class PartitionChange:
    """What one transaction changes in one partition (see the module).

    Attributes:
        transaction: its name. Of two updates that were committed at the same time, the one with the
            greater hash of its name stands, on every replica of every partition.
        add_nodes: by node type.
        void_ids: by node type, ids of deleted nodes whose home is this partition.
        delete_nodes: by node type, ``int64[n]`` stable ids.
        update_nodes: by node type.
        add_edges: by relation and stored direction.
        delete_edges: likewise.
        update_edges: likewise.
        counters: new values, by name; a counter never falls.
        rebase: see `Rebase`.

    Example:
        >>> added = AddedNodes(np.array([7]), np.array([1001]))
        >>> data = PartitionChange("t1", add_nodes={"author": added}).to_bytes()
        >>> PartitionChange.from_bytes(data).add_nodes["author"].ids.tolist()
        [1001]
    """

    transaction: str
    add_nodes: Mapping[str, AddedNodes] = field(default_factory=dict)
    void_ids: Mapping[str, UserIds] = field(default_factory=dict)
    delete_nodes: Mapping[str, Ints] = field(default_factory=dict)
    update_nodes: Mapping[str, UpdatedNodes] = field(default_factory=dict)
    add_edges: Mapping[AdjacencyName, AddedEdges] = field(default_factory=dict)
    delete_edges: Mapping[AdjacencyName, DeletedEdges] = field(default_factory=dict)
    update_edges: Mapping[AdjacencyName, UpdatedEdges] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    rebase: Rebase | None = None

    def to_bytes(self) -> bytes:
        """The change as `graphray.replication.commands.Changes.payload` carries it."""
        return pack(
            (
                self.transaction,
                _by_type_to_plain(self.add_nodes, _added_nodes_to_plain),
                _by_type_to_plain(self.void_ids, ids_to_plain),
                _by_type_to_plain(self.delete_nodes, ints_to_plain),
                _by_type_to_plain(self.update_nodes, _updated_nodes_to_plain),
                _by_adjacency_to_plain(self.add_edges, _added_edges_to_plain),
                _by_adjacency_to_plain(self.delete_edges, _deleted_edges_to_plain),
                _by_adjacency_to_plain(self.update_edges, _updated_edges_to_plain),
                dict(self.counters),
                self.rebase and tuple(self.rebase),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PartitionChange:
        """The inverse of `to_bytes`; the arrays are read-only.

        Raises:
            StoreCorrupt: where the bytes are no change.
        """
        return decoded(data, "change of a partition", _change_from_plain)


def _change_from_plain(plain: tuple[Any, ...]) -> PartitionChange:
    name, added, void, deleted, updated, add_edges, delete_edges, update_edges, *rest = plain
    counters, rebase = rest
    return PartitionChange(
        name,
        {t: _added_nodes_from_plain(p) for t, p in added.items()},
        {t: ids_from_plain(p) for t, p in void.items()},
        {t: ints_from_plain(p) for t, p in deleted.items()},
        {t: _updated_nodes_from_plain(p) for t, p in updated.items()},
        _by_adjacency_from_plain(add_edges, _added_edges_from_plain),
        _by_adjacency_from_plain(delete_edges, _deleted_edges_from_plain),
        _by_adjacency_from_plain(update_edges, _updated_edges_from_plain),
        dict(counters),
        None if rebase is None else Rebase(*rebase),
    )


def _by_type_to_plain(by_type: Mapping[str, Any], to_plain: Callable[..., Any]) -> dict[str, Any]:
    return {name: to_plain(value) for name, value in by_type.items()}


def _by_adjacency_to_plain(
    by_adjacency: Mapping[AdjacencyName, Any], to_plain: Callable[..., Any]
) -> tuple[Any, ...]:
    return tuple(
        (tuple(relation), direction, to_plain(value))
        for (relation, direction), value in by_adjacency.items()
    )


def _by_adjacency_from_plain(
    plain: tuple[Any, ...], from_plain: Callable[..., Any]
) -> dict[AdjacencyName, Any]:
    return {
        (Relation(*relation), direction): from_plain(value) for relation, direction, value in plain
    }


def _added_nodes_to_plain(nodes: AddedNodes) -> tuple[Any, ...]:
    return ints_to_plain(nodes.stable), ids_to_plain(nodes.ids), batch_to_plain(nodes.columns)


def _added_nodes_from_plain(plain: tuple[Any, ...]) -> AddedNodes:
    stable, ids, columns = plain
    return AddedNodes(ints_from_plain(stable), ids_from_plain(ids), batch_from_plain(columns))


def _updated_nodes_to_plain(nodes: UpdatedNodes) -> tuple[Any, ...]:
    return ints_to_plain(nodes.stable), batch_to_plain(nodes.columns)


def _updated_nodes_from_plain(plain: tuple[Any, ...]) -> UpdatedNodes:
    return UpdatedNodes(ints_from_plain(plain[0]), batch_from_plain(plain[1]))


def _added_edges_to_plain(edges: AddedEdges) -> tuple[Any, ...]:
    return (
        ints_to_plain(edges.near_stable),
        ints_to_plain(edges.far_part, np.int32),
        ints_to_plain(edges.far_stable),
        ids_to_plain(edges.far_ids),
        ints_to_plain(edges.edge),
        batch_to_plain(edges.columns),
    )


def _added_edges_from_plain(plain: tuple[Any, ...]) -> AddedEdges:
    near, far_part, far_stable, far_ids, edge, columns = plain
    return AddedEdges(
        ints_from_plain(near),
        ints_from_plain(far_part, np.int32),
        ints_from_plain(far_stable),
        ids_from_plain(far_ids),
        ints_from_plain(edge),
        batch_from_plain(columns),
    )


def _deleted_edges_to_plain(edges: DeletedEdges) -> tuple[Any, ...]:
    return ints_to_plain(edges.near_stable), ints_to_plain(edges.edge)


def _deleted_edges_from_plain(plain: tuple[Any, ...]) -> DeletedEdges:
    return DeletedEdges(*map(ints_from_plain, plain))


def _updated_edges_to_plain(edges: UpdatedEdges) -> tuple[Any, ...]:
    return (
        ints_to_plain(edges.near_stable),
        ints_to_plain(edges.edge),
        batch_to_plain(edges.columns),
    )


def _updated_edges_from_plain(plain: tuple[Any, ...]) -> UpdatedEdges:
    near, edge, columns = plain
    return UpdatedEdges(ints_from_plain(near), ints_from_plain(edge), batch_from_plain(columns))
