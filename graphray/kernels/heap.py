"""A binary max-heap of integers with keys that may change, over plain arrays.

``items[:size]`` are the members in heap order; ``places[item]`` is where each stands, or -1;
``keys[item]`` its key. Of equal keys the smaller item is on top, so the order of removal is a
function of the keys alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def heap_set(
    items: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
    size: int,
    item: int,
    key: int,
) -> int:
    """Put an item in, or change its key; returns the new size."""
    keys[item] = key
    if places[item] < 0:
        items[size] = item
        places[item] = size
        size += 1
    _rise(items, places, keys, places[item])
    _sink(items, places, keys, size, places[item])
    return size


@kernel
def heap_remove(
    items: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
    size: int,
    item: int,
) -> int:
    """Take an item out; returns the new size."""
    place = places[item]
    places[item] = -1
    size -= 1
    if place < size:
        last = items[size]
        items[place] = last
        places[last] = place
        _rise(items, places, keys, place)
        _sink(items, places, keys, size, places[last])
    return size


@kernel
def _above(keys: npt.NDArray[np.int64], one: int, other: int) -> bool:
    return keys[one] > keys[other] or (keys[one] == keys[other] and one < other)


@kernel
def _rise(
    items: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
    place: int,
) -> None:
    item = items[place]
    while place > 0:
        parent = (place - 1) // 2
        if not _above(keys, item, items[parent]):
            break
        items[place] = items[parent]
        places[items[place]] = place
        place = parent
    items[place] = item
    places[item] = place


@kernel
def _sink(
    items: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
    size: int,
    place: int,
) -> None:
    item = items[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and _above(keys, items[child + 1], items[child]):
            child += 1
        if not _above(keys, items[child], item):
            break
        items[place] = items[child]
        places[items[place]] = place
        place = child
    items[place] = item
    places[item] = place
