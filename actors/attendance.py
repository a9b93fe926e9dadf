"""Which replicas of a partition are there: from their reports to who should serve it.

At every place (the number of a copy, one actor) there is one disk at a time. A restart on the same
disk keeps the identity and is no loss. An identity counts as lost when another one reports from its
place while it has been silent for the time of grace: its process may still be running for a moment
after Ray has replaced it.
"""

from __future__ import annotations

from graphray.client.view import place_of
from graphray.replication.configuration import ReplicaId


class Attendance:
    """The replicas of one partition, as they report.

    Args:
        part: the partition.
        replicas: how many places it has.
        grace_s: after this long a silent replica may be replaced by another at its place.
        now_s: when watching begins; who has never been heard counts as heard then.

    Example:
        >>> seen = Attendance(0, 2, grace_s=5.0, now_s=0.0)
        >>> for identity in ("0/0/a", "0/1/b"): seen.hear(identity, 1.0)
        >>> seen.hear("0/1/c", 4.0)
        >>> seen.wanted(("0/0/a", "0/1/b"), 5.0), seen.wanted(("0/0/a", "0/1/b"), 7.0)
        (('0/0/a', '0/1/b'), ('0/0/a', '0/1/c'))
        >>> seen.silent(("0/0/a", "0/1/c"), 7.0)
        ('0/0/a',)
    """

    def __init__(self, part: int, replicas: int, grace_s: float, now_s: float) -> None:
        self._part = part
        self._replicas = replicas
        self._grace_s = grace_s
        self._since_s = now_s
        self._heard_s: dict[ReplicaId, float] = {}

    def hear(self, identity: ReplicaId, now_s: float) -> None:
        """A replica has reported."""
        self._heard_s[identity] = now_s

    def silent(self, identities: tuple[ReplicaId, ...], now_s: float) -> tuple[ReplicaId, ...]:
        """Those that have not reported for the time of grace."""
        return tuple(i for i in identities if self._is_silent(i, now_s))

    def wanted(self, before: tuple[ReplicaId, ...], now_s: float) -> tuple[ReplicaId, ...]:
        """Who should serve the partition from now on.

        Args:
            before: who should so far.
            now_s: the time.
        """
        places = {place_of(identity): identity for identity in before}
        chosen = (
            self._at((self._part, replica), places.get((self._part, replica)), now_s)
            for replica in range(self._replicas)
        )
        return tuple(identity for identity in chosen if identity is not None)

    def _at(self, place: tuple[int, int], before: ReplicaId | None, now_s: float) -> str | None:
        if before is not None and not self._is_silent(before, now_s):
            return before
        # A copy: reports come in on another thread.
        heard = [i for i in tuple(self._heard_s) if place_of(i) == place]
        alive = [identity for identity in heard if not self._is_silent(identity, now_s)]
        return max(alive, key=self._heard_s.__getitem__, default=before)

    def _is_silent(self, identity: ReplicaId, now_s: float) -> bool:
        return now_s - self._heard_s.get(identity, self._since_s) > self._grace_s
