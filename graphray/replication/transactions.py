"""A transaction as its client drives it: read, commit over several partitions, clean up, snapshots.

The steps are generators. Each yields the calls to make next and is sent their results, so the same
text runs over a session in the simulator and over a blocking client in production, and reads like
the protocol that it is. A result of None means that the call's outcome is not known.

Two-phase commit over replica sets: every participant prepares; then the decision is written to the
log of one of them, the coordinator, and from that entry on the transaction is committed, whoever
dies. Whoever comes across a prepared transaction that nobody finishes asks the coordinator to
*abort* it: that either decides it, or returns what had been decided (as Percolator's readers do
with the primary lock: Peng and Dabek, OSDI 2010). So no transaction waits for a client that has
died.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from graphray.errors import ChangeRefused, ConflictError, LockLost
from graphray.replication.commands import (
    Accepted,
    Changes,
    Command,
    Commit,
    Conflict,
    Decide,
    Decided,
    FencedOut,
    Finish,
    Forget,
    Invalid,
    Key,
    Pin,
    Prepare,
    Query,
    Result,
    Value,
)


@dataclass(frozen=True)
class Call:
    """One command or query for one partition."""

    partition: str
    request: Command | Query


class Verdict(Enum):
    """How a transaction ended."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class Ending:
    """The end of a transaction, announced as soon as it is known; cleaning up may still follow.

    Attributes:
        verdict: how it ended.
        time: of the commit.
        refusal: why it was aborted.
    """

    verdict: Verdict
    time: int = 0
    refusal: Conflict | Invalid | FencedOut | None = None

    def raise_if_refused(self, transaction: str) -> None:
        """Raise what the user of an aborted transaction should see.

        Raises:
            ConflictError: another transaction was first; run this one again.
            ChangeRefused: the data will not have the change.
            LockLost: a lock under which it was made is held by someone else now.
        """
        match self.refusal:
            case Conflict(keys, winner):
                by = f"transaction {winner}" if winner else "a transaction that has committed"
                raise ConflictError(
                    f"transaction {transaction} was aborted: {by} was first on "
                    f"{len(keys)} key(s), such as {keys[:3]}; run it again",
                    keys=keys,
                    winner=winner,
                )
            case Invalid(reason):
                raise ChangeRefused(f"transaction {transaction} changed nothing: {reason}")
            case FencedOut(lock, fence, newest_fence):
                raise LockLost(
                    f"transaction {transaction} was aborted: its lock {lock!r} has fence {fence}, "
                    f"but {newest_fence} has been granted since; acquire it again",
                    lock=lock,
                    fence=fence,
                )


Results: TypeAlias = tuple[Result | None, ...]
Steps: TypeAlias = Generator[tuple[Call, ...] | Ending, Results, None]


