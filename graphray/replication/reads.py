"""Reads: which replica may answer, and from when on.

A strong read has to show every write that was acknowledged before it began. It is answered

1. by the commit oracle (the primary; in a chain the tail) from its own state, within a lease;
2. by any other member within a lease passed on to it, where every committed entry is on every
   member and this one is *clean*: nothing in its log awaits commitment (CRAQ §2.3, here by log
   rather than by object);
3. otherwise after asking the oracle how far the log is committed, and applying that far (Raft's
   *read index*; CRAQ's version query).

All three need an entry of the present term to be known as committed: before, a new primary does not
know what its predecessors acknowledged.

Every other level is a floor, an LSN that must have been applied. A replica that lacks a column or
hot node, or is too far behind for too long, says so, and the client asks another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphray.replication.consistency import Consistency
from graphray.replication.core import ReplicaCore
from graphray.replication.leases import DerivedLease
from graphray.replication.messages import CommitAnswer, CommitQuery, Read, ReadDone, Redirect


@dataclass
class _Held:
    """A read that waits for its floor, or for the oracle to say what its floor is."""

    sender: str
    read: Read
    lsn_min: int | None
    deadline_ms: float


class ReadDesk:
    """Answers reads, holds those that have to wait, and answers other members' commit queries.

    Args:
        core: the replica.
        derived: the lease that the primary passed on to this replica.
        leads_until_ms: when the lease that this replica holds as a primary lapses.
    """

    def __init__(
        self, core: ReplicaCore, derived: DerivedLease, leads_until_ms: Callable[[], float]
    ) -> None:
        self._core = core
        self._derived = derived
        self._leads_until_ms = leads_until_ms
        self._held: dict[int, _Held] = {}
        self._numbers = 0
        core.on_adopted.append(self._start_term)

    def on_read(self, sender: str, read: Read) -> None:
        """One read of a client."""
        core = self._core
        if self._lacks(read):
            self._redirect(sender, read, f"does not keep all of {sorted(read.tags)}")
        elif read.level is not Consistency.STRONG:
            self._hold(sender, read, read.lsn_min)
        elif not core.is_member:
            self._redirect(sender, read, "is no member")
        elif self._may_answer_alone():
            self._hold(sender, read, max(read.lsn_min, core.commit_lsn))
        elif self._is_oracle():
            self._redirect(sender, read, "holds no lease")
        else:
            self._ask_oracle(self._hold(sender, read, None))

    def _lacks(self, read: Read) -> frozenset[str]:
        """The columns or hot nodes that a read needs and this replica does not keep."""
        covered = self._core.state.covered()
        return frozenset() if covered is None else read.tags - covered

    def _may_answer_alone(self) -> bool:
        core = self._core
        if not core.opened or core.promised != core.term:
            return False
        if core.leading and self._is_oracle():
            return self._holds_lease()
        assert core.configuration is not None
        every_member_knows = core.configuration.strategy.writes_all
        is_clean = self._is_oracle() or core.commit_lsn == core.log.last_lsn
        return every_member_knows and is_clean and self._holds_lease()

    def _holds_lease(self) -> bool:
        now_ms = self._core.clock.monotonic_ms
        return now_ms < self._leads_until_ms() or self._derived.is_held(now_ms)

    def _is_oracle(self) -> bool:
        configuration = self._core.configuration
        return configuration is not None and configuration.commit_oracle == self._core.replica

    def _hold(self, sender: str, read: Read, lsn_min: int | None) -> int:
        self._numbers += 1
        deadline_ms = self._core.clock.monotonic_ms + self._core.settings.read_wait_ms
        self._held[self._numbers] = _Held(sender, read, lsn_min, deadline_ms)
        return self._numbers

    def answer_ready(self) -> None:
        """Answer the reads whose floor has been reached; turn away those that waited too long."""
        core = self._core
        for number, held in list(self._held.items()):
            if self._lacks(held.read):
                # A snapshot from a replica that keeps less has come since the read did.
                del self._held[number]
                self._redirect(held.sender, held.read, "keeps less than it did")
            elif held.lsn_min is not None and held.lsn_min <= core.applied_lsn:
                del self._held[number]
                result = core.state.read(held.read.query)
                read = held.read
                answer = ReadDone(
                    read.client, read.number, core.applied_lsn, result, core.dependencies
                )
                core.send(held.sender, answer)
            elif core.clock.monotonic_ms > held.deadline_ms:
                del self._held[number]
                self._redirect(held.sender, held.read, f"is behind, at LSN {core.applied_lsn}")

    def _redirect(self, sender: str, read: Read, reason: str) -> None:
        self._core.send(sender, Redirect(read.number, self._core.configuration, reason))

    # --- the oracle -------------------------------------------------------------------------------

    def _ask_oracle(self, number: int) -> None:
        configuration = self._core.configuration
        assert configuration is not None
        self._core.send(configuration.commit_oracle, CommitQuery(configuration.term, number))

    def on_commit_query(self, sender: str, message: CommitQuery) -> None:
        """Another member asks how far the log is committed."""
        core = self._core
        if message.term == core.term and self._is_oracle() and self._may_answer_alone():
            core.send(sender, CommitAnswer(core.term, message.number, core.commit_lsn))

    def on_commit_answer(self, message: CommitAnswer) -> None:
        """The oracle's answer; it was true at some time after the read began."""
        held = self._held.get(message.number)
        if held is not None and held.lsn_min is None and message.term == self._core.term:
            held.lsn_min = max(held.read.lsn_min, message.commit_lsn)

    def ask_again(self) -> None:
        """At every heartbeat: the question or the answer may have been lost."""
        for number, held in self._held.items():
            if held.lsn_min is None and not self._is_oracle():
                self._ask_oracle(number)

    def _start_term(self) -> None:
        """Questions to the old oracle will not be answered any more."""
        waiting = [n for n, held in self._held.items() if held.lsn_min is None]
        for number in waiting:
            held = self._held.pop(number)
            self._redirect(held.sender, held.read, "the term ended")
