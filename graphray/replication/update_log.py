"""The writes that an eventually consistent replica keeps one by one, in the order it applied them.

What is sent on is in an order that respects causes. On disk a write is an
`Entry` whose LSN is its place in this order; the writer's identity is kept beyond the write itself,
so that a retry is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graphray.replication.cells import Update
from graphray.replication.entries import Entry, EntryKind
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.packing import pack, unpack
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_MESSAGE_BYTES_MAX = 4 * 2**20


class UpdateLog:
    """Writes, oldest first.

    Attributes:
        last_lsn: how many writes and states were ever applied here.
        saved_lsn: of the last snapshot on disk.
    """

    def __init__(self) -> None:
        self.last_lsn = 0
        self.saved_lsn = 0
        self._updates: list[Update] = []
        self._dropped = NOTHING_SEEN
        self._applied: dict[str, tuple[int, str, int, Stamp]] = {}

    def append(self, update: Update) -> None:
        """Add the write that was just applied."""
        self.last_lsn += 1
        self._updates.append(update)
        latest = self._applied.get(update.client)
        if latest is None or latest[0] < update.seq:
            applied = (update.seq, update.origin, update.number, update.stamp)
            self._applied[update.client] = applied

    def find(self, client: str, seq: int) -> tuple[str, int, Stamp] | None:
        """Under which origin, number and stamp a client's latest write is known here."""
        latest = self._applied.get(client)
        return latest[1:] if latest is not None and latest[0] == seq else None

    def has_later(self, client: str, seq: int) -> bool:
        """Whether a later write of that client is known here: it waits for this one no more."""
        latest = self._applied.get(client)
        return latest is not None and latest[0] > seq

    def reaches_back_to(self, seen: VersionVector) -> bool:
        """Whether all writes are still kept that someone lacks who has seen this much."""
        return seen.covers(self._dropped)

    def missing_from(
        self,
        seen: VersionVector,
        durable: VersionVector,
        count_max: int,
        lost: Collection[str] = (),
    ) -> tuple[Update, ...]:
        """Writes that someone lacks who has seen this much; only such as are durable here.

        The first of them, where they are too many or too large for one message, and only such as
        can be applied there: a write may be here before those that its writer had seen elsewhere,
        and must not keep them from being sent.

        Args:
            seen: what the receiver has seen.
            durable: what may be sent.
            count_max: how many writes at most.
            lost: replicas whose writes nobody waits for.
        """
        missing: list[Update] = []
        size_bytes = 0
        for update in self._updates:
            if update.number > durable[update.origin]:
                break  # What follows may depend on it.
            if update.follows(seen, lost):
                missing.append(update)
                seen = seen.seen(update.origin, update.number)
                size_bytes += update.size_bytes
                if len(missing) == count_max or size_bytes >= _MESSAGE_BYTES_MAX:
                    break
        return tuple(missing)

    def drop_covered(self, stable: VersionVector, keep: int) -> None:
        """Drop the oldest writes as far as everybody has them, but keep some."""
        count = 0
        while count < len(self._updates) - keep:
            update = self._updates[count]
            if update.number > stable[update.origin]:
                break
            self._dropped = self._dropped.seen(update.origin, update.number)
            count += 1
        del self._updates[:count]

    def applied_to_plain(self) -> dict[str, Any]:
        """Each client's latest write, for a snapshot."""
        return {
            client: (seq, origin, number, tuple(stamp))
            for client, (seq, origin, number, stamp) in self._applied.items()
        }

    def restart(self, lsn: int, seen: VersionVector, applied: Mapping[str, Any]) -> None:
        """Go on behind a state that holds everything up to ``seen``."""
        self.last_lsn = self.saved_lsn = lsn
        self._updates.clear()
        self._dropped = self._dropped.merge(seen)
        for client, (seq, origin, number, stamp) in applied.items():
            latest = self._applied.get(client)
            if latest is None or latest[0] < seq:
                self._applied[client] = (seq, origin, number, Stamp(*stamp))


def entry_of(update: Update, lsn: int) -> Entry:
    """A write as a log record."""
    body = pack(
        (
            update.client,
            update.seq,
            update.writes,
            tuple(update.stamp),
            update.elsewhere.to_plain(),
        ),
    )
    return Entry(
        lsn,
        0,
        EntryKind.COMMAND,
        client=update.origin,
        seq=update.number,
        time_ms=update.stamp.wall_ms,
        after=update.seen,
        command=body,
    )


def update_of(entry: Entry) -> Update:
    """The inverse of `entry_of`."""
    client, seq, writes, stamp, elsewhere = unpack(entry.command)
    return Update(
        entry.client,
        entry.seq,
        Stamp(*stamp),
        entry.after,
        client,
        seq,
        tuple(((place[0], place[1]), value) for place, value in writes),
        VersionVector(elsewhere),
    )
