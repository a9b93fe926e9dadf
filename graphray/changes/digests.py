"""Hashes of what a partition's changes come to, by which replicas are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from graphray.changes.coverage import edge_column_tag, node_column_tag
from graphray.changes.delta import PartitionDelta
from graphray.changes.plain_arrays import Ints, array_to_plain, ids_to_plain, ints_to_plain
from graphray.replication.packing import pack

TOPOLOGY = ""
"""What is no property column: nodes, ids, edges, counters."""


def digests_of(deltas: Iterable[PartitionDelta]) -> dict[str, str]:
    """One hash for the topology and one per tag that has any values, of all deltas together."""
    hashes = {TOPOLOGY: _new_hash()}
    for number, delta in enumerate(deltas):
        for tag, content in _contents(delta):
            hashes.setdefault(tag, _new_hash()).update(pack((number, content)))
    return {tag: hashes[tag].hexdigest() for tag in sorted(hashes)}


def _new_hash() -> Any:
    return hashlib.blake2b(digest_size=16)


def _contents(delta: PartitionDelta) -> Iterator[tuple[str, Any]]:
    """What is hashed, piece by piece."""
    yield TOPOLOGY, (delta.base_version, delta.time, dict(delta.counters))
    for name, nodes in delta.nodes.items():
        topology = (
            ints_to_plain(nodes.added_stable),
            ids_to_plain(nodes.added_ids),
            ints_to_plain(nodes.deleted_stable),
            ids_to_plain(nodes.void_ids),
        )
        # Where only columns have changed, a replica that does not keep them sees nothing.
        if len(nodes.added_stable) or len(nodes.deleted_stable) or len(nodes.void_ids):
            yield TOPOLOGY, (name, topology)
        for column, values in _columns(nodes.added_columns):
            yield node_column_tag(name, column), values
        for column, changed in nodes.updates.items():
            yield node_column_tag(name, column), _updates(changed.values, changed.stable)
    for (relation, direction), edges in delta.edges.items():
        entries = (
            ints_to_plain(edges.near_stable),
            ints_to_plain(edges.far_part, edges.far_part.dtype),
            ints_to_plain(edges.far_stable),
            ids_to_plain(edges.far_ids),
            ints_to_plain(edges.edge),
            ints_to_plain(edges.deleted_near),
            ints_to_plain(edges.deleted_edge),
        )
        if len(edges.edge) or len(edges.deleted_edge):
            yield TOPOLOGY, (str(relation), direction, entries)
        for column, values in _columns(edges.columns):
            yield edge_column_tag(relation, column), (direction, values)
        for column, updated in edges.updates.items():
            pairs = _updates(updated.values, updated.near_stable, updated.edge)
            yield edge_column_tag(relation, column), (direction, pairs)


def _columns(batch: pa.RecordBatch) -> Iterator[tuple[str, Any]]:
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        yield name, array_to_plain(values)


def _updates(values: pa.Array, *names: Ints) -> tuple[Any, ...]:
    return (*map(ints_to_plain, names), array_to_plain(values))
