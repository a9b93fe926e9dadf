"""The folder that is a replica's disk: who it belongs to, its log, its snapshot.

A replica's identity is that of its folder: what the replica has promised or acknowledged lies
there, so whoever starts without it has to be somebody else. The identity is written before the
folder is first used. One process at a time holds the folder (``flock``, which ends with the
process): a process that Ray has replaced may still be running.

A folder that turns out to be damaged is set aside, for a person to look at, and the replica begins
again with an empty one, as somebody new whom its peers bring up to date.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from actors.log_files import SEGMENT_BYTES, LogFiles, damage_in_log, sync_path
from actors.snapshot_file import read_snapshot, write_snapshot
from graphray.client.view import replica_id
from graphray.errors import StoreCorrupt, StoreError
from graphray.replication.configuration import ReplicaId
from graphray.replication.entries import Record
from graphray.replication.messages import Snapshot


class ReplicaDisk:
    """The disk of one replica, held by this process.

    Args:
        folder: where it lies; made where it is absent.
        part: the partition.
        replica: the number of the copy.
        segment_bytes: see `LogFiles`.

    Attributes:
        identity: whose disk it is.
        set_aside: where a damaged predecessor was moved to, and why; empty where there was none.

    Raises:
        StoreError: where another process holds the folder, or it cannot be written.
    """

    identity: ReplicaId
    _snapshot: Snapshot | None
    _log: LogFiles

    def __init__(
        self, folder: Path, part: int, replica: int, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._folder = folder
        self.set_aside = ""
        try:
            _make_folder(folder.parent)
            self._lock = _lock(folder.with_name(f"{folder.name}.lock"))
            try:
                self._open(part, replica, segment_bytes)
            except StoreCorrupt as error:
                self.put_away(str(error))
                self._open(part, replica, segment_bytes)
        except OSError as error:
            raise StoreError(
                f"cannot keep the changes of partition {part} in {folder}: {error}; choose another "
                "data_dir",
                path=str(folder),
            ) from error

    def read(self) -> tuple[Snapshot | None, tuple[Record, ...]]:
        """What an earlier process left: the last snapshot, and the log's records; only once."""
        snapshot, records = self._snapshot, self._log.records
        self._snapshot, self._log.records = None, ()
        return snapshot, records

    def append(self, records: tuple[Record, ...]) -> None:
        """Make records durable (see `LogFiles.append`)."""
        self._log.append(records)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Make a snapshot durable in place of the one before it."""
        write_snapshot(self._folder / "snapshot", snapshot)

    def trim(self, lsn: int) -> None:
        """Entries up to this LSN will not be read again."""
        self._log.trim(lsn)

    def put_away(self, reason: str) -> None:
        """Set the folder aside: nobody takes part with what it holds any more."""
        place = self._folder.with_name(f"{self._folder.name}.damaged-{secrets.token_hex(4)}")
        os.rename(self._folder, place)
        sync_path(place.parent)
        self.set_aside = f"{place}: {reason}"

    def damage(self) -> list[str]:
        """What is wrong with the files as they are now: their checksums are verified."""
        try:
            read_snapshot(self._folder / "snapshot")
        except StoreCorrupt as error:
            return [str(error), *damage_in_log(self._folder)]
        return damage_in_log(self._folder)

    def close(self) -> None:
        """Let go of the folder."""
        self._log.close()
        os.close(self._lock)

    def _open(self, part: int, replica: int, segment_bytes: int) -> None:
        _make_folder(self._folder)
        self.identity = _identity(self._folder, part, replica)
        self._snapshot = read_snapshot(self._folder / "snapshot")
        self._log = LogFiles(self._folder, segment_bytes)


def has_disk(folder: Path) -> bool:
    """Whether a replica has ever kept anything in a folder."""
    return (folder / "identity").exists()


def _identity(folder: Path, part: int, replica: int) -> ReplicaId:
    path = folder / "identity"
    if path.exists():
        identity = path.read_text().strip()
        if identity.count("/") != 2:
            raise StoreCorrupt(f"{path} holds no identity but {identity!r}", path=str(path))
        return identity
    if any(folder.glob("log-*")) or (folder / "snapshot").exists():
        raise StoreCorrupt(f"{folder} holds a log and no identity", path=str(folder))
    identity = replica_id(part, replica, secrets.token_hex(6))
    temporary = path.with_suffix(".tmp")
    temporary.write_text(f"{identity}\n")
    sync_path(temporary)
    os.replace(temporary, path)
    sync_path(folder)
    return identity


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that a power cut does not take them away again."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_path(folder.parent)


def _lock(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise StoreError(
            f"another process still holds the replica's disk {path.with_suffix('')}; it is tried "
            "again until that process has ended",
            path=str(path),
        ) from None
    return file
