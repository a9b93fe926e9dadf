"""A graph in plain dictionaries that changes: the slow twin of the partitions' data.

`PlainGraph` is a whole graph at one moment. `PlainVersions` makes the arrays of base versions from
such moments, one Python object at a time.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.book import PartitionBook
from graphray.changes.base import edge_counter, node_counter
from graphray.ids import as_user_ids, index_keys
from graphray.schema import Column, GraphSchema, NodeType, Relation, RelationType
from graphray.shard import (
    EDGE,
    GID,
    ID,
    INDPTR,
    KEY,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    as_shard_array,
    edges_table,
    index_table,
    nodes_table,
    rows_table,
)

READS, KNOWS = Relation("person", "reads", "book"), Relation("person", "knows", "person")
SCHEMA = GraphSchema(
    (
        NodeType("person", "string", (Column("age", "int64"), Column("name", "string"))),
        NodeType("book", "int64", (Column("pages", "fixed_size_list<item: float>[2]"),)),
    ),
    (
        RelationType(READS, True, (Column("stars", "int64"), Column("note", "string"))),
        RelationType(KNOWS, False),
    ),
)
TYPES = {
    "age": pa.int64(),
    "name": pa.string(),
    "pages": pa.list_(pa.float32(), 2),
    "stars": pa.int64(),
    "note": pa.string(),
}
PARTS = 2


@dataclass
class PlainNode:
    part: int
    stable: int
    id: Any
    columns: dict[str, Any]


@dataclass
class PlainEdge:
    source: int
    destination: int
    columns: dict[str, Any]


@dataclass
class PlainGraph:
    """Nodes by type and stable id, edges by relation and edge id, and what was last given out."""

    nodes: dict[str, dict[int, PlainNode]] = field(
        default_factory=lambda: {"person": {}, "book": {}}
    )
    edges: dict[Relation, dict[int, PlainEdge]] = field(
        default_factory=lambda: {READS: {}, KNOWS: {}}
    )

    def copy(self) -> PlainGraph:
        return copy.deepcopy(self)

    def entries(self, relation: Relation, direction: str, part: int) -> list[tuple[Any, ...]]:
        """(near stable, far stable, edge, far part, far id, columns), in canonical order."""
        found = []
        near_type, far_type = relation.near_type(direction), relation.far_type(direction)
        for edge_id, edge in self.edges[relation].items():
            ends = [(edge.destination, edge.source), (edge.source, edge.destination)]
            sides = [ends[0] if direction == "in" else ends[1]]
            if not SCHEMA.relation_type(relation).directed and ends[0][0] != ends[1][0]:
                sides = ends
            for near, far in sides:
                if self.nodes[near_type][near].part == part:
                    other = self.nodes[far_type][far]
                    found.append((near, far, edge_id, other.part, other.id, edge.columns))
        return sorted(found, key=lambda entry: entry[:3])

    def owned(self, node_type: str, part: int) -> list[PlainNode]:
        """The nodes of a partition, by stable id."""
        nodes = self.nodes[node_type]
        return [nodes[stable] for stable in sorted(nodes) if nodes[stable].part == part]


class PlainShard:
    """Arrays by name."""

    def __init__(self, arrays: dict[ArrayKey, Any]) -> None:
        self._arrays = arrays

    def array(self, key: ArrayKey) -> Any:
        return self._arrays[key]


class PlainVersions:
    """Base versions made of moments of a graph (`graphray.changes.base.BaseVersions`)."""

    schema = SCHEMA

    def __init__(self, first: PlainGraph) -> None:
        self._graphs = {1: first}
        self._books: dict[int, PartitionBook] = {}
        self._shards: dict[tuple[int, int], PlainShard] = {}

    def publish(self, graph: PlainGraph) -> int:
        version = max(self._graphs) + 1
        self._graphs[version] = graph
        return version

    def graph(self, version: int) -> PlainGraph:
        return self._graphs[version]

    def column_type(self, table: str, column: str) -> pa.DataType:
        return TYPES[column]

    def next_ids(self, version: int) -> dict[str, int]:
        first = self._graphs[1]
        nodes = {node_counter(t): max(nodes, default=-1) + 1 for t, nodes in first.nodes.items()}
        edges = {edge_counter(r): max(edges, default=-1) + 1 for r, edges in first.edges.items()}
        return {**nodes, **edges}

    def book(self, version: int) -> PartitionBook:
        if version not in self._books:
            graph = self._graphs[version]
            nodes = {
                t: _offsets([len(graph.owned(t, part)) for part in range(PARTS)])
                for t in SCHEMA.node_type_names
            }
            edges = {
                name: _offsets([len(graph.entries(*name, part)) for part in range(PARTS)])
                for name in SCHEMA.adjacencies
            }
            self._books[version] = PartitionBook(PARTS, nodes, edges)
        return self._books[version]

    def shard_of(self, version: int, part: int) -> PlainShard:
        if (version, part) not in self._shards:
            graph = self._graphs[version]
            arrays = {**_node_arrays(graph, part), **_edge_arrays(graph, part)}
            self._shards[version, part] = PlainShard(arrays)
        return self._shards[version, part]


def _offsets(counts: list[int]) -> Any:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _gids(graph: PlainGraph, node_type: str) -> dict[int, int]:
    ordered = [node.stable for part in range(PARTS) for node in graph.owned(node_type, part)]
    return {stable: gid for gid, stable in enumerate(ordered)}


def _node_arrays(graph: PlainGraph, part: int) -> dict[ArrayKey, Any]:
    arrays: dict[ArrayKey, Any] = {}
    for kind in SCHEMA.node_types:
        owned, gids = graph.owned(kind.name, part), _gids(graph, kind.name)
        table = nodes_table(kind.name)
        arrays[ArrayKey(table, STABLE)] = np.array([n.stable for n in owned], np.uint32)
        arrays[ArrayKey(table, ID)] = as_user_ids([n.id for n in owned], kind.id_kind)
        for column in kind.columns:
            values = pa.array([n.columns[column.name] for n in owned], TYPES[column.name])
            arrays[ArrayKey(table, column.name)] = as_shard_array(values)
        listed = []
        for node in graph.nodes[kind.name].values():
            key = int(index_keys(as_user_ids([node.id], kind.id_kind))[0])
            if key % PARTS == part:
                listed.append((key, gids[node.stable], node.id))
        listed.sort()
        table = index_table(kind.name)
        arrays[ArrayKey(table, KEY)] = np.array([key for key, _, _ in listed], np.uint64)
        arrays[ArrayKey(table, GID)] = np.array([gid for _, gid, _ in listed], np.uint32)
        arrays[ArrayKey(table, ID)] = as_user_ids([id_ for _, _, id_ in listed], kind.id_kind)
    return arrays


def _edge_arrays(graph: PlainGraph, part: int) -> dict[ArrayKey, Any]:
    arrays: dict[ArrayKey, Any] = {}
    for relation, direction in SCHEMA.adjacencies:
        entries = graph.entries(relation, direction, part)
        owned = graph.owned(relation.near_type(direction), part)
        gids = _gids(graph, relation.far_type(direction))
        table = edges_table(relation, direction)
        arrays[ArrayKey(table, NEIGHBOR)] = np.array([gids[e[1]] for e in entries], np.uint32)
        arrays[ArrayKey(table, EDGE)] = np.array([e[2] for e in entries], np.uint32)
        for column in SCHEMA.relation_type(relation).columns:
            values = pa.array([e[5][column.name] for e in entries], TYPES[column.name])
            arrays[ArrayKey(table, column.name)] = as_shard_array(values)
        degrees = [sum(e[0] == node.stable for e in entries) for node in owned]
        arrays[ArrayKey(rows_table(relation, direction), INDPTR)] = _offsets(degrees)
    return arrays
