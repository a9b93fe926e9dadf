"""The store's own files, as this node has them: the shortest way to a partition's arrays.

A mapped file lies in the page cache once per node, whoever maps it, in huge pages where the kernel
has them. Nothing is copied into the object store, whose memory (``/dev/shm``) comes in pages of
4 KiB. A mapped array stays valid in this process, whatever becomes of the file's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphray.client.view import GraphSpec
from graphray.errors import ColumnNotFound, StoreError
from graphray.reading.access import MappedArrays
from graphray.shard import ArrayKey
from graphray.store import Store


class LocalFiles:
    """The files of one version of a store, where they lie on a disk of this node.

    Replicas verify checksums when they load, so only sizes are checked here.
    """

    def __init__(self, store: Store) -> None:
        self._shards = [store.shard(part) for part in range(store.parts)]

    @classmethod
    def of(cls, spec: GraphSpec, version: int, version_id: str) -> LocalFiles | None:
        """The files behind a running graph; None where this node does not have the same ones."""
        if not spec.options.map_files:
            return None
        try:
            store = Store.open(spec.uri, version, verify=False)
        except StoreError:
            return None
        same = store.is_local and store.manifest.snapshot_id == version_id
        return cls(store) if same else None

    def arrays(self, parts: Sequence[int], keys: Sequence[ArrayKey]) -> Mapping[int, MappedArrays]:
        """Those of some arrays of some partitions that can be mapped from their files."""
        return {part: self._mapped(part, keys) for part in parts}

    def _mapped(self, part: int, keys: Sequence[ArrayKey]) -> MappedArrays:
        found: MappedArrays = {}
        for key in keys:
            try:
                found[key] = self._shards[part].array(key)
            except (ColumnNotFound, StoreError):
                continue  # Made by a replica, or gone from this disk: the replica has it.
        return found
