"""Compaction: what a fold gives, written as the next version of the store.

Every partition writes its own tables, where one of its columns changed; the files of the others are
named again by the new manifest, so that versions share them. The new version becomes visible in one
step, as that of a build does. It follows the version that was folded into: where another writer has
published a next version meanwhile, there is no room for this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.bfloat16 import from_bits, type_words
from graphray.changes.base import edge_counter, node_counter
from graphray.changes.fold_plan import FoldPlan
from graphray.changes.folded_shard import FoldedShard
from graphray.errors import VersionConflict
from graphray.schema import GraphSchema
from graphray.shard import RESERVED_PREFIX, ArrayKey, ShardArray
from graphray.store.manifest import StoredFile
from graphray.store.reader import Store
from graphray.store.writer import ShardTarget, StoreWriter

KEPT_OF_BUILD = (
    "kind",
    "created_at",
    "partitioner",
    "rng_seed",
    "parts",
    "balance",
    "target_sizes",
)
"""What a compacted version says of the build: how nodes were assigned, not how good that is now."""


def write_partition(
    target: ShardTarget, store: Store, shard: FoldedShard
) -> tuple[StoredFile, ...]:
    """Write the tables of one partition that changed.

    Args:
        target: of the new version (`StoreWriter.target`).
        store: the version that was folded into.
        shard: the partition after the fold; lets go of what it made for this.

    Returns:
        Every file of the partition in the new version: those written, and the others as they are.

    Raises:
        StoreError: where a file cannot be written.
        ColumnNotFound: where the changes come from a replica that does not keep every column.
    """
    files = []
    for file in store.manifest.files:
        if file.part != shard.part:
            continue
        schema = store.shard(file.part).table(file.table).schema
        keys = [ArrayKey(file.table, name) for name in schema.names]
        if any(shard.changes(key) for key in keys):
            table = _table(schema, [shard.array(key) for key in keys])
            file = target.write(file.part, file.table, table)
            shard.forget(keys)
        files.append(file)
    return tuple(files)


def publish_fold(
    writer: StoreWriter,
    store: Store,
    plan: FoldPlan,
    files: Iterable[StoredFile],
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Store:
    """Make the new version visible.

    Args:
        writer: of version ``store.version + 1``, to whose target the files were written.
        store: the version that was folded into.
        plan: of the fold.
        files: of all partitions, from `write_partition`.
        about: what else the manifest is to say of how the version came about.

    Returns:
        The new version, opened.

    Raises:
        VersionConflict: where there is such a version already, or the writer is of another one.
        StoreError: where a file is not there as it was written, or does not reach the disk.
    """
    if writer.version != store.version + 1:
        raise VersionConflict(
            f"the changes lie over version {store.version}, so they make version "
            f"{store.version + 1}, not {writer.version}",
            version=writer.version,
        )
    shared = {file.path for file in store.manifest.files}
    for file in files:
        if file.path in shared:
            writer.share(file)
        else:
            writer.add(file)
    writer.publish(store.schema, plan.book, {**_build(store, plan), **about})
    return Store.open(store.uri, writer.version)


def _table(schema: pa.Schema, arrays: Iterable[ShardArray]) -> pa.Table:
    columns = {
        field.name: _as_stored(array, field) for field, array in zip(schema, arrays, strict=True)
    }
    return pa.table(columns)


def _as_stored(array: ShardArray, field: pa.Field) -> pa.Array:
    """An array of a shard in the type of its stored column."""
    if field.name.startswith(RESERVED_PREFIX):
        # Ids get wider where they outgrow 32 bits.
        return pa.array(array)
    if isinstance(array, np.ndarray) and array.ndim == 2:
        array = pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), array.shape[1])
    return from_bits(pa.array(array), type_words(field.type)).cast(field.type)


def _build(store: Store, plan: FoldPlan) -> dict[str, Any]:
    build, schema = store.manifest.build, store.schema
    return {
        **{name: build[name] for name in KEPT_OF_BUILD if name in build},
        "num_nodes": {name: plan.book.num_nodes(name) for name in schema.node_type_names},
        "num_edges": {
            str(kind.relation): build["num_edges"][str(kind.relation)]
            + plan.new_edges[kind.relation]
            for kind in schema.relations
        },
        "compacted_from": store.version,
        "next_ids": _next_ids(schema, plan),
    }


def _next_ids(schema: GraphSchema, plan: FoldPlan) -> dict[str, dict[str, int]]:
    relations = [kind.relation for kind in schema.relations]
    return {
        "nodes": {name: plan.next_ids[node_counter(name)] for name in schema.node_type_names},
        "edges": {str(relation): plan.next_ids[edge_counter(relation)] for relation in relations},
    }
