"""What a replica's log holds, and how it lies on disk.

An `Entry` is one position of the log: its LSN, the term in which it was written, whose write it is
(client and sequence number, so that a retry can be told from a new write), and a command that this
package never looks into.

On disk a log is a row of records, each behind a frame of 16 bytes::

    length of the payload, uint32 | CRC-32 of all else, uint32 | batch start, uint64 | payload

*Batch start* is the position in the file where the write that carries the record began. A replica
has one write under way at a time, so whatever lies before a valid record's batch start had been
fsynced before that record was written. That separates the two ways in which a log can be damaged:

- a **torn tail**: the last write was cut by a crash. Nobody was told that it had happened, so it is
  cut off;
- **corruption**: damage before the batch start of a later record, so in bytes that were durable
  once. Cutting there would lose acknowledged writes: `scan` raises, and the replica has to be
  rebuilt from its peers under a new identity (Alagappan et al., "Protocol-aware recovery for
  consensus-based storage", FAST 2018, on why the two must not be confused).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from graphray.errors import StoreCorrupt
from graphray.replication.configuration import Configuration
from graphray.replication.packing import pack, unpack
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_FRAME = struct.Struct("<IIQ")


class EntryKind(IntEnum):
    """What an entry does when it is applied."""

    COMMAND = 0  # the state machine's business
    OPEN_SESSION = 1  # from here on, writes of that client are known
    BARRIER = 2  # nothing: it opens a term, and commits what came before it


@dataclass(frozen=True, slots=True)
class Entry:
    """One position of a log.

    Attributes:
        lsn: its position, from 1.
        term: the term of the primary that wrote it; never falls along a log.
        kind: what it does.
        client: whose write it is; empty for a barrier.
        seq: the client's number of it, from 1; together with `client` the write's identity.
        settled: the client has seen the results of all its writes below this number, so they need
            not be kept any longer.
        time_ms: the primary's wall clock, made never to fall along a log.
        after: what the writing session had seen; a causal reader of this entry sees it too.
        command: bytes for the state machine.
    """

    lsn: int
    term: int
    kind: EntryKind = EntryKind.BARRIER
    client: str = ""
    seq: int = 0
    settled: int = 0
    time_ms: int = 0
    after: VersionVector = NOTHING_SEEN
    command: bytes = b""


@dataclass(frozen=True, slots=True)
class Promise:
    """A record: no message of a term below this one is accepted any more."""

    term: int


@dataclass(frozen=True, slots=True)
class Adopted:
    """A record: the configuration that the replica works in, which promises its term as well."""

    configuration: Configuration


@dataclass(frozen=True, slots=True)
class Base:
    """A record: the log starts anew behind this entry, which a snapshot covers."""

    lsn: int
    term: int


Record: TypeAlias = Entry | Promise | Adopted | Base


@dataclass(frozen=True)
class Scan:
    """What was found in a log file.

    Attributes:
        records: in order.
        valid_bytes: where the file has to be cut before anything is appended.
    """

    records: tuple[Record, ...]
    valid_bytes: int


def frame_batch(records: tuple[Record, ...], start: int) -> bytes:
    """The bytes of records that are written and fsynced together.

    Args:
        records: at least one.
        start: the length of the file so far, all of it fsynced.
    """
    out = bytearray()
    for record in records:
        payload = pack(_to_plain(record))
        out += _FRAME.pack(len(payload), _checksum(len(payload), start, payload), start)
        out += payload
    return bytes(out)


def scan(data: bytes) -> Scan:
    """Read a log file, find its torn tail if it has one, and say where to cut.

    Raises:
        StoreCorrupt: where bytes that had once been fsynced are damaged.

    Example:
        >>> first = frame_batch((Entry(1, 1), Entry(2, 1)), 0)
        >>> second = frame_batch((Entry(3, 1),), len(first))
        >>> found = scan(first + second[:-1])
        >>> [r.lsn for r in found.records], found.valid_bytes == len(first)
        ([1, 2], True)
    """
    records: list[Record] = []
    at = 0
    while at < len(data):
        found = _read_frame(data, at)
        if found is None:
            _refuse_corruption(data, at)
            break
        payload, _, end = found
        records.append(_from_plain(unpack(payload)))
        at = end
    return Scan(tuple(records), at)


def _read_frame(data: bytes, at: int) -> tuple[bytes, int, int] | None:
    """``(payload, batch start, end)`` where a whole record lies at ``at``."""
    if at + _FRAME.size > len(data):
        return None
    length, checksum, start = _FRAME.unpack_from(data, at)
    end = at + _FRAME.size + length
    payload = data[at + _FRAME.size : end]
    if end > len(data) or start > at or checksum != _checksum(length, start, payload):
        return None
    return payload, start, end


def _refuse_corruption(data: bytes, damaged: int) -> None:
    """Raise where a later record proves that the damaged place had been fsynced."""
    for at in range(damaged + 1, len(data) - _FRAME.size + 1):
        found = _read_frame(data, at)
        if found is not None and found[1] > damaged:
            raise StoreCorrupt(
                f"the log is damaged at byte {damaged}, but a record at byte {at} shows that this "
                "place had been written; rebuild this replica from its peers"
            )


def _checksum(length: int, start: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_FRAME.pack(length, 0, start)))


def entry_to_plain(entry: Entry) -> tuple[Any, ...]:
    """An entry as a plain tuple, for packing."""
    return (
        entry.lsn,
        entry.term,
        int(entry.kind),
        entry.client,
        entry.seq,
        entry.settled,
        entry.time_ms,
        entry.after.to_plain(),
        entry.command,
    )


def entry_from_plain(plain: tuple[Any, ...]) -> Entry:
    """The inverse of `entry_to_plain`."""
    lsn, term, kind, client, seq, settled, time_ms, after, command = plain
    vector = VersionVector(after) if after else NOTHING_SEEN
    return Entry(lsn, term, EntryKind(kind), client, seq, settled, time_ms, vector, command)


def _to_plain(record: Record) -> tuple[str, Any]:
    match record:
        case Entry():
            return "entry", entry_to_plain(record)
        case Promise(term):
            return "promise", term
        case Adopted(configuration):
            return "adopted", configuration.to_plain()
        case Base(lsn, term):
            return "base", (lsn, term)


def _from_plain(plain: tuple[str, Any]) -> Record:
    tag, content = plain
    if tag == "entry":
        return entry_from_plain(content)
    if tag == "promise":
        return Promise(content)
    if tag == "adopted":
        return Adopted(Configuration.from_plain(content))
    if tag == "base":
        return Base(*content)
    raise StoreCorrupt(f"the log holds a record of unknown kind {tag!r}; upgrade GraphRay")
