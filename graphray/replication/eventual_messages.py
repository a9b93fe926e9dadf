"""What eventually consistent replicas and their clients tell each other."""

from __future__ import annotations

from dataclasses import dataclass

from graphray.replication.cells import Place, Update
from graphray.replication.hybrid_clock import Stamp
from graphray.replication.version_vector import VersionVector


@dataclass(frozen=True, slots=True)
class PutCell:
    """Write a cell. Sent again, perhaps to another replica, it keeps its number and its stamp."""

    client: str
    seq: int
    place: Place
    value: bytes | None
    stamp: Stamp
    seen: VersionVector


@dataclass(frozen=True, slots=True)
class PutDone:
    """The write is on one disk, under this origin and number."""

    client: str
    seq: int
    origin: str
    number: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class GetCell:
    """Read a cell from a replica that has seen at least ``floor``."""

    client: str
    number: int
    place: Place
    floor: VersionVector


@dataclass(frozen=True, slots=True)
class GotCell:
    """What the cell holds (None: nothing), and what the replica and its writers had seen."""

    client: str
    number: int
    value: bytes | None
    stamp: Stamp
    seen: VersionVector


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


EventualMessage = PutCell | PutDone | GetCell | GotCell | SyncRequest | SyncUpdates | SyncState
