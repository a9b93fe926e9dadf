"""Reading a store: open a version, and the arrays of its shards.

Opening reads the manifest only. A shard's file is mapped (or, away from the local disk, read) when
one of its columns is first asked for, and its size and checksum are held against the manifest then.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from graphray.book import PartitionBook
from graphray.errors import ArgumentError, ColumnNotFound, StoreCorrupt, StoreNotFound
from graphray.progress import progress
from graphray.schema import GraphSchema, KindName
from graphray.shard import ArrayKey, ShardArray, as_shard_array
from graphray.store.manifest import Manifest, StoredFile, manifest_name, manifest_version
from graphray.store.place import Place, StoreUri


class Store:
    """One version of a store, open for reading. Cheap to open, and picklable.

    Attributes:
        uri: where it lies.
        version: which version this is.
        manifest: what it consists of.

    Example:
        >>> Store.open("/no/such/store")
        Traceback (most recent call last):
        ...
        graphray.errors.StoreNotFound: there is no store at /no/such/store; build one with ...
    """

    def __init__(self, place: Place, manifest: Manifest, verify: bool) -> None:
        self._place = place
        self._verify = verify
        self.manifest = manifest

    @classmethod
    def open(cls, uri: StoreUri, version: int | None = None, *, verify: bool = True) -> Store:
        """Open the newest version, or the one asked for.

        Args:
            uri: a local path, a URI that ``pyarrow.fs`` knows, or a (filesystem, path) pair.
            version: None for the newest.
            verify: check each file's SHA-256 when it is first used. Without, only its size is.

        Raises:
            StoreNotFound: where there is no store, or not that version.
            StoreCorrupt: where the manifest is damaged.
            StoreTooNew: where a later GraphRay wrote it.
        """
        place = Place(uri)
        there = store_versions(place)
        if not there:
            raise StoreNotFound(
                f"there is no store at {place}; build one with graphray.build or "
                "'graphray build', or check the path",
                uri=str(place),
            )
        if version is not None and version not in there:
            raise StoreNotFound(
                f"the store {place} has no version {version}; it has: {_listing(there)}",
                uri=str(place),
                version=version,
            )
        name = manifest_name(version or there[-1])
        return cls(place, Manifest.from_bytes(place.read(name), place.path(name)), verify)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.uri, self.version, self._verify)

    def __repr__(self) -> str:
        return f"Store({str(self._place)!r}, version={self.version}, parts={self.parts})"

    @property
    def uri(self) -> StoreUri:
        """What `open` takes to open the same store, from any process."""
        return self._place.uri

    @property
    def is_local(self) -> bool:
        """Whether its files lie on a disk of this machine, so that arrays are mapped."""
        return self._place.is_local

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.manifest.version

    @property
    def schema(self) -> GraphSchema:
        """The node types and relations."""
        return self.manifest.schema

    @property
    def kind(self) -> KindName:
        """Which kind of graph it was built as."""
        return self.manifest.build.get("kind", "property")

    @property
    def book(self) -> PartitionBook:
        """Which partition owns what."""
        return self.manifest.book

    @property
    def parts(self) -> int:
        """How many partitions there are."""
        return self.manifest.book.parts

    def at_version(self, version: int) -> Store:
        """Another version of the same store; raises as `open` does."""
        return Store.open(self.uri, version, verify=self._verify)

    def versions(self) -> tuple[int, ...]:
        """The versions that exist now, in rising order."""
        return store_versions(self._place)

    def shard(self, part: int) -> StoreShard:
        """The arrays of one partition.

        Raises:
            ArgumentError: where there is no such partition.
        """
        if not 0 <= part < self.parts:
            raise ArgumentError(f"partition {part}; this store has 0..{self.parts - 1}")
        return StoreShard(self, part)

    def verify(self) -> None:
        """Check the size and checksum of every file.

        Raises:
            StoreCorrupt: naming the first file that is missing, cut short or changed.
        """
        self._check(self.manifest.files)

    def _check(self, files: Iterable[StoredFile]) -> None:
        files = tuple(files)
        with (
            progress("verifying", total=len(files), unit="files") as bar,
            ThreadPoolExecutor(os.cpu_count()) as threads,
        ):
            for _ in threads.map(self._checked_buffer, files):
                bar.advance()

    def _checked_buffer(self, file: StoredFile, checksum: bool = True) -> pa.Buffer:
        """The content of a file, held against the manifest."""
        path = self._place.path(file.path)
        size_bytes = self._place.size_bytes(file.path)
        if size_bytes is None:
            raise _corrupt(path, "is missing")
        if size_bytes != file.size_bytes:
            raise _corrupt(path, f"has {size_bytes} bytes instead of {file.size_bytes}")
        content = self._place.buffer(file.path)
        if checksum and hashlib.sha256(content).hexdigest() != file.sha256:
            raise _corrupt(path, "was changed after it was written: its checksum does not hold")
        return content


class StoreShard:
    """The stored arrays of one partition; implements `graphray.shard.Shard`.

    Its tables stay open once used. Two threads that open the same one at the same time do the
    same work twice, and either result is right.
    """

    def __init__(self, store: Store, part: int) -> None:
        self.store = store
        self.part = part
        self._files = {f.table: f for f in store.manifest.files if f.part == part}
        self._tables: dict[str, pa.RecordBatch] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return StoreShard, (self.store, self.part)

    def __repr__(self) -> str:
        return f"StoreShard({self.store!r}, part={self.part})"

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name (see `graphray.shard.Shard.array`).

        Raises:
            ColumnNotFound: where the shard has no such table or column.
            StoreCorrupt: where its file is missing, cut short or changed.
        """
        table = self.table(key.table)
        index = table.schema.get_field_index(key.column)
        if index < 0:
            raise ColumnNotFound(
                f"table {key.table!r} has no column {key.column!r}; "
                f"it has: {_listing(table.schema.names)}",
                column=key.column,
            )
        return as_shard_array(table.column(index))

    def table(self, name: str) -> pa.RecordBatch:
        """A whole table, mapped; raises as `array` does."""
        if name not in self._tables:
            if name not in self._files:
                raise ColumnNotFound(
                    f"partition {self.part} has no table {name!r}; "
                    f"it has: {_listing(sorted(self._files))}",
                    table=name,
                )
            self._tables[name] = self._load(self._files[name])
        return self._tables[name]

    def verify(self) -> None:
        """Check the size and checksum of every file of this partition; raises StoreCorrupt."""
        self.store._check(self._files.values())

    def _load(self, file: StoredFile) -> pa.RecordBatch:
        content = self.store._checked_buffer(file, checksum=self.store._verify)
        try:
            return pa.ipc.open_file(content).get_batch(0)
        except (pa.ArrowInvalid, OSError, IndexError) as error:
            path = self.store._place.path(file.path)
            raise _corrupt(path, f"is no Arrow file of one batch ({error})") from error


def store_versions(place: Place) -> tuple[int, ...]:
    """The published versions at a place, in rising order; empty where there is no store."""
    found = (manifest_version(name) for name in place.names())
    return tuple(sorted(version for version in found if version is not None))


def _reopen(uri: StoreUri, version: int, verify: bool) -> Store:
    return Store.open(uri, version, verify=verify)


def _corrupt(path: str, problem: str) -> StoreCorrupt:
    return StoreCorrupt(f"{path} {problem}; restore it or build the store again", path=path)


def _listing(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values)) or "none"
