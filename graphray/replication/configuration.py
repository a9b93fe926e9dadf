"""Who replicates a partition, in which role, and in which term.

A configuration is decided by the catalog, one per term, by creating its key if absent: no two of
the same term exist, and none ever changes. Data never flows through the catalog (PacificA: Lin et
al., "PacificA: Replication in Log-Based Distributed Storage Systems", MSR-TR-2008-25). The strategy
says how many members must hold an entry before it counts (the *write quorum*), and how many must be
asked before the next term may begin (the *read quorum*); every read quorum meets every write
quorum, so no acknowledged entry is overlooked (Lamport, Malkhi, Zhou, "Vertical Paxos and
Primary-Backup Replication", PODC 2009). Everything else is the same for all strategies that keep
one log.

| strategy | entries flow | write quorum | read quorum | who knows the newest commit |
| --- | --- | --- | --- | --- |
| full, partial | primary to all | all | one | the primary |
| quorum | primary to all | majority | majority | the primary |
| chain | each to the next | all | one | the tail |

Under the *eventual* strategy there is no one log, no primary and no quorum; a configuration only
says who takes part (`graphray.replication.eventual_replica`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from graphray.errors import ArgumentError

ReplicaId: TypeAlias = str
"""One copy of one partition on one disk; a replica that lost its disk comes back under another."""


class Strategy(Enum):
    """How the replicas of a partition share its log."""

    FULL = "full"
    QUORUM = "quorum"
    CHAIN = "chain"
    PARTIAL = "partial"
    EVENTUAL = "eventual"

    @property
    def writes_all(self) -> bool:
        """Whether an entry counts only once every member holds it."""
        return self in (Strategy.FULL, Strategy.CHAIN, Strategy.PARTIAL)


@dataclass(frozen=True)
class Configuration:
    """One term of one partition's replica set.

    Attributes:
        partition: the partition's name; also the name of its log in version vectors.
        term: from 1.
        strategy: how the log is shared.
        members: the first one is the primary (or head); a chain runs in this order.
        learners: replicas that receive the log and count in no quorum until they have caught up.
        wanted: the replicas that should serve the partition in the end; a move changes this first.
        copies_min: an acknowledged write lies on at least this many disks.
        coverage: under the partial strategy, which property columns or hot nodes (as tags) each
            replica keeps beside the topology; a replica that is not named keeps everything.
        lost: under the eventual strategy, replicas that went down with their writes.
    """

    partition: str
    term: int
    strategy: Strategy
    members: tuple[ReplicaId, ...]
    learners: tuple[ReplicaId, ...] = ()
    wanted: tuple[ReplicaId, ...] = ()
    copies_min: int = 1
    coverage: tuple[tuple[ReplicaId, frozenset[str]], ...] = ()
    lost: tuple[ReplicaId, ...] = ()

    def __post_init__(self) -> None:
        names = (*self.members, *self.learners)
        if not self.members or len(set(names)) != len(names):
            raise ArgumentError(
                f"partition {self.partition}, term {self.term}: members {self.members} and "
                f"learners {self.learners}; expected at least one member and no name twice"
            )
        if not 1 <= self.copies_min <= self.write_quorum:
            raise ArgumentError(
                f"partition {self.partition}, term {self.term}: copies_min = {self.copies_min}, "
                f"but {self.strategy.value} replication over {len(self.members)} members "
                f"acknowledges at {self.write_quorum} copies; add replicas or ask for fewer copies"
            )

    @property
    def primary(self) -> ReplicaId:
        """Who orders the writes."""
        return self.members[0]

    @property
    def commit_oracle(self) -> ReplicaId:
        """Who learns first that an entry is committed."""
        return self.members[-1] if self.strategy is Strategy.CHAIN else self.primary

    @property
    def write_quorum(self) -> int:
        """How many members hold an entry once it counts."""
        if self.strategy is Strategy.EVENTUAL:
            return 1
        return len(self.members) if self.strategy.writes_all else self.majority

    @property
    def read_quorum(self) -> int:
        """How many members have to be asked to find every entry that counts."""
        return 1 if self.strategy.writes_all else self.majority

    @property
    def lease_quorum(self) -> int:
        """How many members must have promised to wait before one of them may answer alone.

        Every read quorum holds one of them, so no next term begins before the promise lapses.
        """
        return len(self.members) - self.read_quorum + 1

    @property
    def majority(self) -> int:
        """More than half of the members."""
        return len(self.members) // 2 + 1

    @property
    def everyone(self) -> tuple[ReplicaId, ...]:
        """Members and learners."""
        return self.members + self.learners

    def successor(self, replica: ReplicaId) -> ReplicaId | None:
        """The next member of the chain, or None for the tail and for learners."""
        if replica not in self.members[:-1]:
            return None
        return self.members[self.members.index(replica) + 1]

    def role(self, replica: ReplicaId) -> str:
        """What a replica does in this term, as the field calls it.

        >>> chain = Configuration("0", 1, Strategy.CHAIN, ("a", "b", "c"), ("d",))
        >>> [chain.role(replica) for replica in "abcde"]
        ['head', 'link', 'tail', 'learner', 'none']
        """
        if replica not in self.members:
            return "learner" if replica in self.learners else "none"
        if self.strategy is Strategy.EVENTUAL:
            return "peer"
        if self.strategy is not Strategy.CHAIN or len(self.members) == 1:
            return "primary" if replica == self.primary else "backup"
        ends = {self.members[0]: "head", self.members[-1]: "tail"}
        return ends.get(replica, "link")

    def covers(self, replica: ReplicaId, tags: frozenset[str]) -> bool:
        """Whether a replica is to keep all of these columns or hot nodes."""
        return all(tags <= kept for name, kept in self.coverage if name == replica)

    def to_plain(self) -> dict[str, Any]:
        """A plain structure, for packing."""
        return {
            "partition": self.partition,
            "term": self.term,
            "strategy": self.strategy.value,
            "members": self.members,
            "learners": self.learners,
            "wanted": self.wanted,
            "copies_min": self.copies_min,
            "coverage": tuple((name, tuple(sorted(tags))) for name, tags in self.coverage),
            "lost": self.lost,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Configuration:
        """The inverse of `to_plain`."""
        return cls(
            **{
                **plain,
                "strategy": Strategy(plain["strategy"]),
                "coverage": tuple((name, frozenset(tags)) for name, tags in plain["coverage"]),
            }
        )
