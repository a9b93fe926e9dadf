"""Backup and restore: one version of a store, copied to another place as a store of its own.

A copy is written as a build is: files first, each held against its checksum as it passes, the
manifest last and only if it is absent. So a copy is there as a whole or not at all, and one that
was cut off goes on where it is started again. Files that a version at the target already names are
not copied again, so that the backups of a growing graph cost what changed between them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from graphray.errors import StoreCorrupt, StoreExists
from graphray.progress import Progress, progress
from graphray.store.manifest import Manifest, StoredFile, manifest_name
from graphray.store.place import Place, StoreUri
from graphray.store.reader import Store, store_versions

_PIECE_BYTES = 8 << 20


def copy_version(store: Store, uri: StoreUri) -> Store:
    """Copy one version of a store to another place, under the same number.

    Args:
        store: the version.
        uri: a folder or URI: a new one, or a store that has versions of the same graph.

    Returns:
        The copy, opened.

    Raises:
        StoreCorrupt: where a file of the store is missing, cut short or changed.
        StoreExists: where there is another version of that number; equal ones are left as they are.
        StoreError: where a file cannot be written.

    Example:
        >>> import tempfile
        >>> import graphray
        >>> folder = tempfile.mkdtemp()
        >>> store = graphray.build(([0, 1], [1, 0]), f"{folder}/store")
        >>> copy_version(store, f"{folder}/backup").version
        1
    """
    source, target = Place(store.uri), Place(uri)
    target.check_can_create()
    if _is_there(store, target):
        return Store.open(uri, store.version)
    known = _known_files(target)
    files = [file for file in store.manifest.files if file not in known]
    total = sum(file.size_bytes for file in files)
    with (
        progress(f"copying version {store.version}", total, "bytes") as bar,
        ThreadPoolExecutor(os.cpu_count()) as threads,
    ):
        for _ in threads.map(lambda file: _copy(source, target, file, bar), files):
            pass
    if not target.create(manifest_name(store.version), store.manifest.to_bytes()):
        _is_there(store, target)
    return Store.open(uri, store.version)


def restore(uri: StoreUri, store: StoreUri, version: int | None = None) -> Store:
    """Bring a version of a graph back from a backup.

    Args:
        uri: where the backup is, as `Graph.backup` or ``graphray backup`` made it.
        store: where the store goes: a new folder, or a store that lacks this version.
        version: which one; None for the newest of the backup.

    Returns:
        The restored version, opened.

    Raises:
        StoreNotFound: where there is no backup, or not of that version.
        StoreCorrupt: where a file of the backup is missing, cut short or changed.
        StoreExists: where the store has another version of that number.
        StoreError: where a file cannot be written.

    Example:
        >>> import tempfile
        >>> import graphray
        >>> folder = tempfile.mkdtemp()
        >>> built = graphray.build(([0, 1], [1, 0]), f"{folder}/backup")
        >>> restored = restore(f"{folder}/backup", f"{folder}/store")
        >>> restored.manifest.snapshot_id == built.manifest.snapshot_id
        True
    """
    return copy_version(Store.open(uri, version), store)


def _is_there(store: Store, target: Place) -> bool:
    """Whether the target has the version already; raises StoreExists where it has another one."""
    name = manifest_name(store.version)
    if target.size_bytes(name) is None:
        return False
    if target.read(name) != store.manifest.to_bytes():
        raise StoreExists(
            f"{target} has another version {store.version}; copy to a folder of its own",
            uri=str(target),
            version=store.version,
        )
    return True


def _known_files(target: Place) -> set[StoredFile]:
    """The files that published versions at the target name, so that they are on disk."""
    known: set[StoredFile] = set()
    for version in store_versions(target):
        name = manifest_name(version)
        files = Manifest.from_bytes(target.read(name), target.path(name)).files
        known |= {file for file in files if target.size_bytes(file.path) == file.size_bytes}
    return known


def _copy(source: Place, target: Place, file: StoredFile, bar: Progress) -> None:
    """Copy a file piece by piece, and check what passed; a wrong copy is removed again."""
    checksum, size_bytes = hashlib.sha256(), 0
    if source.size_bytes(file.path) is None:
        raise StoreCorrupt(
            f"{source.path(file.path)} is missing; nothing was published", path=file.path
        )
    with target.writing(file.path) as stream:
        for piece in _pieces(source, file.path):
            checksum.update(piece)
            stream.write(piece)
            size_bytes += len(piece)
            bar.advance(len(piece))
    if checksum.hexdigest() != file.sha256:
        target.remove(file.path)
        raise StoreCorrupt(
            f"{source.path(file.path)} was changed after it was written: its checksum does not "
            f"hold ({size_bytes} bytes of {file.size_bytes}); nothing was published",
            path=file.path,
        )
    target.sync(file.path)


def _pieces(place: Place, name: str) -> Iterator[bytes]:
    with place.reading(name) as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece
