"""Sending batches to other actors: fire and forget, with a bound on what is under way.

The protocol expects messages to get lost, so nobody waits for a call to arrive. But calls to an
actor that hangs pile up in this process, and every heartbeat sends again what was not answered. So
each receiver has a lane with room for so many calls and bytes; while it is full, batches are
dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ray
from ray.exceptions import RayError

from graphray.client.view import CATALOG, ActorHandle, place_of
from graphray.client.wire import encode_in_pieces
from graphray.replication.messages import Message

_CALLS_MAX = 64
_BYTES_MAX = 64 * 2**20
_LOOK_AFTER_CALLS = 16

Place = tuple[int, int]


class Lane:
    """The way to one actor."""

    def __init__(self, handle: ActorHandle) -> None:
        self._call = handle.receive.remote
        self._under_way: dict[ray.ObjectRef, int] = {}
        self._bytes = 0

    def send(self, to: str, sender: str, messages: Sequence[Message]) -> None:
        """Send a batch, or drop it where too much is under way."""
        pieces = encode_in_pieces(tuple(messages))
        size = sum(map(len, pieces))
        if len(self._under_way) >= _LOOK_AFTER_CALLS or self._bytes + size > _BYTES_MAX:
            self._forget_arrived()
        if len(self._under_way) >= _CALLS_MAX or self._bytes + size > _BYTES_MAX:
            return
        self._under_way[self._call(to, sender, *pieces)] = size
        self._bytes += size

    def _forget_arrived(self) -> None:
        """Let go of calls that have returned or failed: which of the two makes no difference."""
        calls = list(self._under_way)
        if not calls:
            return
        arrived, _ = ray.wait(calls, num_returns=len(calls), timeout=0, fetch_local=False)
        for call in arrived:
            self._bytes -= self._under_way.pop(call)


class Peers:
    """What an actor may send to, by address in the protocol.

    Args:
        sender: the address of the one who sends.
        replicas: handles by partition and number of the copy.
        catalog: the catalog's handle; None for the catalog itself.
        may_send: asked before every batch; a replica that has lost its voice answers no.
    """

    def __init__(
        self,
        sender: str,
        replicas: Mapping[Place, ActorHandle],
        catalog: ActorHandle | None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sender = sender
        self._may_send = may_send
        self._replicas = {place: Lane(handle) for place, handle in replicas.items()}
        self._catalog = None if catalog is None else Lane(catalog)
        self.problem = ""

    def send(self, to: str, messages: Sequence[Message]) -> None:
        """Send a batch; see `MachineShell`."""
        lane = self._catalog if to == CATALOG else self._replicas.get(place_of(to))
        if lane is None or not self._may_send():
            return  # A copy that this launch has not: there were more replicas before.
        try:
            lane.send(to, self._sender, messages)
        except RayError as error:
            # The cluster is going down or the actor is gone for good: a message that was lost.
            self.problem = f"cannot send to {to}: {error}"
