"""Replicas of a running graph compared: what has been applied as far has to be the same.

Every replica tells how far it is in the log, and hashes of what came of it: of the topology, and of
each column that it keeps. Of replicas that are equally far, the one that differs from most is
wrong. Where no side has more, all are named, and none is to be trusted over the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Digests = Mapping[int, tuple[int, Mapping[str, str]]]
"""By replica: its LSN, and its hashes by tag (see `graphray.changes.digests`)."""


@dataclass(frozen=True)
class ReplicaProblem:
    """What is wrong with one replica.

    Attributes:
        part: the partition.
        replica: the number of the copy.
        what: in words.
        repairable: whether its peers have what it should have.
    """

    part: int
    replica: int
    what: str
    repairable: bool

    def __str__(self) -> str:
        return f"partition {self.part}, replica {self.replica}: {self.what}"


@dataclass
class ReplicaReport:
    """The outcome of a comparison.

    Attributes:
        name: the graph.
        replicas: how many were asked.
        problems: what was found.
        repaired: which replicas were begun anew, as (partition, replica).
    """

    name: str
    replicas: int = 0
    problems: list[ReplicaProblem] = field(default_factory=list)
    repaired: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """A plain structure."""
        return {**asdict(self), "sound": self.is_sound}


def compare_replicas(part: int, digests: Digests) -> list[ReplicaProblem]:
    """Which replicas of a partition differ from most of those that are equally far.

    Example:
        >>> found = {0: (7, {"": "a"}), 1: (7, {"": "b"}), 2: (7, {"": "a"})}
        >>> [str(problem) for problem in compare_replicas(0, found)]
        ['partition 0, replica 1: differs from the others at LSN 7 in the topology']
    """
    wrong: dict[int, set[str]] = {}
    torn: dict[int, set[str]] = {}
    for lsn in {lsn for lsn, _ in digests.values()}:
        level = {n: hashes for n, (at, hashes) in digests.items() if at == lsn}
        for tag in sorted({tag for hashes in level.values() for tag in hashes}):
            found = {n: hashes[tag] for n, hashes in level.items() if tag in hashes}
            (most, count), *rest = Counter(found.values()).most_common()
            if not rest:
                continue
            is_even = count == rest[0][1]
            for replica, digest in found.items():
                if is_even or digest != most:
                    (torn if is_even else wrong).setdefault(replica, set()).add(tag)
    problems = []
    for replica in sorted({*wrong, *torn}):
        tags = wrong.get(replica) or torn[replica]
        names = ", ".join(tag or "the topology" for tag in sorted(tags))
        others = "the others" if replica in wrong else "another one, and neither side has more,"
        what = f"differs from {others} at LSN {digests[replica][0]} in {names}"
        problems.append(ReplicaProblem(part, replica, what, replica in wrong))
    return problems
