"""A disk that keeps what was fsynced, and after a crash any prefix of what was not.

The log is real bytes, framed and scanned by the code under test, so that torn tails are what a
crash leaves. A snapshot replaces the one before it in one step, as a rename does.
"""

from __future__ import annotations

from random import Random

from graphray.replication.entries import Base, Entry, Record, frame_batch, scan
from graphray.replication.messages import Snapshot


class SimulatedDisk:
    def __init__(self) -> None:
        self._log = bytearray()
        self._synced_bytes = 0
        self._unsynced: tuple[Record, ...] = ()
        self.snapshot: Snapshot | None = None
        self.torn_tails = 0

    def write(self, records: tuple[Record, ...]) -> None:
        """Into the file, and no further: a crash may still undo it."""
        self._unsynced += records
        self._log += frame_batch(records, self._synced_bytes)

    def sync(self) -> None:
        self._synced_bytes = len(self._log)
        self._unsynced = ()

    def trim(self, lsn: int) -> None:
        """Rewrite the log without the entries up to an LSN, as deleting old segments would."""
        kept = tuple(
            record
            for record in scan(bytes(self._log[: self._synced_bytes])).records
            if not (isinstance(record, Entry | Base) and record.lsn <= lsn)
        )
        unsynced, self._unsynced = self._unsynced, ()
        self._log = bytearray(frame_batch(kept, 0))
        self._synced_bytes = len(self._log)
        self.write(unsynced)

    def crash(self, rng: Random) -> None:
        """Keep what was synced and a random part of what was not, the last byte perhaps damaged."""
        unsynced = len(self._log) - self._synced_bytes
        if unsynced:
            self.torn_tails += 1
            keep = rng.randint(0, unsynced)
            del self._log[self._synced_bytes + keep :]
            if keep and rng.random() < 0.3:
                self._log[-1] ^= 0xFF
        self.sync()

    def read(self) -> tuple[Snapshot | None, tuple[Record, ...]]:
        """What a process that starts on this disk finds; cuts a torn tail off."""
        found = scan(bytes(self._log))
        del self._log[found.valid_bytes :]
        self.sync()
        return self.snapshot, found.records
