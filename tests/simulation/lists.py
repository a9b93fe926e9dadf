"""The state machine of the simple workloads: lists by key, to which values are appended.

Since a read returns the whole list, a history shows the order in which writes took effect, and one
that was lost, doubled or overtaken is plain to see (Kingsbury and Alvaro, "Elle", VLDB 2020).
"""

from __future__ import annotations

from graphray.replication.packing import pack, unpack


class Lists:
    """Lists of integers by key; the key's first part, before a colon, is its column."""

    def __init__(self, kept: frozenset[str] | None = None) -> None:
        self._lists: dict[str, list[int]] = {}
        self._kept = kept

    def apply(self, lsn: int, time_ms: int, command: bytes) -> bytes:
        key, value = unpack(command)
        if self._keeps(key):
            self._lists.setdefault(key, []).append(value)
        return b""

    def read(self, query: bytes) -> bytes:
        return pack(self._lists.get(unpack(query), ()))

    def checkpoint(self) -> bytes:
        return pack((None if self._kept is None else tuple(sorted(self._kept)), self._lists))

    def restore(self, checkpoint: bytes) -> None:
        kept, state = unpack(checkpoint)
        if self._kept is not None and kept is not None:
            self._kept &= set(kept)
        self._lists = {key: list(values) for key, values in state.items() if self._keeps(key)}

    def everything(self) -> dict[str, tuple[int, ...]]:
        return {key: tuple(values) for key, values in self._lists.items()}

    def extract(self, tags: frozenset[str]) -> bytes:
        return pack({k: v for k, v in self._lists.items() if k.split(":")[0] in tags})

    def absorb(self, tags: frozenset[str], content: bytes) -> None:
        assert self._kept is not None
        self._kept |= tags
        self._lists.update({key: list(values) for key, values in unpack(content).items()})

    def covered(self) -> frozenset[str] | None:
        return self._kept

    def _keeps(self, key: str) -> bool:
        return self._kept is None or key.split(":")[0] in self._kept
