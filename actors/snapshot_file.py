"""A replica's newest snapshot on its disk: one file, replaced in one step.

The new one is written beside the old one, fsynced, renamed over it, and the folder is fsynced: at
any moment one of the two is there whole. The file is a frame of 16 bytes (length, uint64; CRC-32,
uint32; the format's mark, 4 bytes) and a packed tuple.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

from actors.log_files import sync_path
from graphray.errors import StoreCorrupt, StoreError
from graphray.replication.messages import Snapshot
from graphray.replication.packing import pack, unpack
from graphray.replication.version_vector import VersionVector

_FRAME = "<QI4s"
_FRAME_BYTES = struct.calcsize(_FRAME)
_MARK = b"grs1"


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Replace the snapshot in a file, durably.

    Raises:
        StoreError: where it cannot be written; the one before it is as it was.
    """
    payload = pack(
        (
            snapshot.lsn,
            snapshot.term,
            snapshot.time_ms,
            snapshot.state,
            snapshot.sessions,
            snapshot.dependencies.to_plain(),
        )
    )
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(struct.pack(_FRAME, len(payload), zlib.crc32(payload), _MARK))
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_path(path.parent)
    except OSError as error:
        # In the way of everything else on a full disk.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write the snapshot {path}: {error.strerror}; make room on this disk",
            path=str(path),
        ) from error


def read_snapshot(path: Path) -> Snapshot | None:
    """The snapshot in a file, or None where there is none.

    Raises:
        StoreCorrupt: where it is damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    payload = memoryview(data)[_FRAME_BYTES:]
    if len(data) < _FRAME_BYTES or struct.unpack_from(_FRAME, data) != (
        len(payload),
        zlib.crc32(payload),
        _MARK,
    ):
        raise StoreCorrupt(
            f"the snapshot {path} is damaged; rebuild this replica from its peers", path=str(path)
        )
    lsn, term, time_ms, state, sessions, dependencies = unpack(bytes(payload))
    return Snapshot(lsn, term, time_ms, state, sessions, VersionVector(dependencies))
