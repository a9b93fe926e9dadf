"""Extents: runs of whole lines of a text file, by which one giant file is read in many places.

A file is cut behind the line ends that follow every so many bytes, without reading what lies
between. Every extent is read with the file's header before it, so that each looks like a file of
its own. Compressed text has to be read from its start, and is not cut.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_CHUNK_BYTES = 2**16


@dataclass(frozen=True)
class Extent:
    """Some consecutive lines of a text file.

    Attributes:
        start: position of their first byte.
        stop: position behind their last byte.
        header: the line that names the columns, with its end; empty where the file has none.
    """

    start: int
    stop: int
    header: bytes = b""


def cut_lines(file: Any, extent_bytes: int, *, has_header: bool) -> list[Extent]:
    r"""Cut a file into extents of about equal size.

    Args:
        file: to be read from any position (``size``, ``seek``, ``read``).
        extent_bytes: about the size of each.
        has_header: whether the first line names the columns.

    Example:
        >>> import pyarrow as pa
        >>> file = pa.BufferReader(b"a,b\n1,2\n3,4\n5,6\n")
        >>> [(e.start, e.stop) for e in cut_lines(file, 5, has_header=True)]
        [(4, 12), (12, 16)]
    """
    size = file.size()
    first = _line_end(file, 0, size) if has_header else 0
    file.seek(0)
    header = file.read(first)
    starts = [first]
    for at in range(first + extent_bytes, size, extent_bytes):
        if at > starts[-1]:
            start = _line_end(file, at, size)
            if start < size:
                starts.append(start)
    stops = [*starts[1:], size]
    return [Extent(start, stop, header) for start, stop in zip(starts, stops, strict=True)]


def newlines_between(file: Any, start: int, stop: int) -> int:
    """How many lines end in a stretch of a file."""
    return sum(chunk.count(b"\n") for chunk in _chunks(file, start, stop))


def has_open_quote(file: Any, extent: Extent) -> bool:
    """Whether a quoted value may run over the end of an extent: its quotes are odd in number."""
    return sum(c.count(b'"') for c in _chunks(file, extent.start, extent.stop)) % 2 == 1


class ExtentStream(io.RawIOBase):
    """An extent as a file of its own: the header, then its lines.

    Args:
        file: to be read from any position; closed with the stream.
        extent: what to read of it.
    """

    def __init__(self, file: Any, extent: Extent) -> None:
        self._file = file
        self._header = extent.header
        self._left = extent.stop - extent.start
        file.seek(extent.start)

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes, none at the end."""
        if self._header:
            header, self._header = self._header, b""
            return header
        content = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()
        super().close()


def _line_end(file: Any, at: int, size: int) -> int:
    """The position behind the line end that follows a position, or the end of the file."""
    for chunk in _chunks(file, at, size):
        found = chunk.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(chunk)
    return size


def _chunks(file: Any, start: int, stop: int) -> Iterator[bytes]:
    file.seek(start)
    while start < stop:
        chunk = file.read(min(_CHUNK_BYTES, stop - start))
        if not chunk:
            return
        yield chunk
        start += len(chunk)
