"""Sending batches to other actors, as few calls as can be.

A call to an actor costs both sides about half a millisecond of CPU, more than what most messages of
the protocol cost to handle. So each receiver has a *lane* with one call under way: what is to be
sent meanwhile is collected, and leaves as one batch when that call returns. And what the receiver's
machine answers within a moment comes back as the call's return value (see `Member.receive`) instead
of in a call of its own: a replicated entry takes one call per backup.

The protocol expects messages to get lost. A receiver that hangs keeps its lane's call under way;
what does not fit into the lane then is dropped, and is sent again at a heartbeat by those who care.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from ray.exceptions import RayError

from graphray.client.view import CATALOG, ActorHandle, place_of
from graphray.client.wire import decode, encode_in_pieces
from graphray.replication.messages import Append, Message

_WAITING_BYTES_MAX = 64 * 2**20
# What a message takes beside the entries that it carries, generously.
_MESSAGE_BYTES = 1_000

Deliver = Callable[[str, Sequence[Message]], None]


class Lane:
    """The way to one actor.

    Args:
        handle: the actor.
        to: the address in the protocol of whom it hosts.
        sender: the address of the one who sends.
        deliver: takes the answers.
    """

    def __init__(self, handle: ActorHandle, to: str, sender: str, deliver: Deliver) -> None:
        self._receive = handle.receive
        self._to = to
        self._sender = sender
        self._deliver = deliver
        self._lock = threading.Lock()
        self._is_under_way = False
        self._waiting: list[Message] = []
        self._waiting_bytes = 0

    def send(self, messages: Sequence[Message]) -> None:
        """Send a batch now, or with the next call; drop it where too much waits for that."""
        with self._lock:
            size = sum(map(_size, messages))
            if self._waiting and self._waiting_bytes + size > _WAITING_BYTES_MAX:
                return
            self._waiting += messages
            self._waiting_bytes += size
            if self._is_under_way:
                return
            batch = self._take()
        self._call(batch)

    def _take(self) -> tuple[Message, ...]:
        batch, self._waiting, self._waiting_bytes = tuple(self._waiting), [], 0
        self._is_under_way = bool(batch)
        return batch

    def _call(self, batch: tuple[Message, ...]) -> None:
        try:
            call = self._receive.remote(self._to, self._sender, *encode_in_pieces(batch))
        except RayError:
            # The actor is gone for good, or the cluster is: a batch that was lost.
            with self._lock:
                self._is_under_way = False
        else:
            call.future().add_done_callback(self._returned)

    def _returned(self, call: Future[bytes | None]) -> None:
        # What kept a call from arriving makes no difference: the batch was lost.
        answer = None if call.cancelled() or call.exception() else call.result()
        with self._lock:
            batch = self._take()
        if batch:
            self._call(batch)
        if answer is not None:
            self._deliver(self._to, decode(answer))


class Peers:
    """What an actor may send to, by address in the protocol.

    Args:
        sender: the address of the one who sends.
        replicas: handles by partition and number of the copy.
        catalog: the catalog's handle; None for the catalog itself.
        deliver: takes the answers, with the address that they come from; on any thread.
    """

    def __init__(
        self,
        sender: str,
        replicas: Mapping[tuple[int, int], ActorHandle],
        catalog: ActorHandle | None,
        deliver: Deliver,
    ) -> None:
        self._sender = sender
        self._replicas = replicas
        self._catalog = catalog
        self._deliver = deliver
        self._lanes: dict[str, Lane] = {}

    def send(self, to: str, messages: Sequence[Message]) -> None:
        """Send a batch; see `MachineShell`."""
        lane = self._lanes.get(to)
        if lane is None:
            handle = self._catalog if to == CATALOG else self._replicas.get(place_of(to))
            if handle is None:
                return  # A copy that this launch has not: there were more replicas before.
            lane = self._lanes[to] = Lane(handle, to, self._sender, self._deliver)
        lane.send(messages)


def _size(message: Message) -> int:
    if isinstance(message, Append):
        return _MESSAGE_BYTES + sum(_MESSAGE_BYTES + len(e.command) for e in message.entries)
    return _MESSAGE_BYTES
