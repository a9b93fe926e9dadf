"""The heap with changing keys against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.heap import heap_remove, heap_set

COUNT = 12
STEPS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.none() | st.integers(-5, 5)), max_size=60)


@given(steps=STEPS)
def test_the_top_is_always_the_largest_key_and_then_the_smallest_item(
    steps: list[tuple[int, int | None]],
) -> None:
    items, places = np.empty(COUNT, np.int32), np.full(COUNT, -1, np.int32)
    keys, size = np.zeros(COUNT, np.int64), 0
    expected: dict[int, int] = {}
    for item, key in steps:
        if key is not None:
            size = heap_set(items, places, keys, size, item, key)
            expected[item] = key
        elif item in expected:
            size = heap_remove(items, places, keys, size, item)
            del expected[item]
        assert size == len(expected)
        assert {item for item in range(COUNT) if places[item] >= 0} == expected.keys()
        if expected:
            assert items[0] == min(expected, key=lambda i: (-expected[i], i))
