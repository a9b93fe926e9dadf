"""The base under a partition's changes: versions of a store, which never change.

Counters that hand out new ids begin where the build ended: a manifest says so under
``build["next_ids"]``, and where it does not, at the counts of the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa

from graphray.bfloat16 import as_bits
from graphray.book import PartitionBook
from graphray.schema import GraphSchema, Relation
from graphray.shard import Shard
from graphray.store import Store
from graphray.store.manifest import Manifest
from graphray.store.reader import StoreShard


class BaseVersions(Protocol):
    """What the changes of a partition are read against."""

    @property
    def schema(self) -> GraphSchema:
        """The schema of every version."""

    def book(self, version: int) -> PartitionBook:
        """Which partition owns what, in a version."""

    def shard_of(self, version: int, part: int) -> Shard:
        """The stored arrays of a partition, in a version."""

    def column_type(self, table: str, column: str) -> pa.DataType:
        """The Arrow type of a property column, with bits (uint16) in place of bfloat16."""

    def next_ids(self, version: int) -> Mapping[str, int]:
        """Where the counters of new ids begin: see `node_counter` and `edge_counter`."""


def node_counter(node_type: str) -> str:
    """The counter, kept by partition 0, that hands out the stable ids of a node type.

    >>> node_counter("author")
    'nodes/author'
    """
    return f"nodes/{node_type}"


def edge_counter(relation: Relation) -> str:
    """The counter, kept by partition 0, that hands out the edge ids of a relation.

    >>> edge_counter(Relation("author", "writes", "paper"))
    'edges/author-writes-paper'
    """
    return f"edges/{relation}"


def next_ids_of(manifest: Manifest) -> dict[str, int]:
    """Where the counters begin over that version."""
    build, book = manifest.build, manifest.book
    stated = build.get("next_ids", {})
    nodes = stated.get("nodes", {})
    edges = stated.get("edges", build.get("num_edges", {}))
    counters = {
        node_counter(name): nodes.get(name, book.num_nodes(name)) for name in book.node_offsets
    }
    for relation, direction in book.edge_offsets:
        if direction == "in":
            # Adjacency entries are at least as many as edges.
            counters[edge_counter(relation)] = edges.get(str(relation), book.num_edges(relation))
    return counters


class StoreVersions:
    """Versions of a store as `BaseVersions`; each is opened when it is first asked for.

    Args:
        store: any version of it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._versions = {store.version: store}
        self._shards: dict[tuple[int, int], StoreShard] = {}

    @property
    def schema(self) -> GraphSchema:
        """See `BaseVersions`."""
        return self._store.schema

    def book(self, version: int) -> PartitionBook:
        """See `BaseVersions`; raises StoreNotFound where there is no such version."""
        return self._version(version).book

    def shard_of(self, version: int, part: int) -> Shard:
        """See `BaseVersions`; raises as `book` does."""
        return self._shard(version, part)

    def column_type(self, table: str, column: str) -> pa.DataType:
        """See `BaseVersions`."""
        batch = self._shard(self._store.version, 0).table(table)
        return as_bits(pa.nulls(0, batch.schema.field(column).type)).type

    def next_ids(self, version: int) -> Mapping[str, int]:
        """See `BaseVersions`; raises as `book` does."""
        return next_ids_of(self._version(version).manifest)

    def _version(self, version: int) -> Store:
        if version not in self._versions:
            self._versions[version] = Store.open(self._store.uri, version)
        return self._versions[version]

    def _shard(self, version: int, part: int) -> StoreShard:
        if (version, part) not in self._shards:
            self._shards[version, part] = self._version(version).shard(part)
        return self._shards[version, part]
