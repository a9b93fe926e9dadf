"""Whether a graph is open for changes, and the supervisor if it is.

A graph that nobody changes has no supervisor and costs nothing. It is opened by the first call that
needs it (`open`), when a graph that has been changed is launched again (`go_on`), and in a catalog
that was restarted by the first report of a replica.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from actors.launch_record import begin_record, ensure_record, find_record
from actors.supervisor import Supervisor
from graphray.client.changes.partition_calls import PartitionCalls
from graphray.client.view import ActorHandle, ChangeView, GraphSpec
from graphray.errors import GraphRayError
from graphray.replication.configuration import Configuration, ReplicaId
from graphray.replication.messages import Message

_OPEN_S = 60.0


class ChangesDesk:
    """Where the catalog's calls about changes arrive.

    Args:
        spec: the graph.
        find_replica: the handle of a replica's actor.
        calls: the way to the partitions, as a client has it.
    """

    def __init__(
        self,
        spec: GraphSpec,
        find_replica: Callable[[int, int], ActorHandle],
        calls: Callable[[], PartitionCalls],
    ) -> None:
        self._spec = spec
        self._find_replica = find_replica
        self._calls = calls
        self._opening = threading.Lock()
        self._reopening: threading.Thread | None = None
        self._supervisor: Supervisor | None = None
        self._problem = ""

    def prepare(self) -> None:
        """At a launch, before any replica is made: find the changes made before, or discard them.

        Raises:
            ArgumentError: where they are replicated in another way.
        """
        if find_record(self._spec) is None:
            return
        if self._spec.options.discard_changes:
            begin_record(self._spec)
        ensure_record(self._spec)

    def go_on(self, parts: int) -> None:
        """At a launch, when the replicas are there: take up the changes made before.

        Raises:
            ClusterError: where a replica cannot take part.
        """
        if find_record(self._spec) is not None:
            self.open(parts)

    def open(self, parts: int) -> ChangeView:
        """Begin to replicate changes, where that has not been done, and say who takes part."""
        return self._opened(parts).view(_OPEN_S)

    def receive(self, parts: int, sender: ReplicaId, messages: tuple[Message, ...]) -> None:
        """Messages of a replica; they get lost while a restarted catalog takes changes up."""
        if self._supervisor is not None:
            self._supervisor.receive(sender, messages)
        elif self._reopening is None or not self._reopening.is_alive():
            self._reopening = threading.Thread(target=self._reopen, args=(parts,), daemon=True)
            self._reopening.start()

    def ask(self, parts: int, part: int, message: Message, timeout_s: float) -> Message | None:
        """A client's message to a partition's manager; None where it had no answer in time."""
        return self._opened(parts).ask(part, message, timeout_s)

    def configurations(self) -> tuple[Configuration, ...]:
        """The newest of every partition, as far as they are known; none where nobody changes it."""
        supervisor = self._supervisor
        return () if supervisor is None else supervisor.configurations()

    def problems(self) -> tuple[str, ...]:
        """What stands in the way of changes now."""
        supervisor = self._supervisor
        if supervisor is not None:
            return supervisor.problems()
        return (self._problem,) if self._problem else ()

    def close(self) -> None:
        """Stop."""
        if self._supervisor is not None:
            self._supervisor.close()

    def _reopen(self, parts: int) -> None:
        try:
            self._opened(parts)
        except GraphRayError as error:
            # The next report tries again.
            self._problem = f"changes cannot be taken up: {error}"

    def _opened(self, parts: int) -> Supervisor:
        if self._supervisor is None:
            with self._opening:
                if self._supervisor is None:
                    self._supervisor = Supervisor(
                        self._spec,
                        ensure_record(self._spec),
                        parts,
                        self._find_replica,
                        self._calls,
                        _OPEN_S,
                    )
                    self._problem = ""
        return self._supervisor
