"""Who leads each partition and who takes part: from its configurations to what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graphray.events import Happening


@dataclass(frozen=True)
class Term:
    """One configuration of a partition's replicas, by the numbers of their copies.

    Attributes:
        part: the partition.
        number: of the term; it rises.
        members: who holds every write, the leader first.
        learners: who is catching up.
        has_leader: False where the replicas take writes side by side.
    """

    part: int
    number: int
    members: tuple[int, ...]
    learners: tuple[int, ...] = ()
    has_leader: bool = True


class TermWatch:
    """The newest term of every partition, as of the last look.

    Args:
        explain: what is wrong with a replica (partition, number of the copy); empty where nothing
            is known to be.

    Example:
        >>> terms = TermWatch(lambda part, replica: "it is dead")
        >>> list(terms.look(Term(0, 1, (0, 1))))
        []
        >>> for event in terms.look(Term(0, 2, (1,))):
        ...     print(event.what, "|", event.cause)
        replica 1 leads partition 0 in term 2, no longer replica 0 | replica 0: it is dead
        partition 0 has members 1 in term 2; without 0 | replica 0: it is dead
    """

    def __init__(self, explain: Callable[[int, int], str]) -> None:
        self._explain = explain
        self._terms: dict[int, Term] = {}

    def look(self, term: Term) -> Iterator[Happening]:
        """What has changed in a partition; at its first look that is nothing."""
        before = self._terms.get(term.part)
        if before is not None and term.number <= before.number:
            return
        self._terms[term.part] = term
        if before is None:
            return
        if term.has_leader and term.members[0] != before.members[0]:
            yield self._leader_changed(before, term)
        if (set(term.members), set(term.learners)) != (set(before.members), set(before.learners)):
            yield self._members_changed(before, term)

    def _leader_changed(self, before: Term, term: Term) -> Happening:
        old, new = before.members[0], term.members[0]
        return Happening(
            kind="leader-changed",
            what=f"replica {new} leads partition {term.part} in term {term.number}, "
            f"no longer replica {old}",
            cause=self._why(term.part, (old,)),
            action="writers find it by themselves",
            part=term.part,
            replica=new,
        )

    def _members_changed(self, before: Term, term: Term) -> Happening:
        gone = tuple(sorted({*before.members, *before.learners} - {*term.members, *term.learners}))
        parts = [
            f"partition {term.part} has members {_listed(term.members)} in term {term.number}",
            f"{_listed(term.learners)} catching up" if term.learners else "",
            f"without {_listed(gone)}" if gone else "",
        ]
        return Happening(
            kind="members-changed",
            what="; ".join(filter(None, parts)),
            cause=self._why(term.part, gone),
            part=term.part,
        )

    def _why(self, part: int, replicas: tuple[int, ...]) -> str:
        known = ((replica, self._explain(part, replica)) for replica in replicas)
        return "; ".join(f"replica {replica}: {why}" for replica, why in known if why)


def _listed(replicas: tuple[int, ...]) -> str:
    return ", ".join(map(str, sorted(replicas)))
