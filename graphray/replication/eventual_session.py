"""A client's session with an eventually consistent partition: any replica will do.

A write gets its number and its stamp here, once; so a write that is sent again, perhaps to another
replica, is the same write. Where two replicas have both taken it, the stamps are equal and one of
the two changes nothing. It gets a later stamp only where a replica refuses the first one and no
other can have taken it.

A replica that did not answer, or is behind what this session has seen, is asked again only after
the others, and after a while.

The levels are floors, as in `graphray.replication.session`, over the writes of each replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphray.replication.cells import Place, Writes
from graphray.replication.configuration import ReplicaId
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Event, Received, Send, SetTimer, TimerFired
from graphray.replication.eventual_messages import (
    GetCells,
    GotCells,
    PutCells,
    PutDone,
    StampTooOld,
)
from graphray.replication.hybrid_clock import BEFORE_ALL, HybridClock, Stamp
from graphray.replication.messages import Redirect
from graphray.replication.session import Outcome, RetryPolicy, SessionEffect
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

_AVOIDED_TRIES = 10

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class CellCompleted:
    """A call has ended; see `graphray.replication.session.Completed`.

    Attributes:
        values: of the cells that were read; None where one holds nothing.
        stamp: of the write, where it is done.
    """

    call: int
    outcome: Outcome
    values: tuple[bytes | None, ...] = ()
    stamp: Stamp = BEFORE_ALL


@dataclass
class _Call:
    """A call under way.

    Attributes:
        sent_to: who may have taken the message, as it is now.
    """

    number: int
    message: PutCells | GetCells
    deadline_ms: float
    retry_ms: float = 0.0
    sent_to: set[ReplicaId] = field(default_factory=set)


class EventualSession:
    """One session of one client; it has one call under way at a time.

    Args:
        client: an identity that no other session has ever had.
        replicas: whom to ask.
        policy: how long to wait.
        rng: chooses among replicas.
        stays: ask the replica that answered last, as long as it does. It has seen what this session
            has, so that a floor is met without a wait; another one is asked each time otherwise.
    """

    def __init__(
        self,
        client: str,
        replicas: Sequence[ReplicaId],
        policy: RetryPolicy,
        rng: Random,
        *,
        stays: bool = False,
    ) -> None:
        self.client = client
        self._replicas = tuple(replicas)
        self._policy = policy
        self._rng = rng
        self._stamps = HybridClock(client)
        self._calls = 0
        self._call: _Call | None = None
        self._now_ms = 0.0
        self._wall_ms = 0.0
        self._outbox: list[SessionEffect | CellCompleted] = []
        self._stays = stays
        self._preferred: ReplicaId | None = None
        self._asked = ""
        self._avoided_until_ms: dict[ReplicaId, float] = {}
        self._read_floor = NOTHING_SEEN
        self._written = NOTHING_SEEN
        self._seen = NOTHING_SEEN
        self._elsewhere = NOTHING_SEEN

    @property
    def token(self) -> VersionVector:
        """Everything of this partition that this session has seen."""
        return self._seen

    @property
    def elsewhere(self) -> VersionVector:
        """What those whose writes it has seen had seen of other partitions."""
        return self._elsewhere

    @property
    def latest(self) -> Stamp:
        """The latest stamp that it has given out or seen."""
        return self._stamps.latest

    def observe(self, token: VersionVector, stamp: Stamp = BEFORE_ALL) -> None:
        """See from now on at least what the session that these came from has seen.

        Args:
            token: what it had seen of this partition.
            stamp: its latest; later writes of this session have a later one.
        """
        self._seen = self._seen.merge(token)
        self._stamps.observe(stamp)

    def put(
        self, writes: Writes, clock: Clock, elsewhere: VersionVector = NOTHING_SEEN
    ) -> tuple[int, list[SessionEffect | CellCompleted]]:
        """Start a write of some cells.

        Args:
            writes: what to write, each cell once; None deletes.
            clock: the time now.
            elsewhere: what the writer has seen of other partitions.
        """
        stamp = self._stamps.tick(clock.wall_ms)
        self._calls += 1
        message = PutCells(self.client, self._calls, writes, stamp, self._seen, elsewhere)
        return self._start(message, clock)

    def get(
        self,
        places: Sequence[Place],
        level: Consistency,
        clock: Clock,
        floor: VersionVector = NOTHING_SEEN,
    ) -> tuple[int, list[SessionEffect | CellCompleted]]:
        """Start a read of some cells, as they are at one moment of one replica.

        Args:
            places: the cells.
            level: what the replica must have seen.
            clock: the time now.
            floor: what it must have seen besides, at any level.
        """
        self._calls += 1
        least = self.floor(level).merge(floor)
        return self._start(GetCells(self.client, self._calls, tuple(places), least), clock)

    def floor(self, level: Consistency) -> VersionVector:
        """What a replica must have seen to answer a read of that level."""
        match level:
            case Consistency.MONOTONIC:
                return self._read_floor
            case Consistency.SESSION:
                return self._read_floor.merge(self._written)
            case Consistency.CAUSAL:
                return self._seen
        return NOTHING_SEEN

    def handle(self, event: Event, clock: Clock) -> list[SessionEffect | CellCompleted]:
        """Take one event and say what is to be done."""
        self._now_ms, self._wall_ms = clock.monotonic_ms, clock.wall_ms
        match event:
            case Received(sender, PutDone() as done):
                self._on_put_done(sender, done)
            case Received(sender, GotCells() as got):
                self._on_got(sender, got)
            case Received(sender, StampTooOld() as refusal):
                self._on_stamp_too_old(sender, refusal)
            case Received(sender, Redirect(request)) if self._is_under_way(request):
                self._ask_another(sender)
            case TimerFired():
                self._retry_if_late()
        return self._take_effects()

    def unanswered(
        self, replica: ReplicaId, number: int, clock: Clock
    ) -> list[SessionEffect | CellCompleted]:
        """A replica has died, or its answer is lost: it may have taken that call or not."""
        self._now_ms, self._wall_ms = clock.monotonic_ms, clock.wall_ms
        if self._is_under_way(number):
            self._avoid(replica)
            self._try_later()
        return self._take_effects()

    def _start(
        self, message: PutCells | GetCells, clock: Clock
    ) -> tuple[int, list[SessionEffect | CellCompleted]]:
        self._now_ms = clock.monotonic_ms
        self._call = _Call(self._calls, message, self._now_ms + self._policy.deadline_ms)
        self._try()
        return self._calls, self._take_effects()

    def _is_under_way(self, number: int) -> bool:
        return self._call is not None and self._call.number == number

    def _try(self) -> None:
        assert self._call is not None
        self._asked = self._choose()
        self._call.sent_to.add(self._asked)
        self._outbox.append(Send(self._asked, self._call.message))
        self._call.retry_ms = min(self._now_ms + self._policy.try_ms, self._call.deadline_ms)
        self._outbox.append(SetTimer(self._call.retry_ms))

    def _choose(self) -> ReplicaId:
        """One of those that are not avoided; where all are, one of all of them."""
        until_ms = self._avoided_until_ms
        good = [r for r in self._replicas if until_ms.get(r, self._now_ms) <= self._now_ms]
        if not good:
            until_ms.clear()
        if self._preferred in good:
            return self._preferred
        return self._rng.choice(good or self._replicas)

    def _avoid(self, replica: ReplicaId) -> None:
        self._preferred = None
        self._avoided_until_ms[replica] = self._now_ms + _AVOIDED_TRIES * self._policy.try_ms

    def _ask_another(self, refusing: ReplicaId) -> None:
        """Another one may be less far behind; this one, which has not taken it, may catch up."""
        assert self._call is not None
        self._call.sent_to.discard(refusing)
        self._avoid(refusing)
        self._try_later()

    def _try_later(self) -> None:
        assert self._call is not None
        self._asked = ""
        pause_ms = self._policy.try_ms / 10
        self._call.retry_ms = min(self._now_ms + pause_ms, self._call.deadline_ms)
        self._outbox.append(SetTimer(self._call.retry_ms))

    def _retry_if_late(self) -> None:
        if self._call is None:
            return
        if self._now_ms >= self._call.deadline_ms:
            is_read = isinstance(self._call.message, GetCells)
            self._end(Outcome.UNAVAILABLE if is_read else Outcome.INDETERMINATE)
        elif self._now_ms >= self._call.retry_ms:
            if self._asked:
                self._avoid(self._asked)
            self._try()
        else:
            self._outbox.append(SetTimer(self._call.retry_ms))

    def _on_put_done(self, sender: ReplicaId, done: PutDone) -> None:
        if done.client == self.client and self._is_under_way(done.seq):
            self._prefer(sender)
            self._stamps.observe(done.stamp)
            self._written = self._written.seen(done.origin, done.number)
            self._seen = self._seen.seen(done.origin, done.number)
            self._end(Outcome.DONE, stamp=done.stamp)

    def _on_stamp_too_old(self, sender: ReplicaId, refusal: StampTooOld) -> None:
        call = self._call
        if call is None or not isinstance(call.message, PutCells):
            return
        message = call.message
        if (refusal.client, refusal.seq, refusal.stamp) != (
            self.client,
            message.seq,
            message.stamp,
        ):
            return
        self._stamps.observe(refusal.latest)
        if call.sent_to <= {sender}:
            call.message = replace(message, stamp=self._stamps.tick(self._wall_ms))
            self._try()
        else:
            # Under a later stamp it would be two writes, where another one has taken it already.
            self._ask_another(sender)

    def _on_got(self, sender: ReplicaId, got: GotCells) -> None:
        if got.client == self.client and self._is_under_way(got.number):
            self._prefer(sender)
            self._stamps.observe(got.stamp)
            self._read_floor = self._read_floor.merge(got.seen)
            self._seen = self._seen.merge(got.seen)
            self._elsewhere = self._elsewhere.merge(got.elsewhere)
            self._end(Outcome.DONE, values=got.values)

    def _prefer(self, replica: ReplicaId) -> None:
        if self._stays:
            self._preferred = replica

    def _end(
        self,
        outcome: Outcome,
        values: tuple[bytes | None, ...] = (),
        stamp: Stamp = BEFORE_ALL,
    ) -> None:
        assert self._call is not None
        self._outbox.append(CellCompleted(self._call.number, outcome, values, stamp))
        self._call = None

    def _take_effects(self) -> list[SessionEffect | CellCompleted]:
        effects, self._outbox = self._outbox, []
        return effects
