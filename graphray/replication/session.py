"""A client's session: numbers for its writes, floors for its reads, the way to a replica.

The session keeps three version vectors: what it has *read*, what it has *written*, and everything
it has *seen*, which also holds what the writers of what it read had seen. A read's level picks one
as its floor. ``token`` is the last of them; a session in another process that is given it
(`observe`) sees at least as much.

A call is sent again until it is answered or its deadline passes. A write keeps its number, so that
it is applied once, however often it is sent; past its deadline it is *indeterminate*: it may have
been applied, and may still be. Writes to one partition are sent one after the other, so that they
are applied in the session's order.

Like the replica this is a state machine: `write`, `read` and `handle` return effects, of which
`Completed` is the caller's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from graphray.replication.configuration import Configuration
from graphray.replication.consistency import Consistency
from graphray.replication.effects import Clock, Effect, Event, Received, Send, SetTimer, TimerFired
from graphray.replication.messages import (
    Answer,
    ConfigurationQuery,
    Configure,
    OpenSession,
    Read,
    ReadDone,
    Redirect,
    SessionUnknown,
    Write,
    WriteDone,
)
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector

if TYPE_CHECKING:
    from random import Random


class Outcome(Enum):
    """How a call ended."""

    DONE = "done"
    INDETERMINATE = "indeterminate"  # a write that may or may not be applied
    UNAVAILABLE = "unavailable"  # a read that nobody answered


@dataclass(frozen=True, slots=True)
class Completed:
    """A call has ended.

    Attributes:
        call: its number, from `write` or `read`.
        outcome: how it ended.
        result: the state machine's, where it is done.
        lsn: of the write, or of the state that was read.
    """

    call: int
    outcome: Outcome
    result: bytes = b""
    lsn: int = 0


SessionEffect: TypeAlias = Effect | Completed


@dataclass(frozen=True)
class RetryPolicy:
    """How long a session waits.

    Attributes:
        try_ms: after this long without an answer, another replica is asked.
        deadline_ms: after this long the call is given up.
    """

    try_ms: float = 200.0
    deadline_ms: float = 10_000.0


@dataclass
class _Call:
    number: int
    partition: str
    command: bytes
    deadline_ms: float
    read: Read | None = None
    seq: int = 0
    retry_ms: float = 0.0


@dataclass
class _Partition:
    catalog: str
    configuration: Configuration | None = None
    is_open: bool = False
    last_seq: int = 0
    writes: deque[_Call] = field(default_factory=deque)


class Session:
    """One session of one client.

    Args:
        client: an identity that no other session has ever had.
        catalogs: by partition, whom to ask for its configuration.
        policy: how long to wait.
        rng: chooses among replicas.
    """

    def __init__(
        self, client: str, catalogs: Mapping[str, str], policy: RetryPolicy, rng: Random
    ) -> None:
        self.client = client
        self._policy = policy
        self._rng = rng
        self._partitions = {name: _Partition(catalog) for name, catalog in catalogs.items()}
        self._reads: dict[int, _Call] = {}
        self._calls = 0
        self._now_ms = 0.0
        self._outbox: list[SessionEffect] = []
        self._read_floor = NOTHING_SEEN
        self._written = NOTHING_SEEN
        self._seen = NOTHING_SEEN

    @property
    def token(self) -> VersionVector:
        """Everything that this session has seen."""
        return self._seen

    def observe(self, token: VersionVector) -> None:
        """See from now on at least what the session that this token came from has seen."""
        self._seen = self._seen.merge(token)

    def write(
        self, partition: str, command: bytes, clock: Clock
    ) -> tuple[int, list[SessionEffect]]:
        """Start a write; `Completed` will carry the number that is returned."""
        self._now_ms = clock.monotonic_ms
        part = self._partitions[partition]
        part.last_seq += 1
        call = self._new_call(partition, command)
        call.seq = part.last_seq
        part.writes.append(call)
        if part.writes[0] is call:
            self._try(call)
        return call.number, self._take_effects()

    def read(
        self,
        partition: str,
        query: bytes,
        level: Consistency,
        clock: Clock,
        *,
        lsn_min: int = 0,
        tags: frozenset[str] = frozenset(),
    ) -> tuple[int, list[SessionEffect]]:
        """Start a read.

        Args:
            partition: whose data.
            query: for the state machine.
            level: which states may answer.
            clock: now.
            lsn_min: a floor of the caller's own, such as the LSN at which a snapshot was pinned.
            tags: columns or hot nodes that the answering replica must keep.
        """
        self._now_ms = clock.monotonic_ms
        call = self._new_call(partition, query)
        floor = max(lsn_min, self.floor(level)[partition])
        call.read = Read(self.client, call.number, query, level, floor, tags)
        self._reads[call.number] = call
        self._try(call)
        return call.number, self._take_effects()

    def floor(self, level: Consistency) -> VersionVector:
        """Below which state no replica may answer a read of that level."""
        match level:
            case Consistency.MONOTONIC:
                return self._read_floor
            case Consistency.SESSION:
                return self._read_floor.merge(self._written)
            case Consistency.CAUSAL:
                return self._seen
        return NOTHING_SEEN

    def handle(self, event: Event, clock: Clock) -> list[SessionEffect]:
        """Take one event and say what is to be done."""
        self._now_ms = clock.monotonic_ms
        match event:
            case Received(_, WriteDone() | ReadDone() | SessionUnknown() | Redirect() as answer):
                self._on_answer(answer)
            case Received(_, Configure(configuration)):
                self._learn(configuration)
            case TimerFired():
                self._retry_late()
        return self._take_effects()

    def _take_effects(self) -> list[SessionEffect]:
        effects, self._outbox = self._outbox, []
        return effects

    # --- sending ----------------------------------------------------------------------------------

    def _new_call(self, partition: str, command: bytes) -> _Call:
        self._calls += 1
        return _Call(self._calls, partition, command, self._now_ms + self._policy.deadline_ms)

    def _try(self, call: _Call) -> None:
        call.retry_ms = min(self._now_ms + self._policy.try_ms, call.deadline_ms)
        part = self._partitions[call.partition]
        if part.configuration is None:
            self._outbox.append(Send(part.catalog, ConfigurationQuery()))
        elif call.read is not None:
            self._outbox.append(Send(self._reader(part.configuration, call.read), call.read))
        elif not part.is_open:
            self._outbox.append(Send(part.configuration.primary, OpenSession(self.client)))
        else:
            # The calls before this one have ended, so their results need not be kept.
            write = Write(self.client, call.seq, call.seq, call.command, self._seen)
            self._outbox.append(Send(part.configuration.primary, write))
        self._set_timer()

    def _reader(self, configuration: Configuration, read: Read) -> str:
        if read.level is Consistency.STRONG and not configuration.strategy.writes_all:
            return configuration.primary
        keeping = [m for m in configuration.members if configuration.covers(m, read.tags)]
        return self._rng.choice(keeping or configuration.members)

    def _set_timer(self) -> None:
        times = [call.retry_ms for call in self._under_way()]
        if times:
            self._outbox.append(SetTimer(min(times)))

    def _under_way(self) -> list[_Call]:
        writes = [part.writes[0] for part in self._partitions.values() if part.writes]
        return [*self._reads.values(), *writes]

    def _retry_late(self) -> None:
        for call in self._under_way():
            if self._now_ms >= call.deadline_ms:
                self._give_up(call)
            elif self._now_ms >= call.retry_ms:
                # Whoever was asked may be gone: perhaps another leads by now.
                part = self._partitions[call.partition]
                self._outbox.append(Send(part.catalog, ConfigurationQuery()))
                self._try(call)
        self._set_timer()

    def _give_up(self, call: _Call) -> None:
        is_read = call.read is not None
        self._end(call, Outcome.UNAVAILABLE if is_read else Outcome.INDETERMINATE)

    def _end(self, call: _Call, outcome: Outcome, result: bytes = b"", lsn: int = 0) -> None:
        self._outbox.append(Completed(call.number, outcome, result, lsn))
        if call.read is not None:
            del self._reads[call.number]
            return
        writes = self._partitions[call.partition].writes
        writes.popleft()
        if writes:
            self._try(writes[0])

    # --- answers ----------------------------------------------------------------------------------

    def _learn(self, configuration: Configuration | None) -> None:
        part = None if configuration is None else self._partitions.get(configuration.partition)
        if configuration is None or part is None:
            return
        if part.configuration is None or configuration.term > part.configuration.term:
            part.configuration = configuration
            for call in self._under_way():
                if call.partition == configuration.partition:
                    self._try(call)

    def _on_answer(self, answer: Answer) -> None:
        match answer:
            case ReadDone():
                self._on_read_done(answer)
            case WriteDone():
                self._on_write_done(answer)
            case SessionUnknown():
                self._on_session_unknown(answer)
            case Redirect(configuration=configuration):
                # Asked again when its time comes: at once might be too early for a new primary.
                self._learn(configuration)

    def _on_read_done(self, answer: ReadDone) -> None:
        call = self._reads.get(answer.number)
        if call is None or answer.client != self.client:
            return  # A late answer, perhaps to an earlier session at this address.
        self._read_floor = self._read_floor.seen(call.partition, answer.lsn)
        self._see(call.partition, answer.lsn, answer.dependencies)
        self._end(call, Outcome.DONE, answer.result, answer.lsn)

    def _on_write_done(self, answer: WriteDone) -> None:
        part = self._partitions.get(answer.partition)
        if part is None or not part.writes or answer.client != self.client:
            return
        call = part.writes[0]
        if answer.seq == 0 and not part.is_open:
            part.is_open = True
            self._try(call)
        elif answer.seq == call.seq:
            self._written = self._written.seen(call.partition, answer.lsn)
            self._see(call.partition, answer.lsn, answer.dependencies)
            self._end(call, Outcome.DONE, answer.result, answer.lsn)

    def _on_session_unknown(self, answer: SessionUnknown) -> None:
        part = self._partitions.get(answer.partition)
        if part is not None and part.writes and part.writes[0].seq == answer.seq:
            self._end(part.writes[0], Outcome.INDETERMINATE)

    def _see(self, partition: str, lsn: int, dependencies: VersionVector) -> None:
        self._seen = self._seen.merge(dependencies).seen(partition, lsn)
