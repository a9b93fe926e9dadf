"""Transactions that nobody finishes are brought to their end.

A client that dies in the middle of a commit leaves its transaction prepared in some partitions,
where it keeps readers and writers of the same keys waiting, or decided and not forgotten. Whoever
comes across one may end it (see `graphray.replication.transactions`); clients do so where it is in
their way. This thread does it for those that are in nobody's way: they would be kept for ever, and
hold every snapshot back.

Only what was there at the last look already is touched: most are about to end by themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ray.exceptions import RayError

from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.transport import fetch
from graphray.client.view import ActorHandle
from graphray.errors import GraphRayError
from graphray.replication.commands import Decide, Decided
from graphray.replication.transactions import Call, Steps, finish, resolve

_LOOK_S = 2.0


class TransactionCleaner:
    """Looks for abandoned transactions now and then, on a thread of its own.

    Args:
        parts: how many partitions there are.
        leader: the actor that leads a partition now, or None.
        calls: the way to the partitions; asked for when it is needed first.
        every_s: how long a transaction may take before it is ended. Shorter: others wait less for
            a client that has died; slow clients have to run theirs again.

    Attributes:
        problem: why the last one could not be ended; empty where all could.
    """

    def __init__(
        self,
        parts: int,
        leader: Callable[[int], ActorHandle | None],
        calls: Callable[[], PartitionCalls],
        every_s: float,
    ) -> None:
        self.problem = ""
        self._leader = leader
        self._connect = calls
        self._calls: PartitionCalls | None = None
        self._every_s = every_s
        self._seen: list[set[str]] = [set() for _ in range(parts)]
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="cleaner", daemon=True).start()

    def close(self) -> None:
        """Stop; what is under way may still be carried out."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            for part in range(len(self._seen)):
                try:
                    self._clean(part)
                except (GraphRayError, RayError) as error:
                    self.problem = f"transactions of partition {part} cannot be ended: {error}"

    def _clean(self, part: int) -> None:
        leader = self._leader(part)
        if leader is None:
            return
        undecided, unfinished = fetch(leader.unended.remote(), _LOOK_S)
        names = {*undecided, *unfinished}
        old, self._seen[part] = names & self._seen[part], names
        for steps in ending_steps(str(part), old, undecided, unfinished):
            self._drive(steps)
        self.problem = ""

    def _drive(self, steps: Steps) -> None:
        if self._calls is None:
            self._calls = self._connect()
        self._calls.drive(steps)


def ending_steps(
    partition: str,
    names: set[str],
    undecided: dict[str, str],
    unfinished: dict[str, tuple[str, ...]],
) -> Iterator[Steps]:
    """How to end some transactions that were found in a partition.

    Args:
        partition: where they were found.
        names: of the transactions.
        undecided: by name, the coordinator.
        unfinished: by name, who takes part; the partition itself coordinates them.
    """
    for name in sorted(names):
        if name in undecided:
            yield resolve(name, undecided[name], partition)
        else:
            yield _finish_decided(name, partition, unfinished[name])


def _finish_decided(name: str, coordinator: str, participants: tuple[str, ...]) -> Steps:
    """Tell everyone what was decided once more; to propose an abort returns the decision."""
    results: Any = yield (Call(coordinator, Decide(name, False, 0, participants)),)
    (decided,) = results
    if isinstance(decided, Decided):
        yield from finish(name, coordinator, decided, participants)
