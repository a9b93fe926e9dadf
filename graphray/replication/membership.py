"""When a partition needs a new configuration, and which: the catalog's policy, as functions.

Safety asks two things of the next configuration (Vertical Paxos II): a read quorum of *every*
configuration that may still hold acknowledged entries has promised its term, and the most complete
log among those leads. A configuration may be left behind once a later one is *complete*, that is,
has an entry of its own term committed. The rest is policy: drop who blocks, keep who is wanted,
make members of learners that have caught up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphray.replication.configuration import Configuration, ReplicaId, Strategy
from graphray.replication.messages import Report, Sealed
from graphray.replication.settings import ReplicationSettings


@dataclass(frozen=True)
class Heard:
    """The last report of a replica, and when it came."""

    report: Report
    at_ms: float


def reason_to_change(
    newest: Configuration,
    wanted: tuple[ReplicaId, ...],
    heard: Mapping[ReplicaId, Heard],
    *,
    now_ms: float,
    settings: ReplicationSettings,
) -> str | None:
    """Why the newest configuration should be replaced, or None.

    Args:
        newest: the configuration of the present term.
        wanted: who should serve the partition in the end.
        heard: the last reports.
        now_ms: the catalog's clock. For the first while after it learnt of `newest`, the caller has
            to pretend that it has just heard everyone.
        settings: times and limits.
    """
    silent_since_ms = now_ms - settings.suspect_ms
    if any(h.report.promised > newest.term for h in heard.values()):
        return "a later term was promised and never began"
    primary = heard.get(newest.primary)
    if primary is None or primary.at_ms < silent_since_ms:
        return f"the primary {newest.primary} is silent"
    if primary.report.term == newest.term and not primary.report.leading:
        return f"the primary {newest.primary} was restarted"
    if newest.strategy.writes_all:
        for blocking in _silent_members(newest, heard, silent_since_ms):
            return f"member {blocking} is silent and blocks every write"
    if not primary.report.opened:
        return None
    ready = [learner for learner in ready_learners(newest, heard) if learner in wanted]
    if ready:
        return f"learners {ready} have caught up"
    if set(wanted) - set(newest.everyone):
        return f"{sorted(set(wanted) - set(newest.everyone))} are wanted"
    all_complete = all(w in heard and heard[w].report.complete for w in wanted)
    if set(newest.members) > set(wanted) and all_complete:
        return f"{sorted(set(newest.members) - set(wanted))} are no longer wanted"
    return None


def ready_learners(
    newest: Configuration, heard: Mapping[ReplicaId, Heard]
) -> tuple[ReplicaId, ...]:
    """Learners that have the log, as the primary says, and keep all that they are assigned."""
    primary = heard.get(newest.primary)
    if primary is None or primary.report.term != newest.term:
        return ()
    return tuple(
        learner
        for learner in primary.report.caught_up
        if learner in heard and heard[learner].report.complete
    )


def _silent_members(
    newest: Configuration, heard: Mapping[ReplicaId, Heard], since_ms: float
) -> list[ReplicaId]:
    """Members of whom another member of the same term says that it hears nothing."""
    return [
        silent
        for replica, h in heard.items()
        if replica in newest.members and h.report.term == newest.term and h.at_ms >= since_ms
        for silent in h.report.silent
        if silent in newest.members
    ]


def propose(
    open_configurations: Iterable[Configuration],
    wanted: tuple[ReplicaId, ...],
    sealed: Mapping[ReplicaId, Sealed],
    caught_up: Iterable[ReplicaId],
) -> Configuration | None:
    """The next configuration, or None where not enough replicas have promised its term.

    Args:
        open_configurations: the last complete one and all after it, oldest first.
        wanted: who should serve the partition in the end.
        sealed: who has promised the term, and where its log ends.
        caught_up: learners that may become members.
    """
    configurations = list(open_configurations)
    newest = configurations[-1]
    for configuration in configurations:
        answered = [m for m in configuration.members if m in sealed]
        if len(answered) < configuration.read_quorum:
            return None
    holders = {m for c in configurations for m in c.members if m in sealed}
    primary = max(holders, key=lambda r: _completeness(r, newest, wanted, sealed))
    kept = _kept_through(sealed, primary)
    members = _members(newest, wanted, primary, sealed, set(caught_up))
    members = (*members, *_keepers(newest, members, kept))
    responding = [m for m in members if m in sealed]
    quorum = len(members) if newest.strategy.writes_all else len(members) // 2 + 1
    if len(responding) < quorum or quorum < newest.copies_min:
        return None
    if _unkept(newest, responding, kept):
        return None
    return replace(
        newest,
        term=newest.term + 1,
        members=members,
        learners=tuple(r for r in wanted if r not in members),
        wanted=wanted,
    )


def next_eventual(
    newest: Configuration,
    wanted: tuple[ReplicaId, ...],
    lost: Iterable[ReplicaId],
    heard: Mapping[ReplicaId, Heard],
) -> Configuration | None:
    """The next configuration under the eventual strategy, or None where nothing is to change.

    There is nothing to seal: nobody leads. A replica that leaves takes no more writes, and goes
    once members have all that it has and none of them had accepted. What it reported of an earlier
    configuration does not count: the member that has it may be leaving by now.
    """
    drained = {
        r for r, h in heard.items() if r in h.report.caught_up and h.report.term == newest.term
    }
    gone = {*drained, *lost}
    leaving = tuple(r for r in newest.everyone if r not in wanted and r not in gone)
    if set(wanted) == set(newest.members) and set(leaving) == set(newest.learners):
        return None
    return replace(
        newest,
        term=newest.term + 1,
        members=wanted,
        learners=leaving,
        wanted=wanted,
        lost=tuple(sorted({*newest.lost, *lost})),
    )


def _completeness(
    replica: ReplicaId,
    newest: Configuration,
    wanted: tuple[ReplicaId, ...],
    sealed: Mapping[ReplicaId, Sealed],
) -> tuple[int, int, bool, bool, int]:
    """The most complete log leads; among equals one that is wanted, and rather the old primary."""
    end = sealed[replica]
    order = wanted.index(replica) if replica in wanted else len(wanted)
    return end.last_term, end.last_lsn, replica in wanted, replica == newest.primary, -order


def _members(
    newest: Configuration,
    wanted: tuple[ReplicaId, ...],
    primary: ReplicaId,
    sealed: Mapping[ReplicaId, Sealed],
    caught_up: set[ReplicaId],
) -> tuple[ReplicaId, ...]:
    """The primary, then those that are wanted, then as many others as are needed."""
    ready = [r for r in wanted if r in newest.members or (r in caught_up and r in sealed)]
    leaving = [r for r in newest.members if r not in wanted]
    newcomers = []
    if newest.strategy.writes_all:
        # A member that is away blocks every write: only those that answered.
        ready = [r for r in ready if r in sealed]
        leaving = [r for r in leaving if r in sealed]
        newcomers = [r for r in wanted if r in sealed]
    members = [primary, *(r for r in ready if r != primary)]
    # Who leaves stays until others have taken its place; who has just come counts only in need.
    _fill(members, leaving, min(len(newest.members), len(wanted)))
    _fill(members, newcomers, newest.copies_min)
    return tuple(members)


def _kept_through(
    sealed: Mapping[ReplicaId, Sealed], primary: ReplicaId
) -> dict[ReplicaId, frozenset[str]]:
    """What each replica will still have once it has caught up with the primary.

    Who lags further than the primary's log reaches by then is sent a snapshot, and has only what is
    in that. Until all members are level, the log may be cut anywhere up to what is committed: by a
    snapshot that is under way now, or by a restart, which keeps none of the entries in it. A log
    with an entry of the last committed one's term, or of a later one, has all that is committed
    (as far as it reaches).
    """
    lead = sealed[primary]
    return {
        replica: end.kept
        for replica, end in sealed.items()
        if end.last_lsn >= lead.commit_lsn and end.last_term >= lead.commit_term
    }


def _keepers(
    newest: Configuration,
    members: tuple[ReplicaId, ...],
    kept: Mapping[ReplicaId, frozenset[str]],
) -> tuple[ReplicaId, ...]:
    """Who has to stay because only it keeps some column or hot node."""
    staying: list[ReplicaId] = []
    for replica, tags in kept.items():
        lacking = _unkept(newest, [*members, *staying], kept)
        if replica not in members and tags & lacking:
            staying.append(replica)
    return tuple(staying)


def _unkept(
    newest: Configuration,
    members: Iterable[ReplicaId],
    kept: Mapping[ReplicaId, frozenset[str]],
) -> frozenset[str]:
    """Columns and hot nodes that none of these replicas has, whole and on its disk."""
    if newest.strategy is not Strategy.PARTIAL:
        return frozenset()
    assigned = frozenset[str]().union(*(tags for _, tags in newest.coverage))
    return assigned.difference(*(kept.get(member, frozenset()) for member in members))


def _fill(members: list[ReplicaId], candidates: Iterable[ReplicaId], size: int) -> None:
    for replica in candidates:
        if len(members) < size and replica not in members:
            members.append(replica)
