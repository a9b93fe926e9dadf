"""Record batches on disk, by bucket: how a table larger than memory is brought into another order.

Every piece of work writes a file of its own, with pieces of any buckets in any order; each piece
carries its place in the sequence, and `read_bucket` hands out a bucket's pieces from many files in
that order. So what is read depends neither on who wrote it nor on who was first. A file counts when
its `SpillFile` has come back from who wrote it; one that was begun and left is never read.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import fs

from graphray.errors import StoreError

_FIELDS = 4


@dataclass(frozen=True)
class SpillFolder:
    """A folder for spill files, which all who write and read them can reach."""

    filesystem: fs.FileSystem
    path: str

    def path_of(self, name: str) -> str:
        """The path of a file in it."""
        return f"{self.path}/{name}"

    def remove(self, files: Sequence[SpillFile]) -> None:
        """Remove files, those that are there."""
        for file in files:
            path = self.path_of(file.name)
            if self.filesystem.get_file_info(path).type == fs.FileType.File:
                self.filesystem.delete_file(path)


@dataclass(frozen=True)
class SpillFile:
    """What one file holds.

    Attributes:
        name: its name in the folder.
        pieces: ``int64[k, 4]``, of each piece its bucket, its place in the sequence of the bucket's
            pieces, position in the file, and size in bytes.
    """

    name: str
    pieces: npt.NDArray[np.int64]

    def places(self, bucket: int) -> list[int]:
        """The places of a bucket's pieces, as they were written."""
        return self.pieces[self.pieces[:, 0] == bucket, 1].tolist()

    def bytes_by_bucket(self, buckets: int) -> npt.NDArray[np.int64]:
        """The size of the pieces of buckets ``0 .. buckets - 1``, ``int64[buckets]``."""
        sizes = np.bincount(self.pieces[:, 0], self.pieces[:, 3], minlength=buckets)
        return sizes[:buckets].astype(np.int64)


class SpillWriter:
    """Writes one file; where the block ends by an error, it is removed.

    Args:
        folder: where.

    Raises:
        StoreError: where the file cannot be written, such as on a full disk.

    Example:
        >>> import tempfile
        >>> folder = SpillFolder(fs.LocalFileSystem(), tempfile.mkdtemp())
        >>> with SpillWriter(folder) as writer:
        ...     writer.append(1, 7, pa.record_batch({"x": [3]}))
        ...     writer.append(1, 2, pa.record_batch({"x": [1, 2]}))
        >>> schema = pa.schema({"x": pa.int64()})
        >>> read_bucket(folder, [writer.written], 1, schema).to_pydict()
        {'x': [1, 2, 3]}
    """

    def __init__(self, folder: SpillFolder) -> None:
        self._folder = folder
        # Random, so that work which is done twice writes two files.
        self._name = secrets.token_hex(8)
        self._path = folder.path_of(self._name)
        self._pieces = array("q")
        self._end = 0

    def __enter__(self) -> SpillWriter:
        try:
            self._stream = self._folder.filesystem.open_output_stream(self._path)
        except OSError as error:
            raise _cannot("create", self._path, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._stream.close()
        except OSError as failure:
            if error is None:
                raise _cannot("write", self._path, failure) from failure
        finally:
            if error is not None:
                self._folder.remove([self.written])

    def append(self, bucket: int, place: int, batch: pa.RecordBatch) -> None:
        """Add a piece; ``place`` is its place in the sequence of the bucket's pieces."""
        content = batch.serialize()
        try:
            self._stream.write(content)
        except OSError as error:
            raise _cannot("write", self._path, error) from error
        self._pieces.extend((bucket, place, self._end, content.size))
        self._end += content.size

    @property
    def written(self) -> SpillFile:
        """What the file holds."""
        pieces = np.array(self._pieces, np.int64).reshape(-1, _FIELDS)
        return SpillFile(self._name, pieces)


def read_bucket(
    folder: SpillFolder, files: Sequence[SpillFile], bucket: int, schema: pa.Schema
) -> pa.Table:
    """All pieces of a bucket, in order of their places.

    Raises:
        StoreError: where a file cannot be read, or is cut short.
    """
    found = [
        (place, batch)
        for file in files
        for place, batch in zip(
            file.places(bucket), read_pieces(folder, file, bucket, schema), strict=True
        )
    ]
    found.sort(key=lambda piece: piece[0])
    return pa.Table.from_batches([batch for _, batch in found], schema)


def read_pieces(
    folder: SpillFolder, file: SpillFile, bucket: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The pieces of a bucket in one file, one by one, as they were written; raises likewise."""
    pieces = file.pieces[file.pieces[:, 0] == bucket]
    if not len(pieces):
        return
    path = folder.path_of(file.name)
    try:
        with folder.filesystem.open_input_file(path) as stream:
            for position, size in pieces[:, 2:4].tolist():
                yield pa.ipc.read_record_batch(_read(stream, position, size), schema)
    except OSError as error:
        raise _cannot("read", path, error) from error


def _read(stream: Any, position: int, size: int) -> pa.Buffer:
    stream.seek(position)
    content = stream.read_buffer(size)
    if content.size < size:
        raise OSError(f"the file ends {size - content.size} bytes early")
    return content


def _cannot(verb: str, path: str, error: OSError) -> StoreError:
    return StoreError(
        f"cannot {verb} the spill file {path}: {error}; make room there, or name a folder on a "
        "larger disk with spill_folder=...",
        path=path,
    )
