"""Rows of a growing table found by key: a hash table of chains, each from newer rows to older ones.

Rows are only ever appended. `slots` is a hash table of open addressing with linear probing: a slot
holds the newest row of a key, or `EMPTY`. ``previous[row]`` is the next older row of the same key,
or `EMPTY`. So entering a row costs one probe, whatever there is, and nothing has to be sorted until
somebody asks for everything in order.

A row is an event with a time, and is *seen* where ``low < time <= high``. A second key tells rows
of one chain apart; where one key is enough, the second is the same array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import mix64

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]

EMPTY = -1


@kernel
def link_rows(keys: Ints, start: int, stop: int, slots: Rows, previous: Rows) -> int:
    """Enter the rows ``start : stop``.

    Args:
        keys: ``int64[>= stop]``, the key of each row.
        start: the first row to enter; all before it have been.
        stop: where they end.
        slots: ``int32[power of two]``, with room for every key.
        previous: ``int32[>= stop]``, filled.

    Returns:
        How many keys are new.
    """
    new = 0
    for row in range(start, stop):
        at = _slot_of(keys[row], keys, slots)
        previous[row] = slots[at]
        new += slots[at] == EMPTY
        slots[at] = row
    return new


@kernel
def move_slots(keys: Ints, slots: Rows, larger: Rows) -> None:
    """Enter what is in a hash table into a larger, empty one."""
    for at in range(len(slots)):
        if slots[at] != EMPTY:
            larger[_slot_of(keys[slots[at]], keys, larger)] = slots[at]


@kernel
def rows_seen(
    wanted: Ints, keys: Ints, slots: Rows, previous: Rows, times: Ints, low: int, high: int
) -> tuple[Ints, Ints]:
    """All rows of some keys that are seen.

    Args:
        wanted: ``int64[n]``, keys.
        keys: the key of each row.
        slots: see the module.
        previous: see the module.
        times: the time of each row.
        low: rows after this time are seen,
        high: up to this one.

    Returns:
        ``offsets``, ``int64[n + 1]``, and ``rows``, ``int64[m]``: those of key i are
        ``rows[offsets[i] : offsets[i + 1]]``, rising.
    """
    offsets = np.zeros(len(wanted) + 1, np.int64)
    for i in range(len(wanted)):
        row = slots[_slot_of(wanted[i], keys, slots)]
        count = 0
        while row != EMPTY:
            count += low < times[row] <= high
            row = previous[row]
        offsets[i + 1] = offsets[i] + count
    rows = np.empty(offsets[-1], np.int64)
    for i in range(len(wanted)):
        row = slots[_slot_of(wanted[i], keys, slots)]
        at = offsets[i + 1]
        while row != EMPTY:
            if low < times[row] <= high:
                at -= 1
                rows[at] = row
            row = previous[row]
    return offsets, rows


@kernel
def last_seen(
    wanted: Ints,
    wanted_second: Ints,
    keys: Ints,
    second: Ints,
    slots: Rows,
    previous: Rows,
    times: Ints,
    ties: Ints,
    low: int,
    high: int,
) -> Ints:
    """For each pair of keys the seen row of the latest time, and of the greatest tie at that time.

    Args:
        wanted: ``int64[n]``, keys.
        wanted_second: ``int64[n]``, second keys.
        keys: the key of each row.
        second: the second key of each row.
        slots: see the module.
        previous: see the module.
        times: the time of each row.
        ties: what decides between rows of the same time.
        low: rows after this time are seen,
        high: up to this one.

    Returns:
        ``int64[n]``, a row or `EMPTY`.
    """
    found = np.full(len(wanted), EMPTY, np.int64)
    for i in range(len(wanted)):
        best = EMPTY
        row = slots[_slot_of(wanted[i], keys, slots)]
        while row != EMPTY:
            if second[row] == wanted_second[i] and low < times[row] <= high:
                is_later = best == EMPTY or times[row] > times[best]
                if is_later or (times[row] == times[best] and ties[row] > ties[best]):
                    best = row
            row = previous[row]
        found[i] = best
    return found


@kernel
def first_times(
    wanted: Ints,
    wanted_second: Ints,
    keys: Ints,
    second: Ints,
    slots: Rows,
    previous: Rows,
    times: Ints,
    never: int,
) -> Ints:
    """For each pair of keys the time of its earliest row, or ``never``, as ``int64[n]``."""
    found = np.full(len(wanted), never, np.int64)
    for i in range(len(wanted)):
        row = slots[_slot_of(wanted[i], keys, slots)]
        while row != EMPTY:
            if second[row] == wanted_second[i]:
                found[i] = min(found[i], times[row])
            row = previous[row]
    return found


@kernel
def find_in_rows(
    edges: npt.NDArray[Any], starts: Ints, ends: Ints, wanted: Ints
) -> npt.NDArray[np.bool_]:
    """Whether ``edges[starts[i] : ends[i]]`` has ``wanted[i]``, as ``bool[n]``."""
    found = np.zeros(len(wanted), np.bool_)
    for i in range(len(wanted)):
        for at in range(starts[i], ends[i]):
            if np.int64(edges[at]) == wanted[i]:
                found[i] = True
                break
    return found


@inlined
def _slot_of(key: Any, keys: Any, slots: Any) -> Any:
    """The slot that holds a key's newest row, or the empty one where it belongs."""
    mask = len(slots) - 1
    at = np.int64(mix64(np.uint64(key)) & np.uint64(mask))
    while slots[at] != EMPTY and keys[slots[at]] != key:
        at = (at + 1) & mask
    return at
