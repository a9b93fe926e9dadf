"""Which writes of which clients have been applied, so that a retry is answered and not repeated.

The table is part of the replicated state: every replica changes it in log order, it is in every
snapshot, and so it survives failovers. A client opens a session, numbers its writes from 1, may
have several under way, and says which results have arrived (`settled`), which bounds what is kept
(Ongaro, "Consensus: Bridging Theory and Practice", 2014, §6.3). A session that was evicted is
*unknown*: its writes are refused, never applied afresh, since one of them may be a retry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from graphray.replication.packing import pack, unpack


class Novelty(Enum):
    """What the table says about a write."""

    NEW = "new"
    APPLIED = "applied"
    UNKNOWN_SESSION = "unknown session"


@dataclass
class _Session:
    used_lsn: int
    settled: int = 1
    results: dict[int, tuple[int, bytes]] = field(default_factory=dict)


class SessionTable:
    """Results by client and sequence number.

    Args:
        sessions_max: how many sessions are remembered.

    Example:
        >>> table = SessionTable(10)
        >>> table.open("c", lsn=1)
        >>> table.novelty("c", 1)
        <Novelty.NEW: 'new'>
        >>> table.record("c", 1, 1, lsn=2, result=b"done")
        >>> table.novelty("c", 1), table.result("c", 1)
        (<Novelty.APPLIED: 'applied'>, (2, b'done'))
    """

    def __init__(self, sessions_max: int) -> None:
        self._sessions_max = sessions_max
        self._sessions: dict[str, _Session] = {}  # The one that was idle longest comes first.

    def is_open(self, client: str) -> bool:
        """Whether the client's session is known."""
        return client in self._sessions

    def open(self, client: str, lsn: int) -> None:
        """Begin a session; opening it again changes nothing but its place in the queue."""
        session = self._sessions.pop(client) if client in self._sessions else _Session(lsn)
        self._touch(client, session, lsn)
        if len(self._sessions) > self._sessions_max:
            del self._sessions[next(iter(self._sessions))]

    def novelty(self, client: str, seq: int) -> Novelty:
        """Whether a write was applied before."""
        session = self._sessions.get(client)
        if session is None:
            return Novelty.UNKNOWN_SESSION
        # A number below `settled` whose result is gone is a late duplicate; nobody waits for it.
        if seq in session.results or seq < session.settled:
            return Novelty.APPLIED
        return Novelty.NEW

    def result(self, client: str, seq: int) -> tuple[int, bytes]:
        """The LSN and the result of a write that was applied."""
        session = self._sessions[client]
        return session.results.get(seq, (session.used_lsn, b""))

    def record(self, client: str, seq: int, settled: int, *, lsn: int, result: bytes) -> None:
        """Remember a result, and forget those that have arrived."""
        session = self._sessions.pop(client)
        session.results[seq] = (lsn, result)
        if settled > session.settled:
            session.settled = settled
            session.results = {s: r for s, r in session.results.items() if s >= settled}
        self._touch(client, session, lsn)

    def _touch(self, client: str, session: _Session, lsn: int) -> None:
        session.used_lsn = lsn
        self._sessions[client] = session

    def to_bytes(self) -> bytes:
        """The table, for a snapshot."""
        return pack(
            {c: (s.used_lsn, s.settled, s.results) for c, s in self._sessions.items()},
        )

    @classmethod
    def from_bytes(cls, data: bytes, sessions_max: int) -> SessionTable:
        """The inverse of `to_bytes`."""
        table = cls(sessions_max)
        for client, (used_lsn, settled, results) in unpack(data).items():
            table._sessions[client] = _Session(used_lsn, settled, dict(results))
        return table
