"""A stand-in for a partition's data, small enough to see through: lists by key."""

from __future__ import annotations

from graphray.client.view import GraphSpec
from graphray.replication import StateMachine, TransactionalState
from graphray.replication.packing import pack, unpack


class VersionedLists:
    """Lists of ``(commit time, value)`` by key."""

    def __init__(self) -> None:
        self._lists: dict[str, list[tuple[int, int]]] = {}

    def install(self, time: int, payload: bytes) -> None:
        for key, value in unpack(payload):
            self._lists.setdefault(key, []).append((time, value))

    def refusal(self, payload: bytes) -> str | None:
        return None

    def read(self, content: bytes, time: int | None) -> bytes:
        return pack({key: self._values(key, time) for key in unpack(content)})

    def keep_since(self, times: tuple[int, ...]) -> None:
        pass

    def checkpoint(self) -> bytes:
        return pack(self._lists)

    def restore(self, checkpoint: bytes) -> None:
        self._lists = {key: list(values) for key, values in unpack(checkpoint).items()}

    def covered(self) -> frozenset[str] | None:
        return None

    def extract(self, tags: frozenset[str]) -> bytes:
        return self.checkpoint()

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        self.restore(content)

    def _values(self, key: str, time: int | None) -> tuple[int, ...]:
        return tuple(v for t, v in self._lists.get(key, ()) if time is None or t <= time)


def lists_state(spec: GraphSpec, part: int, replica: int, base_version: int) -> StateMachine:
    return TransactionalState(VersionedLists())


def bytes_of(state: TransactionalState) -> int:
    """What the compaction of real data asks for."""
    return 0
