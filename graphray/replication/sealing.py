"""The end of a term: a replica promises a later one, and says where its log ends.

The catalog may not begin a term before enough replicas of the last one have promised to accept
nothing of it any more (in Vertical Paxos: before it has read from a read quorum). A replica
promises

- only once the lease that it has granted has lapsed, and it grants none meanwhile;
- and if it leads, only once its own lease has lapsed; until then it serves, and renews nothing;
- on disk, before it answers: a promise survives a crash. What it had granted before a crash it does
  not know, so after a restart it waits for as long as a lease can last.
"""

from __future__ import annotations

from collections.abc import Callable

from graphray.replication.core import ReplicaCore
from graphray.replication.entries import Promise
from graphray.replication.leases import DerivedLease, GrantedLease
from graphray.replication.messages import Refused, Seal, Sealed


class Sealer:
    """What binds a replica to its term, and what releases it.

    Args:
        core: the replica.
        leads_until_ms: when the lease that this replica holds as a primary lapses.
    """

    def __init__(self, core: ReplicaCore, leads_until_ms: Callable[[], float]) -> None:
        self._core = core
        self._leads_until_ms = leads_until_ms
        self.granted = GrantedLease(core.settings, core.clock.monotonic_ms)
        self.derived = DerivedLease(core.settings)
        self._asked: dict[str, int] = {}  # By which catalog, for which term.
        core.on_adopted.append(self._start_term)

    def _start_term(self) -> None:
        self.derived.drop()
        self._asked = {who: term for who, term in self._asked.items() if term > self._core.term}

    @property
    def is_asked(self) -> bool:
        """Whether a seal waits for leases to lapse: none may be granted or renewed."""
        return bool(self._asked)

    def on_seal(self, sender: str, message: Seal) -> None:
        """The catalog wants to begin a term."""
        core = self._core
        if message.term < core.promised or message.term <= core.term:
            core.send(sender, Refused(core.promised, core.configuration))
            return
        self._asked[sender] = message.term
        self.seal_if_free()

    def seal_if_free(self) -> None:
        """Answer the seals that wait, once no lease binds this replica."""
        if not self._asked or self._core.clock.monotonic_ms < self.free_at_ms():
            return
        for sender, term in self._asked.items():
            self._seal(sender, term)
        self._asked.clear()

    def free_at_ms(self) -> float:
        """When nothing binds this replica to its term any more."""
        return max(self.granted.lapses_at_ms(), self._leads_until_ms())

    def _seal(self, sender: str, term: int) -> None:
        core = self._core
        if term > core.promised:
            core.promised = term
            core.leading = False
            self.derived.drop()
            core.persist(Promise(term))
        core.when_durable(lambda: self._answer(sender, term))

    def _answer(self, sender: str, term: int) -> None:
        core = self._core
        if core.promised == term > core.term:
            log = core.log
            commit_term = log.term_at(core.commit_lsn) or 0
            ends = (log.last_term, log.last_lsn, commit_term, core.commit_lsn)
            core.send(sender, Sealed(term, *ends, core.kept))
