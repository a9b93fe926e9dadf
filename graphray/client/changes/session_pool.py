"""Sessions for as many threads as call at a time; what one of them has seen, all have seen.

A session sends the writes of one partition one after the other, so threads that share one would
wait for each other. Each call borrows a session of its own instead. The floors of reads belong to
the pool: a read in one thread sees what a write in another had written before, as if both had been
made in one session.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from graphray.client.changes.session_driver import PartitionCall, SessionDriver, Transport
from graphray.replication.consistency import Consistency
from graphray.replication.session import Completed, RetryPolicy, Session
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_WITH_FLOORS = (Consistency.MONOTONIC, Consistency.SESSION, Consistency.CAUSAL)


class SessionPool:
    """The sessions of one process with one graph; safe to use from several threads.

    Args:
        catalogs: by partition, whom to ask for its configuration.
        transport: the way to replicas and the catalog.
        policy: how long to wait.
    """

    def __init__(
        self, catalogs: Mapping[str, str], transport: Transport, policy: RetryPolicy
    ) -> None:
        self._catalogs = dict(catalogs)
        self._transport = transport
        self._policy = policy
        self._lock = threading.Lock()
        self._idle: list[SessionDriver] = []
        self._floors = dict.fromkeys(_WITH_FLOORS, NOTHING_SEEN)

    @property
    def token(self) -> VersionVector:
        """Everything that has been seen through this pool."""
        return self._floors[Consistency.CAUSAL]

    def observe(self, token: VersionVector) -> None:
        """See from now on at least what whoever this token came from has seen."""
        with self._lock:
            self._floors[Consistency.CAUSAL] = self.token.merge(token)

    def run(
        self, calls: Sequence[PartitionCall], after: VersionVector = NOTHING_SEEN
    ) -> list[Completed]:
        """Make some calls at once; see `SessionDriver.run`.

        Args:
            calls: reads and writes.
            after: reads of a level with a floor show at least this, too.
        """
        with self._borrowed() as driver:
            driver.session.observe(self.token)
            floored = [self._with_floor(call, after) for call in calls]
            completed = driver.run(floored)
            self._note(driver.session)
            return completed

    def _with_floor(self, call: PartitionCall, after: VersionVector) -> PartitionCall:
        if call.level not in self._floors:
            return call
        floor = max(self._floors[call.level][call.partition], after[call.partition])
        return replace(call, lsn_min=max(call.lsn_min, floor))

    @contextmanager
    def _borrowed(self) -> Iterator[SessionDriver]:
        with self._lock:
            driver = self._idle.pop() if self._idle else self._new_driver()
        yield driver
        # Not where an exception came through: calls may be under way in that session.
        with self._lock:
            self._idle.append(driver)

    def _new_driver(self) -> SessionDriver:
        name = uuid.uuid4().hex
        session = Session(name, self._catalogs, self._policy, Random(name))
        return SessionDriver(session, self._transport)

    def _note(self, session: Session) -> None:
        with self._lock:
            for level in _WITH_FLOORS:
                seen = session.floor(level)
                if not self._floors[level].covers(seen):
                    self._floors[level] = self._floors[level].merge(seen)
