"""Record batches on disk, by bucket: how a table larger than memory is brought into another order.

One file holds all buckets of a table. Threads append pieces in any order; each piece carries its
place in the sequence, and `Spill.read` hands out a bucket's pieces in that order. So what is read
depends neither on how many threads wrote nor on which was first.
"""

from __future__ import annotations

import os
import threading
from array import array
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from graphray.errors import StoreError


class Spill:
    """A table in buckets, on disk; the file is removed when the block ends.

    Args:
        path: the file to create.
        schema: the columns of every piece.
        buckets: how many there are.

    Raises:
        StoreError: where the file cannot be written, such as on a full disk.

    Example:
        >>> import tempfile
        >>> schema = pa.schema({"x": pa.int64()})
        >>> with Spill(Path(tempfile.mkdtemp()) / "x", schema, buckets=2) as spill:
        ...     spill.append(1, 7, pa.record_batch({"x": [3]}))
        ...     spill.append(1, 2, pa.record_batch({"x": [1, 2]}))
        ...     spill.read(1).to_pydict(), spill.read(0).num_rows
        ({'x': [1, 2, 3]}, 0)
    """

    def __init__(self, path: Path, schema: pa.Schema, buckets: int) -> None:
        self.schema = schema
        self._path = path
        # Per bucket and piece: place in the sequence, position in the file, bytes.
        self._pieces = [array("q") for _ in range(buckets)]
        self._rows = [0] * buckets
        self._end = 0
        self._lock = threading.Lock()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _cannot("create", path, error) from error

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def append(self, bucket: int, place: int, batch: pa.RecordBatch) -> None:
        """Add a piece; ``place`` is its place in the sequence of the bucket's pieces."""
        content = batch.serialize()
        with self._lock:
            position, self._end = self._end, self._end + content.size
            self._pieces[bucket].extend((place, position, content.size))
            self._rows[bucket] += batch.num_rows
        try:
            _write(self._file, memoryview(content), position)
        except OSError as error:
            raise _cannot("write", self._path, error) from error

    def num_rows(self, bucket: int) -> int:
        """The rows of a bucket."""
        return self._rows[bucket]

    def size_bytes(self, bucket: int) -> int:
        """The size of a bucket's pieces."""
        return sum(self._pieces[bucket][2::3])

    def read(self, bucket: int) -> pa.Table:
        """All pieces of a bucket, in order of their places."""
        numbers = self._pieces[bucket]
        pieces = sorted(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))
        try:
            contents = [_read(self._file, position, size) for _, position, size in pieces]
        except OSError as error:
            raise _cannot("read", self._path, error) from error
        batches = [pa.ipc.read_record_batch(content, self.schema) for content in contents]
        return pa.Table.from_batches(batches, self.schema)


def _write(file: int, content: memoryview, position: int) -> None:
    while content:
        # A write may stop short, of the end of a disk too: the next one then says so.
        written = os.pwrite(file, content, position)
        content, position = content[written:], position + written


def _read(file: int, position: int, size: int) -> pa.Buffer:
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        got = os.preadv(file, [rest], position)
        if got == 0:
            raise OSError(f"the file ends {len(rest)} bytes early")
        rest, position = rest[got:], position + got
    return pa.py_buffer(content)


def _cannot(verb: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot {verb} the spill file {path}: {error.strerror or error}; make room there, or name "
        "a folder on a larger disk with spill_folder=...",
        path=str(path),
    )
