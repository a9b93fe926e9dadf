"""The files of a graph: versioned, immutable, checked."""

from graphray.store.manifest import FORMAT_VERSION, Manifest, StoredFile
from graphray.store.place import Place, StoreUri
from graphray.store.reader import Store, StoreShard, store_versions
from graphray.store.writer import StoreWriter

__all__ = [
    "FORMAT_VERSION",
    "Manifest",
    "Place",
    "Store",
    "StoreShard",
    "StoreUri",
    "StoreWriter",
    "StoredFile",
    "store_versions",
]
