"""A replica's log on its disk: a row of segment files that are appended to, fsynced, and dropped.

Each segment is a row of framed records (`graphray.replication.entries`). Its first write repeats
what must outlive the segments before it: the highest term promised and the configuration adopted.
So cutting the log behind a snapshot means to delete whole files, oldest first, and a write that is
under way never waits for a copy.

What is found after a crash:

- A new segment is begun only when the one before it is fsynced to its end. So only the last one may
  end in a torn write, which is cut off; anything odd in an earlier one is damage to bytes that were
  durable, and so is damage before the last write of the last one. Either raises `StoreCorrupt`.
- A write that did not fit on the disk is taken back (the file is cut to its fsynced length) and may
  be tried again. After a *failed fsync* nothing is: the kernel may have dropped the pages and call
  the next fsync a success (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX
  ATC 2020).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from graphray.errors import StoreCorrupt, StoreError
from graphray.replication.entries import Adopted, Base, Entry, Promise, Record, frame_batch, scan

SEGMENT_BYTES = 16 * 2**20


class DiskFailed(StoreError):
    """A disk did not keep what it was given; the replica on it has to be rebuilt elsewhere."""


@dataclass
class _Segment:
    path: Path
    number: int
    last_lsn: int = 0


class LogFiles:
    """The log of one replica, opened by one process at a time.

    Args:
        folder: where the segments lie; it has to exist.
        segment_bytes: a segment that is as long as this is followed by another. Smaller: the log
            is cut closer behind a snapshot; more files.

    Attributes:
        records: what was found, in order.

    Raises:
        StoreCorrupt: where bytes that had been fsynced are damaged.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._promise: Promise | None = None
        self._adopted: Adopted | None = None
        self._segments = [_Segment(path, _number(path)) for path in _segment_paths(folder)]
        self.records: tuple[Record, ...] = self._read()
        self._file = -1
        self._length = 0
        if self._segments:
            self._open_last()

    def append(self, records: tuple[Record, ...]) -> None:
        """Write records and fsync them.

        Raises:
            StoreError: where they cannot be written now, such as on a full disk; the log is as it
                was, and the same write may be tried again.
            DiskFailed: where an fsync failed; nothing may be written any more.
        """
        if self._file < 0 or self._length >= self._segment_bytes:
            self._begin_segment()
        if self._length == 0:
            records = (*self._carried(), *records)
        self._write(frame_batch(records, self._length))
        self._remember(records)

    def trim(self, lsn: int) -> None:
        """Drop segments whose entries all lie at or below an LSN; the last one always stays."""
        dropped = 0
        while dropped < len(self._segments) - 1 and self._segments[dropped].last_lsn <= lsn:
            self._segments[dropped].path.unlink(missing_ok=True)
            dropped += 1
        del self._segments[:dropped]

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    # --- reading ----------------------------------------------------------------------------------

    def _read(self) -> tuple[Record, ...]:
        self._check_numbers()
        found: list[Record] = []
        for segment in self._segments:
            data = segment.path.read_bytes()
            try:
                result = scan(data)
            except StoreCorrupt as error:
                raise StoreCorrupt(f"{segment.path}: {error}", path=str(segment.path)) from error
            if result.valid_bytes < len(data):
                self._cut_torn_tail(segment, result.valid_bytes)
            self._remember(result.records, segment)
            found += result.records
        return tuple(found)

    def _check_numbers(self) -> None:
        for earlier, later in zip(self._segments, self._segments[1:], strict=False):
            if later.number != earlier.number + 1:
                raise StoreCorrupt(
                    f"{later.path}: the segment before it is missing; rebuild this replica from "
                    "its peers",
                    path=str(later.path),
                )

    def _cut_torn_tail(self, segment: _Segment, valid_bytes: int) -> None:
        if segment is not self._segments[-1]:
            raise StoreCorrupt(
                f"{segment.path} is damaged at byte {valid_bytes}, but the segment after it shows "
                "that all of it had been written; rebuild this replica from its peers",
                path=str(segment.path),
            )
        os.truncate(segment.path, valid_bytes)
        sync_path(segment.path)

    def _remember(self, records: tuple[Record, ...], segment: _Segment | None = None) -> None:
        segment = segment or self._segments[-1]
        for record in records:
            match record:
                case Entry(lsn) | Base(lsn):
                    segment.last_lsn = max(segment.last_lsn, lsn)
                case Promise(term):
                    if self._promise is None or term > self._promise.term:
                        self._promise = record
                case Adopted():
                    self._adopted = record

    # --- writing ----------------------------------------------------------------------------------

    def _open_last(self) -> None:
        path = self._segments[-1].path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._length = os.fstat(self._file).st_size

    def _begin_segment(self) -> None:
        number = self._segments[-1].number + 1 if self._segments else 1
        path = self._folder / f"log-{number:08d}"
        try:
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise _not_written(path, error) from error
        self.close()
        self._file, self._length = file, 0
        self._segments.append(_Segment(path, number))
        try:
            sync_path(self._folder)
        except OSError as error:
            raise DiskFailed(f"cannot fsync {self._folder}: {error}", path=str(path)) from error

    def _carried(self) -> tuple[Record, ...]:
        return tuple(record for record in (self._promise, self._adopted) if record is not None)

    def _write(self, data: bytes) -> None:
        path = self._segments[-1].path
        try:
            _write_all(self._file, data)
        except OSError as error:
            self._take_back(path)
            raise _not_written(path, error) from error
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise DiskFailed(f"cannot fsync {path}: {error}", path=str(path)) from error
        self._length += len(data)

    def _take_back(self, path: Path) -> None:
        try:
            os.ftruncate(self._file, self._length)
        except OSError as error:
            raise DiskFailed(f"cannot cut {path}: {error}", path=str(path)) from error


def damage_in_log(folder: Path) -> list[str]:
    """What is wrong with the segments in a folder, which may be written to meanwhile.

    The end of the last one may be torn: a write to it may be under way.
    """
    problems, paths = [], _segment_paths(folder)
    for path in paths:
        try:
            data = path.read_bytes()
            valid_bytes = scan(data).valid_bytes
        except FileNotFoundError:
            continue  # It was cut off just now.
        except StoreCorrupt as error:
            problems.append(f"{path}: {error}")
        else:
            if valid_bytes < len(data) and path != paths[-1]:
                problems.append(f"{path} is damaged at byte {valid_bytes}")
    return problems


def sync_path(path: Path) -> None:
    """Wait until a file or a folder's names are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _not_written(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot write {path}: {error.strerror}; this replica acknowledges nothing until it can: "
        "make room on its disk",
        path=str(path),
    )


def _segment_paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("log-*"), key=_number)


def _number(path: Path) -> int:
    return int(path.name.removeprefix("log-"))
