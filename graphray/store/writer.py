"""Writing one version of a store.

Data files go under a folder of their own, ``data/<build id>/``, where no reader looks until the
manifest that names them is created as the last step. While a build is under way, that folder has a
lease (see `graphray.store.lease`), by which the next build knows what a killed one left. Checksums
are taken from the bytes as they go out, not from a second read. Every table is one Arrow record
batch, so that each column is contiguous in the file and maps as one array.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from graphray.book import PartitionBook
from graphray.errors import StoreError, VersionConflict
from graphray.schema import GraphSchema
from graphray.store.lease import end_lease, is_abandoned, sweep, take_lease, take_over
from graphray.store.manifest import (
    Manifest,
    StoredFile,
    manifest_name,
    manifest_version,
    shard_path,
)
from graphray.store.place import Place

_SYNCS_AT_ONCE = 4


@dataclass(frozen=True)
class ShardTarget:
    """Where the files of one build go; can be pickled where its place can."""

    place: Place
    build_id: str

    def write(self, part: int, table: str, content: pa.Table) -> StoredFile:
        """Write one table of one partition's shard; written twice, it is the same file."""
        path = shard_path(self.build_id, part, table)
        with self.place.writing(path) as stream:
            tee = _Tee(stream)
            with pa.ipc.new_file(pa.PythonFile(tee, mode="w"), content.schema) as file:
                file.write_batch(_as_one_batch(content))
        return StoredFile(path, tee.size_bytes, tee.sha256)


class StoreWriter:
    """Writes the files of one build; leaving the block without `publish` removes them all.

    Args:
        place: the folder of the store, which need not exist.
        version: the number to publish.
        goes_on: the build id of a killed build whose files may be taken over; see `took_over`.

    Attributes:
        version: the number that is published.
        build_id: the name of the folder of this build's files.
        took_over: whether the files of the killed build are there; those that count are `add`ed.

    Raises:
        MissingDependency: where publishing at that place needs a package that is not installed.

    Example:
        >>> import tempfile
        >>> place = Place(tempfile.mkdtemp() + "/store")
        >>> with StoreWriter(place, version=1) as writer:
        ...     writer.write(0, "nodes/node", pa.table({"@id": [7, 9]}))
        >>> place.exists()
        False
    """

    def __init__(self, place: Place, version: int, goes_on: str | None = None) -> None:
        place.check_can_create()  # before hours of work, not after
        self._place = place
        self.version = version
        # Random, so that two writers never share a folder; what the files hold is not.
        self.build_id = secrets.token_hex(8)
        self.took_over = False
        self._goes_on = goes_on
        self._made_folder = not place.exists()
        self._files: list[StoredFile] = []
        # Waiting for the disk goes on beside the making of further files.
        self._disk = ThreadPoolExecutor(_SYNCS_AT_ONCE)
        self._synced: list[Future[None]] = []

    def __enter__(self) -> StoreWriter:
        if self._local_data is not None:
            folder = self._local_data / self.build_id
            try:
                if self._goes_on is not None:
                    dead = self._local_data / self._goes_on
                    # It may have been killed when it had published: then its files stay.
                    if is_abandoned(dead) and not self._is_published(dead):
                        self.took_over = take_over(dead, folder)
                self._sweep()
                if not self.took_over:
                    folder.mkdir(parents=True)
                    take_lease(folder)
            except OSError as error:
                self.abort()
                raise StoreError(f"cannot write {folder}: {error}", path=str(folder)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._disk.shutdown(cancel_futures=True)
        self.abort()

    @property
    def target(self) -> ShardTarget:
        """Where to write, for those who write in other processes; `add` what they wrote."""
        return ShardTarget(self._place, self.build_id)

    def write(self, part: int, table: str, content: pa.Table) -> None:
        """Write one table of one partition's shard; several threads may write at once."""
        self._count_in(self.target.write(part, table, content))

    def add(self, file: StoredFile) -> None:
        """Make a file that was written to `target` one of the version's; see `took_over`, too.

        Raises:
            StoreError: where there is no such file.
        """
        path = shard_path(self.build_id, file.part, file.table)
        if self._place.size_bytes(path) != file.size_bytes:
            raise StoreError(
                f"{self._place.path(path)} is not there as it was written; every process that "
                "works on the build has to see the store's folder under this path",
                path=path,
            )
        self._count_in(replace(file, path=path))

    def share(self, file: StoredFile) -> None:
        """Make a file of another version of the store one of this version's, too.

        Raises:
            StoreError: where it is not there any more.
        """
        if self._place.size_bytes(file.path) != file.size_bytes:
            raise StoreError(
                f"{self._place.path(file.path)} is not there as its version names it; restore it, "
                "or build the store again",
                path=file.path,
            )
        self._files.append(file)

    def _count_in(self, file: StoredFile) -> None:
        self._files.append(file)
        self._synced.append(self._disk.submit(self._place.sync, file.path))

    def publish(self, schema: GraphSchema, book: PartitionBook, build: Mapping[str, Any]) -> None:
        """Make the version visible, in one step.

        Raises:
            VersionConflict: where another writer published this version first.
            StoreError: where a file does not reach the disk, such as one that is full.
        """
        for synced in self._synced:
            synced.result()
        # Several threads may have written: the manifest does not depend on who was first.
        files = tuple(sorted(self._files, key=lambda file: file.path))
        manifest = Manifest(self.version, schema, book, build, files)
        if not self._place.create(manifest_name(self.version), manifest.to_bytes()):
            raise VersionConflict(
                f"version {self.version} of the store {self._place} was published by another "
                "writer meanwhile; read it, and build again if yours should follow it",
                uri=str(self._place),
                version=self.version,
            )
        if self._local_data is not None:
            end_lease(self._local_data / self.build_id)

    @property
    def _local_data(self) -> Path | None:
        root = self._place.local_path
        return None if root is None else root / "data"

    def _sweep(self) -> None:
        """Remove what builds left that were killed before they published."""
        if self._local_data is not None:
            sweep(self._local_data, keep=self._is_published)
            self._place.remove_if_empty("data")

    def _is_published(self, folder: Path) -> bool:
        names = filter(manifest_version, self._place.names())
        return any(folder.name.encode() in self._place.read(name) for name in names)

    def abort(self) -> None:
        """Remove what was written, and the store's folder where this build made it.

        Does nothing where the version is visible: `publish` may have failed after it had created
        the manifest, and what a reader can see is not taken away.
        """
        if self._is_visible():
            return
        self._place.remove_tree(f"data/{self.build_id}")
        self._place.remove_if_empty("data")
        if self._made_folder:
            self._place.remove_if_empty()

    def _is_visible(self) -> bool:
        name = manifest_name(self.version)
        if self._place.size_bytes(name) is None:
            return False
        return self.build_id.encode() in self._place.read(name)


class _Tee:
    """A stream that hashes and counts what passes through it."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._hash.update(view)
        self._stream.write(view)
        self.size_bytes += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """The stream is closed by whoever opened it."""

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def _as_one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    if len(batches) == 1:
        return batches[0]
    if not batches:
        columns = [pa.nulls(0, field.type) for field in table.schema]
        return pa.RecordBatch.from_arrays(columns, schema=table.schema)
    # combine_chunks leaves a column in pieces that one piece cannot hold: lists of more than 2**31
    # values in all (ingest gives strings 64-bit offsets, for which there is no such limit).
    raise StoreError(
        "a list column of one partition holds more than 2**31 values; build with more parts, or "
        "make it a large_list or a fixed-size list"
    )
