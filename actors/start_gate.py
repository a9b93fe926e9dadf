"""What a restarted replica waits at before it loads: whether it goes on is the catalog's word.

Ray restarts what has ended, at once and for ever. So a replica that ends again and again would load
again and again, at the cost of its node; here it waits instead, idle, for as long as the catalog
holds it back (`graphray.health.Quarantine`). Where no catalog answers it goes on: to serve is worth
more than to be patient.
"""

from __future__ import annotations

import threading

import ray
from ray.exceptions import RayError

from graphray.client.connection import submit
from graphray.client.transport import fetch
from graphray.client.view import NAMESPACE, GraphSpec
from graphray.errors import GraphRayError, ReplicaHeldBack
from graphray.health import Leave

_ANSWER_S = 5.0
# A release, or a catalog that was restarted, is noticed within this time.
_ASK_AGAIN_S = 1.0


class StartGate:
    """The gate of one process; open where that is the replica's first.

    Args:
        spec: the graph.
        part: the partition.
        replica: the number of the copy.
        incarnation: the name of this process.
        is_restart: whether there was a process before.
    """

    def __init__(
        self, spec: GraphSpec, part: int, replica: int, incarnation: str, *, is_restart: bool
    ) -> None:
        self._spec = spec
        self._part = part
        self._replica = replica
        self._incarnation = incarnation
        self._is_open = not is_restart
        self._reason = "the catalog has not answered"
        self._has_answer = threading.Event()

    def wait(self) -> None:
        """Return once this process may go on."""
        pause = threading.Event()
        while not self._is_open:
            leave = self._check_in()
            self._is_open, self._reason = leave.hold_s <= 0, leave.reason
            self._has_answer.set()
            pause.wait(min(leave.hold_s, _ASK_AGAIN_S))

    def require_open(self) -> None:
        """Raise ReplicaHeldBack where this process is not to go on yet."""
        if not self._is_open:
            self._has_answer.wait(_ANSWER_S)
        if not self._is_open:
            raise ReplicaHeldBack(
                f"replica {self._replica} of partition {self._part} waits before it loads again: "
                f"{self._reason}; see 'graphray events {self._spec.name}'",
                part=self._part,
                replica=self._replica,
            )

    def _check_in(self) -> Leave:
        try:
            catalog = ray.get_actor(self._spec.catalog_actor, namespace=NAMESPACE)
            call = submit(catalog, "check_in", self._part, self._replica, self._incarnation)
            leave: Leave = fetch(call, _ANSWER_S)
        except (RayError, GraphRayError, ValueError):
            return Leave()  # ValueError: there is no catalog.
        return leave
