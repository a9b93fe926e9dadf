"""Messages of the replication protocol as calls of actors.

A replica is called at the actor of its partition and number, whatever disk it has now: one that
came back with another identity refuses what was meant for the one before it, and the session asks
the catalog anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any

import ray
from ray.exceptions import RayTaskError

from graphray.client.connection import require_connection, submit
from graphray.client.transport import LOST
from graphray.client.view import CATALOG, ActorHandle, place_of
from graphray.client.wire import decode, encode
from graphray.errors import GraphRayError
from graphray.replication.effects import Clock
from graphray.replication.messages import Message


class _Undeliverable:
    """Stands for the answer to a message that could not be sent."""


class RayTransport:
    """Calls ``ask`` of replicas and the catalog (see `graphray.client.changes.session_driver`).

    Args:
        catalog: the catalog's actor.
        replica: finds the actor of a replica, by partition and number.
        timeout_s: how long an actor may look for an answer, before it says that it has none.
    """

    def __init__(
        self,
        catalog: ActorHandle,
        replica: Callable[[int, int], ActorHandle],
        timeout_s: float,
    ) -> None:
        self._catalog = catalog
        self._replica = replica
        self._timeout_s = timeout_s
        self._handles: dict[str, ActorHandle] = {}

    @staticmethod
    def catalog_address(part: int) -> str:
        """Where to ask who serves a partition."""
        return f"{CATALOG}/{part}"

    def send(self, address: str, message: Message) -> Hashable:
        """Send a message; what it returns is the reference to the answer."""
        data = encode(message)
        if address.startswith(CATALOG):
            part = int(address.removeprefix(f"{CATALOG}/"))
            return submit(self._catalog, "ask", part, data, self._timeout_s)
        handle = self._handles.get(address)
        if handle is None:
            require_connection()
            try:
                handle = self._handles[address] = self._replica(*place_of(address))
            except ValueError:
                return _Undeliverable()  # There is no such actor now.
        return submit(handle, "ask", data, self._timeout_s)

    def wait(
        self, pending: Collection[Hashable], timeout_s: float
    ) -> Mapping[Hashable, Message | None]:
        """Wait for the first answers; the answer of an actor that died is None."""
        references: list[Any] = list(pending)
        undeliverable = [one for one in references if isinstance(one, _Undeliverable)]
        if undeliverable:
            return dict.fromkeys(undeliverable)
        if not references:
            threading.Event().wait(timeout_s)
            return {}
        require_connection()
        # First in what is sure to be quick: all that are here already come in one go.
        ready, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
        if len(references) > 1 and ready:
            ready, _ = ray.wait(references, num_returns=len(references), timeout=0)
        return {reference: _answer(reference) for reference in ready}

    def clock(self) -> Clock:
        """The clocks of this process."""
        return Clock(time.monotonic() * 1000, time.time() * 1000)


def _answer(reference: Any) -> Message | None:
    try:
        data: bytes | None = ray.get(reference)
    except LOST:
        return None
    except RayTaskError as error:
        if isinstance(error.cause, GraphRayError):
            return None  # That replica has stopped: others are asked in its place.
        raise
    message: Message | None = None if data is None else decode(data)
    return message
