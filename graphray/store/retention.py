"""Letting go of old versions: their manifests, and the files that no other version names.

Versions share files, and builds write beside, so only files that a dropped manifest names are ever
removed. The newest version always stays: the next one may be about to share its files. In order:

1. ``dropped-<n>.json`` is created, a copy of the manifest: what is to be removed.
2. ``manifest-<n>.json`` is removed. From now on there is no such version.
3. The files that no remaining manifest names are removed, then ``dropped-<n>.json``.

A process that dies on the way leaves a ``dropped-<n>.json``, and whoever drops next goes on with
it. Who has mapped a file keeps it; who opens one later, of a version that it held, finds it gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphray.errors import ArgumentError, StoreNotFound
from graphray.store.manifest import Manifest, manifest_name, manifest_version
from graphray.store.place import Place
from graphray.store.reader import store_versions

_DROPPED = "dropped-"
_MANIFEST = "manifest-"


def drop_versions(place: Place, versions: Iterable[int]) -> int:
    """Remove versions of a store.

    Args:
        place: the folder of the store.
        versions: those to remove; see that nobody reads them.

    Returns:
        How many bytes were freed.

    Raises:
        ArgumentError: where the newest version is among them.
        StoreNotFound: where one does not exist; none has been removed then.
        StoreError: where a file cannot be removed.
    """
    there, versions = store_versions(place), sorted(set(versions))
    missing = [version for version in versions if version not in there]
    if missing:
        raise StoreNotFound(
            f"the store {place} has no version {missing[0]}; it has: "
            f"{', '.join(map(str, there)) or 'none'}",
            uri=str(place),
            version=missing[0],
        )
    if there and there[-1] in versions:
        raise ArgumentError(
            f"version {there[-1]} is the newest of the store {place}, which is always kept; "
            "to be rid of the whole store, remove its folder"
        )
    for version in versions:
        name = manifest_name(version)
        place.create(name.replace(_MANIFEST, _DROPPED), place.read(name))
        place.remove(name)
    return sum(_remove_files(place, name) for name in place.names() if name.startswith(_DROPPED))


def _remove_files(place: Place, dropped: str) -> int:
    """Remove the files of a version that is no more; returns how many bytes they had."""
    name = dropped.replace(_DROPPED, _MANIFEST)
    if manifest_version(name) is None:
        return 0
    if place.size_bytes(name) is not None:
        # Whoever wrote this copy of the manifest died before the version was removed.
        place.remove(dropped)
        return 0
    kept = set()
    for version in store_versions(place):
        file_name = manifest_name(version)
        manifest = Manifest.from_bytes(place.read(file_name), place.path(file_name))
        kept |= {file.path for file in manifest.files}
    freed, folders = 0, set()
    for file in Manifest.from_bytes(place.read(dropped), place.path(dropped)).files:
        if file.path not in kept and place.size_bytes(file.path) is not None:
            place.remove(file.path)
            freed += file.size_bytes
            folders |= {file.path.rsplit("/", levels)[0] for levels in range(1, 5)}
    for folder in sorted(folders, key=len, reverse=True):
        if folder.startswith("data/"):
            place.remove_if_empty(folder)
    place.remove(dropped)
    return freed
