"""Commands, queries and the steps of a transaction, carried out by a blocking client.

The steps of `graphray.replication.transactions` say what is to be asked of which partition; this
asks, of several partitions at once, and hands the results back. A query that meets a transaction
which is just being committed waits for its end; one that nobody ends it ends itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphray.changes.column_shares import Share
from graphray.client.changes.background_work import BackgroundWork
from graphray.client.changes.session_driver import PartitionCall, Transport
from graphray.client.changes.session_pool import SessionPool
from graphray.errors import PartitionUnavailable, SnapshotGone, WriteIndeterminate
from graphray.metrics import WRITES
from graphray.replication.commands import (
    Command,
    Conflict,
    FencedOut,
    Forget,
    Invalid,
    Query,
    Result,
    Value,
    command_to_bytes,
    result_from_bytes,
)
from graphray.replication.consistency import Consistency
from graphray.replication.session import Completed, Outcome
from graphray.replication.transactions import Call, Ending, Results, Verdict, resolve
from graphray.replication.version_vector import NOTHING_SEEN, VersionVector
from graphray.tally import count
from graphray.tracing import span

T = TypeVar("T")

_BACKGROUND_MAX = 16
_PAUSE_MS_MIN, _PAUSE_MS_MAX = 1.0, 50.0


@dataclass(frozen=True)
class PatiencePolicy:
    """How long a call puts up with others.

    Attributes:
        deadline_ms: after this long a call ends in an error.
        resolve_ms: a transaction that keeps a query waiting for longer is taken to have lost its
            client, and is ended. Shorter: less waiting after a client's death; slow clients have
            their transactions aborted, and have to run them again.
    """

    deadline_ms: float = 60_000.0
    resolve_ms: float = 1_000.0


class PartitionCalls:
    """Calls to the partitions of one graph; safe to use from several threads.

    Args:
        names: of the partitions, by number.
        pool: the sessions.
        transport: for its clock, and to pause.
        patience: how long to wait for others.
        in_background: does something that nobody waits for; None for threads of its own.
        shares: under partial replication, the sets of columns that one replica keeps together.
        graph: its name, for metrics and traces.
    """

    def __init__(
        self,
        names: Sequence[str],
        pool: SessionPool,
        transport: Transport,
        patience: PatiencePolicy | None = None,
        in_background: Callable[[Callable[[], object]], None] | None = None,
        shares: Collection[Share] = (),
        graph: str = "",
    ) -> None:
        self.names = tuple(names)
        self.pool = pool
        self.shares = frozenset(shares)
        self._graph = graph
        self._transport = transport
        self._patience = patience or PatiencePolicy()
        self._in_background = in_background or BackgroundWork(_BACKGROUND_MAX).run
        self._parts = {name: part for part, name in enumerate(self.names)}

    @property
    def parts(self) -> int:
        """The number of partitions."""
        return len(self.names)

    def now_ms(self) -> float:
        """The time of day."""
        return self._transport.clock().wall_ms

    def monotonic_ms(self) -> float:
        """A clock that never jumps."""
        return self._transport.clock().monotonic_ms

    def pause(self, ms: float) -> None:
        """Wait that long."""
        self._transport.wait((), ms / 1000)

    def command(self, part: int, command: Command) -> Result:
        """Have one partition carry out a command.

        Raises:
            WriteIndeterminate: where no answer came before the deadline.
        """
        (result,) = self.run_all((Call(self.names[part], command),))
        if result is None:
            raise WriteIndeterminate(
                f"partition {part} did not answer {type(command).__name__} before the deadline; "
                "it may or may not have been carried out. See 'graphray status'",
                part=part,
            )
        return result

    def query(
        self,
        queries: Mapping[int, Query],
        level: Consistency = Consistency.STRONG,
        after: VersionVector = NOTHING_SEEN,
        tags: frozenset[str] = frozenset(),
    ) -> dict[int, Value]:
        """Ask several partitions at once.

        Args:
            queries: by partition.
            level: which states may answer.
            after: the answers show at least this, where the level has a floor.
            tags: the columns that are asked about; one replica has to keep them all.

        Raises:
            PartitionUnavailable: where a partition did not answer before the deadline.
            SnapshotGone: where a query is about a time that is not pinned.
        """
        answers: dict[int, Value] = {}
        waits = _Waits(self.monotonic_ms(), self._patience)
        while len(answers) < len(queries):
            open_parts = [part for part in queries if part not in answers]
            completed = self.pool.run(
                [
                    PartitionCall(self.names[p], queries[p].to_bytes(), level, tags=tags)
                    for p in open_parts
                ],
                after,
            )
            blocked: dict[int, Conflict] = {}
            for part, done in zip(open_parts, completed, strict=True):
                result = _result(done)
                if isinstance(result, Value):
                    answers[part] = result
                elif isinstance(result, Conflict):
                    blocked[part] = result
                elif isinstance(result, Invalid):
                    raise SnapshotGone(f"partition {part}: {result.reason}", part=part)
                else:
                    raise self._unavailable(part, level)
            if blocked:
                self._await_end(blocked, waits)
        return answers

    def drive(self, steps: Generator[tuple[Call, ...] | Ending, Results, T]) -> T:
        """Carry the steps of a protocol out, and return what they return.

        What is announced on the way is passed over; see `commit`.
        """
        return self._drive(steps, [])

    def commit(self, steps: Generator[tuple[Call, ...] | Ending, Results, None]) -> Ending:
        """Carry out the steps of a commit; returns how it ended.

        The coordinator is told to forget the decision in the background: nobody waits for that.
        """
        endings: list[Ending] = []
        with span("commit", graph=self._graph):
            self._drive(steps, endings)
        return endings[0] if endings else Ending(Verdict.INDETERMINATE)

    def _drive(
        self, steps: Generator[tuple[Call, ...] | Ending, Results, T], endings: list[Ending]
    ) -> T:
        results: Results = ()
        try:
            wanted = next(steps)
            while True:
                if isinstance(wanted, Ending):
                    endings.append(wanted)
                    results = ()
                elif all(isinstance(call.request, Forget) for call in wanted):
                    self._in_background(functools.partial(self.run_all, wanted))
                    results = (None,) * len(wanted)
                else:
                    results = self.run_all(wanted)
                wanted = steps.send(results)
        except StopIteration as stop:
            returned: T = stop.value
            return returned

    def run_all(self, calls: Sequence[Call]) -> Results:
        """The result of each call; None where it is not known."""
        if not calls:
            return ()
        completed = self.pool.run([_partition_call(call) for call in calls])
        results = tuple(_result(done) for done in completed)
        for call, result in zip(calls, results, strict=True):
            if not isinstance(call.request, Query):
                self._count_write(call.partition, result)
        return results

    def _count_write(self, partition: str, result: Result | None) -> None:
        outcome = "indeterminate" if result is None else "applied"
        if isinstance(result, Conflict | Invalid | FencedOut):
            outcome = "refused"
        count(WRITES, (self._graph, str(self._parts[partition]), outcome))

    def _await_end(self, blocked: Mapping[int, Conflict], waits: _Waits) -> None:
        """Let the transactions that block a query end, and end those that nobody does."""
        now_ms = self.monotonic_ms()
        for part, conflict in blocked.items():
            if conflict.winner and waits.is_abandoned(conflict.winner, now_ms):
                self.drive(resolve(conflict.winner, conflict.coordinator, self.names[part]))
        if now_ms >= waits.deadline_ms:
            part, conflict = next(iter(blocked.items()))
            raise PartitionUnavailable(
                f"partition {part} is waiting for the end of transaction {conflict.winner}, whose "
                f"coordinator {conflict.coordinator!r} did not answer; see 'graphray status'",
                part=part,
            )
        self.pause(waits.next_pause_ms())

    def _unavailable(self, part: int, level: Consistency) -> PartitionUnavailable:
        return PartitionUnavailable(
            f"no replica of partition {part} answered a {level.value} read within "
            f"{self._patience.deadline_ms / 1000:g} s; see 'graphray status', and docs/guarantees "
            "for the levels that fewer replicas suffice for",
            part=part,
        )


class _Waits:
    """How long a query has been waiting, and for whom."""

    def __init__(self, now_ms: float, patience: PatiencePolicy) -> None:
        self.deadline_ms = now_ms + patience.deadline_ms
        self._resolve_ms = patience.resolve_ms
        self._since_ms: dict[str, float] = {}
        self._pause_ms = _PAUSE_MS_MIN

    def is_abandoned(self, transaction: str, now_ms: float) -> bool:
        """Whether that transaction has been in the way for too long."""
        return now_ms - self._since_ms.setdefault(transaction, now_ms) >= self._resolve_ms

    def next_pause_ms(self) -> float:
        """Longer every time."""
        pause_ms, self._pause_ms = self._pause_ms, min(2 * self._pause_ms, _PAUSE_MS_MAX)
        return pause_ms


def _partition_call(call: Call) -> PartitionCall:
    if isinstance(call.request, Query):
        return PartitionCall(call.partition, call.request.to_bytes(), Consistency.STRONG)
    return PartitionCall(call.partition, command_to_bytes(call.request))


def _result(done: Completed) -> Result | None:
    return result_from_bytes(done.result) if done.outcome is Outcome.DONE else None
