"""Partial replication: every replica keeps the topology, some keep a column or a hot node as well.

All members log every entry, so the write path is that of full replication. What differs is which
*tags* (columns, hot nodes) a replica's state holds. A replica that is assigned a tag which it does
not hold stops applying (not logging), asks one that holds it for its content as of an LSN, applies
up to exactly that LSN, takes the content over, and goes on. Meanwhile it lags and answers no reads
that need the tag. What it took over counts as kept once a snapshot with it is on disk: the catalog
begins no term in which nobody keeps a tag.
"""

from __future__ import annotations

from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.core import ReplicaCore
from graphray.replication.messages import CoverageAnswer, CoverageQuery


class CoverageKeeper:
    """Fetches the content of tags that were assigned to this replica."""

    def __init__(self, core: ReplicaCore) -> None:
        self._core = core
        self._answer: CoverageAnswer | None = None
        self._asked = 0
        core.on_adopted.append(self._forget)

    def _forget(self) -> None:
        self._answer = None
        self._core.apply_limit_lsn = None

    def fetch_missing(self) -> None:
        """At every heartbeat: ask for one tag that is assigned and not held.

        Every other time nothing is held back, so that a replica whom nobody answers goes on.
        """
        core, missing = self._core, sorted(self.missing())
        if not missing or self._answer is not None:
            return
        if core.apply_limit_lsn is not None:
            self._forget()
            core.apply_committed()
            return
        self._asked += 1
        tags = frozenset({missing[self._asked % len(missing)]})
        holders = self._holders(tags)
        if holders:
            core.apply_limit_lsn = core.applied_lsn
            # Another one each time: the first may be down.
            holder = holders[self._asked // len(missing) % len(holders)]
            core.send(holder, CoverageQuery(core.term, tags, core.applied_lsn))

    def missing(self) -> frozenset[str]:
        """The tags that this replica should hold and does not."""
        configuration, covered = self._core.configuration, self._core.state.covered()
        if configuration is None or covered is None:
            return frozenset()
        return self._assigned(configuration) - covered

    def is_complete(self) -> bool:
        """Whether all that is assigned is on this replica's disk."""
        configuration, core = self._core.configuration, self._core
        if configuration is None or core.state.covered() is None:
            return True
        return self._assigned(configuration) <= core.kept

    def _assigned(self, configuration: Configuration) -> frozenset[str]:
        return dict(configuration.coverage).get(self._core.replica, frozenset())

    def _holders(self, tags: frozenset[str]) -> list[ReplicaId]:
        configuration = self._core.configuration
        assert configuration is not None
        others = [r for r in configuration.everyone if r != self._core.replica]
        return [r for r in others if configuration.covers(r, tags)]

    def on_query(self, sender: ReplicaId, message: CoverageQuery) -> None:
        """Another replica is to keep what this one keeps."""
        core = self._core
        covered = core.state.covered()
        holds = covered is None or message.tags <= covered
        if message.term == core.term and holds and core.applied_lsn >= message.lsn:
            content = core.state.extract(message.tags)
            core.send(sender, CoverageAnswer(core.term, message.tags, core.applied_lsn, content))

    def on_answer(self, message: CoverageAnswer) -> None:
        """The content of the tags that are missing here."""
        core = self._core
        if (
            message.term == core.term
            and message.tags <= self.missing()
            and self._answer is None
            and message.lsn >= core.applied_lsn
            and core.apply_limit_lsn is not None
        ):
            self._answer = message
            core.apply_limit_lsn = message.lsn

    def absorb_if_reached(self) -> None:
        """Take the content over once the state is at the LSN that it belongs to."""
        core = self._core
        if self._answer is not None:
            core.apply_committed()
            if core.applied_lsn == self._answer.lsn:
                core.state.absorb(self._answer.tags, self._answer.content)
                core.must_checkpoint = True
            if core.applied_lsn >= self._answer.lsn:  # A snapshot may have overtaken it.
                self._forget()
                core.apply_committed()
