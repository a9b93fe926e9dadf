"""Named locks with leases and fencing tokens, as a part of the replicated state.

A grant carries a *fence*, a number that is larger than that of any earlier grant of the same lock.
A holder shows it with every write, and a partition that has seen a larger one refuses: so a holder
that was paused past its lease does no harm when it wakes up, though it still believes that it holds
the lock (Chubby's sequencers: Burrows, OSDI 2006, §2.4).

Leases run on the log's time, which every replica sees alike and which never goes back. A clock that
jumps ahead ends leases early; that costs a retry, since safety rests on fences.

Two owners that wait for each other's locks do not wait for ever: an owner that came earlier takes
the lock from one that came later, and waits for one that came earlier still (wound-wait:
Rosenkrantz, Stearns, Lewis, TODS 1978). Waits then only ever point from later to earlier owners, so
they form no circle. Owners that hold nothing else while they wait, and holders that wait for
nothing, cannot be part of one: they say so with the age 0, take no lock from anybody, and lose none
to others. So clocks that differ, from which ages come, cost no single lock its holder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LAST = 1 << 63


@dataclass(frozen=True, slots=True)
class Claim:
    """Someone who holds a lock, or waits for it.

    Attributes:
        owner: an identity.
        age: smaller is older; an older owner has the right of way. 0 where it holds nothing else,
            or waits for nothing.
        until_ms: the log's time at which the claim lapses.
        fence: of the grant; 0 for those who wait.
    """

    owner: str
    age: int
    until_ms: int
    fence: int = 0

    @property
    def rank(self) -> tuple[int, str]:
        """Who goes first; those of age 0 come last, in the order of their arrival."""
        return (self.age, self.owner) if self.age else (_LAST, "")

    def yields_to(self, other: Claim) -> bool:
        """Whether a holder loses the lock to another who wants it."""
        return bool(self.age and other.age) and other.rank < self.rank


class LockTable:
    """All locks of one partition.

    Example:
        >>> locks = LockTable()
        >>> locks.acquire("merge", "b", age=2, ttl_ms=100, lsn=1, time_ms=0).fence
        1
        >>> locks.acquire("merge", "c", age=3, ttl_ms=100, lsn=2, time_ms=0).owner  # b is older
        'b'
        >>> locks.acquire("merge", "a", age=1, ttl_ms=100, lsn=3, time_ms=0)  # a is older than b
        Claim(owner='a', age=1, until_ms=100, fence=3)
    """

    def __init__(self) -> None:
        self._held: dict[str, Claim] = {}
        self._waiting: dict[str, dict[str, Claim]] = {}

    def acquire(
        self, name: str, owner: str, *, age: int, ttl_ms: int, lsn: int, time_ms: int
    ) -> Claim:
        """Take, prolong or wait for a lock.

        Args:
            name: the lock's.
            owner: who wants it.
            age: the owner's right of way; the same in every attempt, but for a holder of age 0
                that begins to wait for another lock, which first prolongs those that it has.
            ttl_ms: for how long, from now on the log's clock.
            lsn: of the entry, which becomes the fence of a new grant.
            time_ms: the log's time.

        Returns:
            The claim that holds the lock now: the owner's, or that of whom it waits for.
        """
        self._drop_lapsed(name, time_ms)
        claim = Claim(owner, age, time_ms + ttl_ms)
        holder = self._held.get(name)
        if holder is not None and holder.owner == owner:
            return self._grant(name, claim, holder.fence)
        waiting = self._waiting.setdefault(name, {})
        waiting[owner] = claim
        first = min(waiting.values(), key=lambda c: c.rank)
        if first is not claim or (holder is not None and not holder.yields_to(claim)):
            return first if holder is None else holder
        del waiting[owner]
        return self._grant(name, claim, lsn)

    def release(self, name: str, owner: str, fence: int) -> bool:
        """Give a lock back; False where it was no longer held under that fence."""
        self._waiting.get(name, {}).pop(owner, None)
        holder = self._held.get(name)
        if holder is None or (holder.owner, holder.fence) != (owner, fence):
            return False
        del self._held[name]
        return True

    def _grant(self, name: str, claim: Claim, fence: int) -> Claim:
        self._held[name] = Claim(claim.owner, claim.age, claim.until_ms, fence)
        return self._held[name]

    def _drop_lapsed(self, name: str, time_ms: int) -> None:
        holder = self._held.get(name)
        if holder is not None and holder.until_ms <= time_ms:
            del self._held[name]
        waiting = self._waiting.get(name, {})
        for owner in [o for o, claim in waiting.items() if claim.until_ms <= time_ms]:
            del waiting[owner]

    def to_plain(self) -> tuple[Any, ...]:
        """A plain structure, for a checkpoint."""
        return (
            {name: _claim_to_plain(claim) for name, claim in self._held.items()},
            {
                name: tuple(_claim_to_plain(claim) for claim in waiting.values())
                for name, waiting in self._waiting.items()
                if waiting
            },
        )

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> LockTable:
        """The inverse of `to_plain`."""
        table = cls()
        held, waiting = plain
        table._held = {name: Claim(*claim) for name, claim in held.items()}
        table._waiting = {
            name: {claim[0]: Claim(*claim) for claim in claims} for name, claims in waiting.items()
        }
        return table


def _claim_to_plain(claim: Claim) -> tuple[str, int, int, int]:
    return claim.owner, claim.age, claim.until_ms, claim.fence
