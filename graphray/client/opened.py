"""A store opened in this process: every partition mapped from its files, no Ray."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from graphray.book import PartitionBook
from graphray.client.graph import Graph
from graphray.derived.rows import Sources
from graphray.derived.shard import DerivedShard
from graphray.reading.access import MappedArrays
from graphray.reading.node_cache import NodeCache
from graphray.reading.operations import Request, ShardView
from graphray.schema import GraphSchema, KindName
from graphray.shard import ArrayKey
from graphray.status import GraphStatus, ReplicaStatus
from graphray.store import Store, StoreUri


def open(uri: StoreUri, version: int | None = None, *, verify: bool = True) -> Graph:
    """Open a store in this process.

    Args:
        uri: a folder, a URI that ``pyarrow.fs`` knows, or a (filesystem, path) pair.
        version: a published version; None for the newest.
        verify: check each file's checksum when it is first used; without, only its size.

    Raises:
        StoreNotFound: where there is no store, or not that version.
        StoreCorrupt: where a file is missing, cut short or changed.
        StoreTooNew: where a later GraphRay wrote it.
    """
    return Graph(StoreAccess(Store.open(uri, version, verify=verify)))


class StoreAccess:
    """Every partition of a store, mapped (see `graphray.reading.access.PartitionAccess`)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        shards = [store.shard(part) for part in range(store.parts)]
        self._views = [
            ShardView(
                part,
                store.schema,
                store.book,
                DerivedShard(Sources(part, store.schema, store.book, shards.__getitem__)),
            )
            for part in range(store.parts)
        ]
        self._arrays: list[MappedArrays] = [{} for _ in self._views]
        self._lock = threading.Lock()
        self.name = ""
        self.kind: KindName = store.kind
        self.schema: GraphSchema = store.schema
        self.book: PartitionBook = store.book
        self.snapshot_id: str = store.manifest.snapshot_id
        self.cache = NodeCache(self.snapshot_id, board=None)

    def __reduce__(self) -> tuple[Any, ...]:
        return StoreAccess, (self._store,)

    def mapped(self, keys: Sequence[ArrayKey]) -> list[MappedArrays | None]:
        """The arrays of every partition; a file is mapped and checked when first asked for."""
        with self._lock:
            for view, arrays in zip(self._views, self._arrays, strict=True):
                for key in keys:
                    if key not in arrays:
                        arrays[key] = view.shard.array(key)
        return list(self._arrays)

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        """Run requests; the partitions are all here."""
        return {part: request.run(self._views[part]) for part, request in requests.items()}

    def snapshot(self, ttl_s: float) -> StoreAccess:
        """The same version: a store does not change."""
        return StoreAccess(self._store)

    def at_version(self, version: int) -> StoreAccess:
        """Another version of the store; raises StoreNotFound."""
        return StoreAccess(self._store.at_version(version))

    def newest_store(self) -> Store:
        """The version that is open: it does not change."""
        return self._store

    def versions(self) -> tuple[int, ...]:
        """The versions that exist now, in rising order."""
        return self._store.versions()

    def status(self) -> GraphStatus:
        """The store, with this process as the only replica of each partition."""
        return GraphStatus(
            name="",
            uri=str(self._store.uri),
            version=self._store.version,
            snapshot_id=self.snapshot_id,
            parts=self.book.parts,
            nodes={name: self.book.num_nodes(name) for name in self.schema.node_type_names},
            edges={str(r.relation): self.book.num_edges(r.relation) for r in self.schema.relations},
            replicas=tuple(
                ReplicaStatus(part, 0, "in-process", pid=os.getpid())
                for part in range(self.book.parts)
            ),
        )

    def close(self) -> None:
        """Let go of the mapped files."""
        with self._lock:
            self._arrays = [{} for _ in self._views]

    def shutdown(self) -> None:
        """Nothing runs anywhere, so this is `close`."""
        self.close()
