"""From staged tables to what each partition is to do: ends are found, ids drawn, edges looked up.

A plan is made anew for every attempt to commit, since what it has looked up may be what another
transaction has just changed; new ids are drawn once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.changes.base import edge_counter, node_counter
from graphray.changes.keys import home_parts
from graphray.client.changes.assembly import ChangeAssembly, EdgeSet, join_columns, join_ids
from graphray.client.changes.edge_lookup import EdgeLookup
from graphray.client.changes.id_blocks import IdBlocks
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.changes.places import BasePlaces, NodePlaces, located
from graphray.client.changes.point_reads import require_found
from graphray.client.changes.questions import LevelReads, ValidatedReads
from graphray.client.changes.staged import StagedChanges, joined_node_ids, positions_in
from graphray.client.changes.tables import EdgeRows, NodeRows
from graphray.ids import UserIds
from graphray.ingest.source import Source
from graphray.replication.consistency import Consistency
from graphray.replication.transactions import Transaction
from graphray.schema import GraphSchema, RelationType

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChangeClient:
    """What changing a graph takes; the same for all transactions of a process.

    Attributes:
        schema: the graph's.
        calls: its partitions.
        base: what is known without asking.
        blocks: new ids.
    """

    schema: GraphSchema
    calls: PartitionCalls
    base: BasePlaces
    blocks: IdBlocks


class Planner:
    """Plans one transaction, as often as it takes.

    Args:
        client: the graph.
        staged: what is to be changed.
    """

    def __init__(self, client: ChangeClient, staged: StagedChanges) -> None:
        self._client = client
        self._staged = staged
        self._drawn: dict[str, Ints] | None = None
        self._own = {t: joined_node_ids(rows) for t, rows in staged.added_nodes.items() if rows}

    def plan(self, transaction: Transaction, *, fresh: bool) -> None:
        """Set what a transaction changes.

        Args:
            transaction: a new one, with the reads of its user.
            fresh: trust nothing that was looked up without asking: an attempt that did was refused.

        Raises:
            NodeNotFound: naming nodes that are not there.
            EdgeNotFound: naming edges that are not there.
        """
        attempt = _Attempt(self._client, self._own, self._draw(), transaction, fresh)
        staged = self._staged
        for name, nodes in staged.deleted_nodes.items():
            attempt.find_deleted(name, nodes)
        for relation, edges in staged.deleted_edges.items():
            attempt.find_deleted_edges(self._client.schema.relation_type(relation), edges)
        attempt.delete()
        for name, nodes in staged.added_nodes.items():
            attempt.add_nodes(name, nodes)
        for relation, edges in staged.added_edges.items():
            attempt.add_edges(self._client.schema.relation_type(relation), edges)
        for name, nodes in staged.updated_nodes.items():
            attempt.update_nodes(name, nodes)
        for relation, edges in staged.updated_edges.items():
            attempt.update_edges(self._client.schema.relation_type(relation), edges)
        attempt.assembly.put_into(transaction, self._client.calls.names)

    def _draw(self) -> dict[str, Ints]:
        """New ids for all that is added, by counter."""
        if self._drawn is None:
            wanted = {node_counter(name): len(ids) for name, ids in self._own.items()}
            for relation, tables in self._staged.added_edges.items():
                wanted[edge_counter(relation)] = sum(map(len, tables))
            wanted = {name: count for name, count in wanted.items() if count}
            self._drawn = self._client.blocks.draw(wanted) if wanted else {}
        return self._drawn


class _Attempt:
    """One plan of a transaction."""

    def __init__(
        self,
        client: ChangeClient,
        own: dict[str, UserIds],
        drawn: dict[str, Ints],
        transaction: Transaction,
        fresh: bool,
    ) -> None:
        self.assembly = ChangeAssembly(client.calls.parts)
        self._client = client
        self._own = own
        self._drawn = drawn
        self._fresh = fresh
        self._reads = LevelReads(client.calls, Consistency.STRONG)
        self._edges = EdgeLookup(client.schema, ValidatedReads(client.calls, transaction))
        self._deleted_edges: dict[RelationType, list[EdgeSet]] = {}

    # --- deletions --------------------------------------------------------------------------------

    def find_deleted(self, node_type: str, tables: Sequence[NodeRows]) -> None:
        """Delete nodes; their edges are noted for `delete`."""
        if not tables:
            return
        ids = _distinct(joined_node_ids(tables))
        places = self._find_old(node_type, ids)
        require_found(node_type, ids, ~places.missing, f"{tables[0].source.label}: ")
        self.assembly.delete_nodes(node_type, places, ids)
        for kind, edges in self._edges.at_nodes(node_type, places):
            self._deleted_edges.setdefault(kind, []).append(edges)

    def find_deleted_edges(self, kind: RelationType, tables: Sequence[EdgeRows]) -> None:
        """Note edges for `delete`."""
        for rows in tables:
            _, edges = self._edges.matching(rows, *self._ends(rows, own=False), by_columns=True)
            self._deleted_edges.setdefault(kind, []).append(edges)

    def delete(self) -> None:
        """Delete the edges that were noted."""
        for kind, found in self._deleted_edges.items():
            self.assembly.delete_edges(kind, _joined(found))

    # --- additions --------------------------------------------------------------------------------

    def add_nodes(self, node_type: str, tables: Sequence[NodeRows]) -> None:
        """Add nodes."""
        if not tables:
            return
        ids = self._own[node_type]
        columns = join_columns([rows.columns for rows in tables], [len(rows) for rows in tables])
        self.assembly.add_nodes(node_type, self._own_places(node_type), ids, columns)

    def add_edges(self, kind: RelationType, tables: Sequence[EdgeRows]) -> None:
        """Add edges, also to nodes that are added."""
        if not tables:
            return
        ends = [self._ends(rows, own=True) for rows in tables]
        edges = EdgeSet(
            _joined_places([sources for sources, _ in ends]),
            _joined_places([destinations for _, destinations in ends]),
            self._drawn[edge_counter(kind.relation)],
        )
        ids = (
            join_ids([rows.ends[0] for rows in tables]),
            join_ids([rows.ends[1] for rows in tables]),
        )
        columns = join_columns([rows.columns for rows in tables], [len(rows) for rows in tables])
        self.assembly.add_edges(kind, edges, ids, columns)

    # --- updates ----------------------------------------------------------------------------------

    def update_nodes(self, node_type: str, tables: Sequence[NodeRows]) -> None:
        """Update nodes, also those that are added."""
        if not tables:
            return
        places = []
        for rows in tables:
            found = self._find(node_type, rows.ids)
            _require_ends(node_type, rows.ids, found, rows.source, rows.id_column)
            places.append(found)
        joined, columns = _joined_places(places), join_columns([rows.columns for rows in tables])
        last = _last_of_each(joined.part, joined.stable)
        self.assembly.update_nodes(node_type, joined.take(last), columns.take(pa.array(last)))

    def update_edges(self, kind: RelationType, tables: Sequence[EdgeRows]) -> None:
        """Update edges that were there before."""
        if not tables:
            return
        found, values = [], []
        for rows in tables:
            at, edges = self._edges.matching(rows, *self._ends(rows, own=False), by_columns=False)
            found.append(edges)
            values.append(rows.columns.take(pa.array(at)))
        joined, columns = _joined(found), join_columns(values)
        last = _last_of_each(joined.edge, joined.edge)
        self.assembly.update_edges(kind, joined.take(last), columns.take(pa.array(last)))

    # --- where nodes are --------------------------------------------------------------------------

    def _ends(self, rows: EdgeRows, *, own: bool) -> tuple[NodePlaces, NodePlaces]:
        relation = rows.kind.relation
        types = (relation.source, relation.destination)
        find = self._find if own else self._find_old
        places = []
        for node_type, ids, column in zip(types, rows.ends, rows.end_columns, strict=True):
            found = find(node_type, ids)
            _require_ends(node_type, ids, found, rows.source, column)
            places.append(found)
        return places[0], places[1]

    def _find(self, node_type: str, ids: UserIds) -> NodePlaces:
        """Nodes as they will be: those that are added first."""
        own = self._own.get(node_type)
        if own is None:
            return self._find_old(node_type, ids)
        at = positions_in(ids, own)
        places, added, old = NodePlaces.nowhere(len(ids)), np.flatnonzero(at >= 0), at < 0
        places.put(added, self._own_places(node_type).take(at[added]))
        rest = np.flatnonzero(old)
        if len(rest):
            places.put(rest, self._find_old(node_type, _picked(ids, rest)))
        return places

    def _find_old(self, node_type: str, ids: UserIds) -> NodePlaces:
        """Nodes as they were before."""
        if self._fresh:
            return located(self._reads, self._client.calls.parts, node_type, ids)
        places = self._client.base.find(node_type, ids)
        rest = np.flatnonzero(places.missing)
        if len(rest):
            parts = self._client.calls.parts
            places.put(rest, located(self._reads, parts, node_type, _picked(ids, rest)))
        return places

    def _own_places(self, node_type: str) -> NodePlaces:
        homes = home_parts(self._own[node_type], self._client.calls.parts)
        return NodePlaces(homes, self._drawn[node_counter(node_type)])


def _require_ends(
    node_type: str, ids: UserIds, places: NodePlaces, source: Source, column: str
) -> None:
    missing = places.missing
    if missing.any():
        label, row = source.locate(int(np.argmax(missing)))
        where = f"{label}, row {row}, column {column!r}: "
        require_found(node_type, ids, ~missing, where)


def _joined(sets: Sequence[EdgeSet]) -> EdgeSet:
    return EdgeSet(
        _joined_places([edges.sources for edges in sets]),
        _joined_places([edges.destinations for edges in sets]),
        np.concatenate([edges.edge for edges in sets]),
    )


def _joined_places(places: Sequence[NodePlaces]) -> NodePlaces:
    if len(places) == 1:
        return places[0]
    return NodePlaces(
        np.concatenate([some.part for some in places]),
        np.concatenate([some.stable for some in places]),
    )


def _last_of_each(major: npt.NDArray[np.integer], minor: Ints) -> Ints:
    """The last row of each distinct pair, in rising order."""
    order = np.lexsort((minor, major))
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = (major[order][1:] != major[order][:-1]) | (minor[order][1:] != minor[order][:-1])
    return np.sort(order[is_last])


def _distinct(ids: UserIds) -> UserIds:
    return np.unique(ids) if isinstance(ids, np.ndarray) else ids.unique()


def _picked(ids: UserIds, rows: Ints) -> UserIds:
    return ids[rows] if isinstance(ids, np.ndarray) else ids.take(pa.array(rows))