@dataclass
class Transaction:
    """What a transaction has read and wants to write.

    Attributes:
        name: an identity that no other transaction has ever had.
        reads: by partition and key, the partition's time at which it was read.
        writes: by partition, the keys that change.
        touches: by partition, what is added to (see `Changes.touches`).
        payloads: by partition, the change.
        fences: of the locks under which it is made.
    """

    name: str
    reads: dict[str, dict[Key, int]] = field(default_factory=dict)
    writes: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    touches: dict[str, bytes] = field(default_factory=dict)
    payloads: dict[str, bytes] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)

    def saw(self, partition: str, keys: Iterable[Key], time: int) -> None:
        """Remember what was read; the earliest time counts."""
        seen = self.reads.setdefault(partition, {})
        for key in keys:
            seen[key] = min(time, seen.get(key, time))

    def change(
        self, partition: str, keys: Iterable[Key], payload: bytes, touches: bytes = b""
    ) -> None:
        """Set what is to be written in one partition, and what it is added to."""
        self.writes[partition] = tuple(keys)
        self.touches[partition] = touches
        self.payloads[partition] = payload

    @property
    def participants(self) -> tuple[str, ...]:
        """The partitions it concerns, in one order for all; the first one coordinates.

        Those that write come first, so that the decision lies beside a change.
        """
        return (*sorted(self.writes), *sorted(set(self.reads) - set(self.writes)))

    def changes(self, partition: str) -> Changes:
        """Its part in one partition."""
        return Changes(
            self.reads.get(partition, {}),
            self.writes.get(partition, ()),
            self.payloads.get(partition, b""),
            self.fences,
            self.touches.get(partition, b""),
        )

    def commit(self) -> Steps:
        """Commit; the `Ending` among the yielded values says how it went."""
        if len(self.participants) == 1:
            return self._commit_alone(self.participants[0])
        return self._commit_together()

    def _commit_alone(self, partition: str) -> Steps:
        (result,) = yield (Call(partition, Commit(self.name, self.changes(partition))),)
        match result:
            case Accepted(time):
                yield Ending(Verdict.COMMITTED, time)
            case Conflict() | Invalid() | FencedOut():
                yield Ending(Verdict.ABORTED, refusal=result)
            case _:
                yield Ending(Verdict.INDETERMINATE)

    def _commit_together(self) -> Steps:
        coordinator = self.participants[0]
        votes = yield tuple(
            Call(partition, Prepare(self.name, coordinator, self.changes(partition)))
            for partition in self.participants
        )
        times = [vote.time for vote in votes if isinstance(vote, Accepted)]
        all_prepared = len(times) == len(votes)
        decide = Decide(self.name, all_prepared, max(times, default=0), self.participants)
        (decided,) = yield (Call(coordinator, decide),)
        if not isinstance(decided, Decided):
            yield Ending(Verdict.INDETERMINATE)
            return
        if decided.commit:
            yield Ending(Verdict.COMMITTED, decided.time)
        else:
            yield Ending(Verdict.ABORTED, refusal=_worst(votes))
        yield from finish(self.name, coordinator, decided, self.participants)


def _worst(votes: Results) -> Conflict | Invalid | FencedOut:
    """What to tell of several refusals: one that trying again will not mend, where there is one."""
    refusals = [vote for vote in votes if isinstance(vote, Conflict | Invalid | FencedOut)]
    lasting = [refusal for refusal in refusals if not isinstance(refusal, Conflict)]
    return (*lasting, *refusals, Conflict(()))[0]


def finish(name: str, coordinator: str, decided: Decided, participants: Iterable[str]) -> Steps:
    """Tell the participants what was decided, and forget it once all of them know."""
    others = [partition for partition in participants if partition != coordinator]
    done = yield tuple(Call(p, Finish(name, decided.commit, decided.time)) for p in others)
    if all(isinstance(result, Accepted) for result in done):
        yield (Call(coordinator, Forget(name)),)


def resolve(name: str, coordinator: str, partition: str) -> Steps:
    """End a transaction that was found prepared in a partition, one way or the other."""
    (decided,) = yield (Call(coordinator, Decide(name, False, 0, (coordinator, partition))),)
    if isinstance(decided, Decided) and partition != coordinator:
        yield (Call(partition, Finish(name, decided.commit, decided.time)),)


def take_snapshot(
    name: str, partitions: Iterable[str], ttl_ms: int = 0
) -> Generator[tuple[Call, ...], Results, int]:
    """Pin one consistent state over partitions; returns its time, or 0 where that failed.

    It shows every transaction whose commit was acknowledged before: the largest of the partitions'
    times is at least that of its commit.

    Args:
        name: of the pin.
        partitions: all of the graph's.
        ttl_ms: see `Pin`.
    """
    names = tuple(partitions)
    answers = yield tuple(Call(partition, Query((), None)) for partition in names)
    times = [answer.time for answer in answers if isinstance(answer, Value)]
    if len(times) < len(names):
        return 0
    time = max(1, *times)  # 0 says that it failed.
    pinned = yield tuple(Call(partition, Pin(name, time, ttl_ms)) for partition in names)
    return time if all(isinstance(result, Accepted) for result in pinned) else 0
