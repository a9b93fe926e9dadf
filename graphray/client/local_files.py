"""The store's own files, as this node has them: the shortest way to a partition's arrays.

A mapped file lies in the page cache once per node, whoever maps it, in huge pages where the kernel
has them. Nothing is copied into the object store, whose memory (``/dev/shm``) comes in pages of
4 KiB. A mapped array stays valid in this process, whatever becomes of the file's name.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphray.client.view import GraphView
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
    def of(cls, view: GraphView) -> LocalFiles | None:
        """The files behind a running graph; None where this node does not have the same ones."""
        if not view.spec.options.map_files:
            return None
        try:
            store = Store.open(view.spec.uri, view.spec.version, verify=False)
        except StoreError:
            return None
        same = store.is_local and store.manifest.snapshot_id == view.snapshot_id
        return cls(store) if same else None

    def arrays(self, part: int, keys: Sequence[ArrayKey]) -> MappedArrays:
        """Those of some arrays of a partition that can be mapped from its files."""
        found: MappedArrays = {}
        for key in keys:
            try:
                found[key] = self._shards[part].array(key)
            except (ColumnNotFound, StoreError):
                continue  # Made by a replica, or gone from this disk: the replica has it.
        return found
