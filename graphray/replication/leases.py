"""Leases: for how long a replica may answer strong reads without asking anyone.

A primary asks its members for a lease with every heartbeat. A member that grants it promises not to
let a later term begin until the lease has lapsed on its own clock, so as long as enough members
have promised, nobody can have written behind the primary's back (PacificA §3.1; Gray and Cheriton
1989). The primary counts from when it *sent* the heartbeat, the member from when it *received* it,
and the member waits longer by the most that two clocks may drift apart. The catalog takes no part,
so its death stops nothing.

In a configuration where every member holds every committed entry, the primary passes what is left
of its lease on, and members answer strong reads themselves where they are clean (Terrace and
Freedman, "Object Storage on CRAQ", USENIX ATC 2009). A member counts from the clock reading that
the primary echoes, which lies before the primary looked at its own lease.
"""

from __future__ import annotations

from collections import deque

from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.settings import ReplicationSettings


class GrantedLease:
    """A member's promise to its primary.

    Args:
        settings: the times.
        now_ms: when the process started. What it promised before is unknown, so it starts bound.
    """

    def __init__(self, settings: ReplicationSettings, now_ms: float) -> None:
        self._settings = settings
        self._bound_until_ms = now_ms + settings.promise_ms

    def grant(self, now_ms: float) -> None:
        """Promise for one lease more."""
        self._bound_until_ms = now_ms + self._settings.promise_ms

    def lapses_at_ms(self) -> float:
        """When a later term may be promised."""
        return self._bound_until_ms


class HeldLease:
    """The lease of a primary, put together from its members' promises."""

    def __init__(self, settings: ReplicationSettings) -> None:
        self._settings = settings
        self._granted_ms: dict[ReplicaId, float] = {}

    def renew(self, member: ReplicaId, sent_ms: float) -> None:
        """A member answered the heartbeat that was sent at that time."""
        self._granted_ms[member] = max(sent_ms, self._granted_ms.get(member, sent_ms))

    def until_ms(self, configuration: Configuration, now_ms: float) -> float:
        """When the lease lapses on the primary's clock; in the past where it is not held."""
        # The primary itself needs no promise: it cannot seal and go on answering.
        others = [self._granted_ms.get(m, float("-inf")) for m in configuration.members[1:]]
        others.append(now_ms)
        others.sort(reverse=True)
        return others[configuration.lease_quorum - 1] + self._settings.lease_ms


class DerivedLease:
    """What a primary passed on of its lease to a member."""

    def __init__(self, settings: ReplicationSettings) -> None:
        self._settings = settings
        self._until_ms = float("-inf")
        self._asked_ms: deque[float] = deque(maxlen=16)

    def ask(self, now_ms: float) -> float:
        """The clock reading for the primary to echo."""
        self._asked_ms.append(now_ms)
        return now_ms

    def extend(self, asked_ms: float, left_ms: float) -> None:
        """The primary had this much left after it had seen our clock at ``asked_ms``.

        A reading that this process did not send in this term, say one of its predecessor on another
        machine, counts for nothing.
        """
        if left_ms > 0 and asked_ms in self._asked_ms:
            until_ms = asked_ms + left_ms / self._settings.drift_ratio
            self._until_ms = max(self._until_ms, until_ms)

    def drop(self) -> None:
        """Answer alone no more."""
        self._until_ms = float("-inf")
        self._asked_ms.clear()

    def is_held(self, now_ms: float) -> bool:
        """Whether this member may answer alone now."""
        return now_ms < self._until_ms
