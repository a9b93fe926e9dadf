"""The data of the transactional workloads: lists whose past versions can be read at pinned
times.
"""

from __future__ import annotations

from bisect import insort

from graphray.replication.packing import pack, unpack


class VersionedLists:
    """Lists of ``(commit time, value)`` by key."""

    def __init__(self) -> None:
        self._lists: dict[str, list[tuple[int, int]]] = {}

    def refusal(self, payload: bytes) -> str | None:
        refused = [key for key, value in unpack(payload) if value is None]
        return f"there is nothing to append to {refused}" if refused else None

    def install(self, time: int, payload: bytes) -> None:
        """In order of time: those that only add to a list may be carried out in any order."""
        for key, value in unpack(payload):
            insort(self._lists.setdefault(key, []), (time, value))

    def read(self, content: bytes, time: int | None) -> bytes:
        return pack({key: self.values(key, time) for key in unpack(content)})

    def values(self, key: str, time: int | None = None) -> tuple[int, ...]:
        return tuple(v for t, v in self._lists.get(key, ()) if time is None or t <= time)

    def is_readable(self, time: int) -> bool:
        return True

    def covered(self) -> frozenset[str] | None:
        return None

    def extract(self, tags: frozenset[str]) -> bytes:
        raise NotImplementedError("lists are kept whole")

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        raise NotImplementedError("lists are kept whole")

    def keep_since(self, times: tuple[int, ...]) -> None:
        """A list shows every version that it ever had, so nothing may go."""

    def checkpoint(self) -> bytes:
        return pack(self._lists)

    def restore(self, checkpoint: bytes) -> None:
        self._lists = {key: list(values) for key, values in unpack(checkpoint).items()}

    def everything(self) -> dict[str, tuple[int, ...]]:
        return {key: self.values(key) for key in self._lists}
