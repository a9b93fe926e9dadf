"""What eventually consistent replicas and their clients tell each other."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.replication.cells import Place, Update, Writes
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector


@dataclass(frozen=True, slots=True)
class PutCells:
    """Write some cells. Sent again, perhaps to another replica, it keeps its number and stamp.

    Only a stamp that everybody who was sent it refused (`StampTooOld`) is replaced.

    Attributes:
        seen: what the writer had seen of this partition.
        elsewhere: what it had seen of others.
    """

    client: str
    seq: int
    writes: Writes
    stamp: Stamp
    seen: VersionVector
    elsewhere: VersionVector = NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class PutDone:
    """The write is on one disk, under this origin and number."""

    client: str
    seq: int
    origin: str
    number: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class StampTooOld:
    """The write was not taken under this stamp, and will not be: a deletion may be later.

    Attributes:
        stamp: the write's.
        latest: a stamp later than this will do here.
    """

    client: str
    seq: int
    stamp: Stamp
    latest: Stamp


@dataclass(frozen=True, slots=True)
class GetCells:
    """Read some cells from a replica that has seen at least ``floor``."""

    client: str
    number: int
    places: tuple[Place, ...]
    floor: VersionVector


@dataclass(frozen=True, slots=True)
class GotCells:
    """What the cells hold (None: nothing), and what the replica and its writers had seen.

    Attributes:
        stamp: the latest that the replica has seen.
        seen: writes of this partition.
        elsewhere: writes of other partitions that its writers had seen.
    """

    client: str
    number: int
    values: tuple[bytes | None, ...]
    stamp: Stamp
    seen: VersionVector
    elsewhere: VersionVector = NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Send me what I lack.

    Attributes:
        seen: the writes that the sender has.
        durable: those that it cannot lose.
    """

    seen: VersionVector
    durable: VersionVector


@dataclass(frozen=True, slots=True)
class SyncUpdates:
    """Writes that the receiver lacks, in an order that respects causes."""

    updates: tuple[Update, ...]
    durable: VersionVector


@dataclass(frozen=True, slots=True)
class SyncState:
    """The whole state, for a receiver that lacks writes which are not kept one by one any more."""

    state: bytes
    durable: VersionVector


EventualMessage = (
    PutCells | PutDone | StampTooOld | GetCells | GotCells | SyncRequest | SyncUpdates | SyncState
)
