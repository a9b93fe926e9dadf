"""When keys changed last, and which keys two transactions share: what optimistic validation asks.

A key is 8 bytes that are already well mixed, or any other bytes, which are hashed to 8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from graphray.replication.commands import Changes, Key

KEY_BYTES = 8


class ChangeTimes:
    """A table of fixed size: the time of the latest change of any key that falls into a slot.

    A key that shares its slot with one that has just changed looks changed, too: a transaction that
    read it is refused for nothing, and run again. Nothing that did change is ever overlooked.

    Args:
        slots: a power of two, at 8 bytes each. Fewer: less memory, more refusals for nothing; a
            read is refused so with probability (changes since it) / slots.

    Example:
        >>> times = ChangeTimes(1024)
        >>> times.note((b"a",), b"touched!", 7)
        >>> times.of(b"a"), times.of(b"touched!"), times.of(b"b")
        (7, 7, 0)
    """

    def __init__(self, slots: int) -> None:
        self._times: npt.NDArray[np.int64] = np.zeros(slots, np.int64)

    def of(self, key: Key) -> int:
        """A time at or after which the key has not changed."""
        return int(self._times[_number(key) & (len(self._times) - 1)])

    def note(self, writes: Iterable[Key], touches: bytes, time: int) -> None:
        """These keys change at that time."""
        numbers = np.fromiter(map(_number, writes), np.uint64)
        both = np.concatenate((numbers, np.frombuffer(touches, "<u8")))
        at = (both & np.uint64(len(self._times) - 1)).astype(np.int64)
        self._times[at] = np.maximum(self._times[at], time)

    def to_bytes(self) -> bytes:
        """The table, as short as it is empty."""
        used = np.flatnonzero(self._times)
        head = np.array([len(self._times), len(used)], "<i8").tobytes()
        return head + used.astype("<i8").tobytes() + self._times[used].astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> ChangeTimes:
        """The inverse of `to_bytes`."""
        slots, used = np.frombuffer(data, "<i8", 2)
        found = cls(int(slots))
        at, times = np.frombuffer(data, "<i8", offset=16).reshape(2, used)
        found._times[at] = times
        return found


def changed_keys(changes: Changes) -> frozenset[Key]:
    """The keys that are written or touched."""
    return frozenset((*changes.writes, *_split(changes.touches)))


def shared_keys(one: Changes, other: Changes) -> tuple[Key, ...]:
    """The keys that keep two transactions from being prepared at the same time, in order.

    Two that read the same key, or touch it, get along; any other pair does not.
    """
    if not (one.reads or one.writes or other.reads or other.writes):
        return ()
    shared = {*other.reads, *other.writes} & changed_keys(one)
    shared |= {*one.reads, *one.writes} & changed_keys(other)
    return tuple(sorted(shared))


def _split(touches: bytes) -> list[Key]:
    return [touches[at : at + KEY_BYTES] for at in range(0, len(touches), KEY_BYTES)]


def _number(key: Key) -> int:
    if len(key) != KEY_BYTES:
        key = hashlib.blake2b(key, digest_size=KEY_BYTES).digest()
    return int.from_bytes(key, "little")
