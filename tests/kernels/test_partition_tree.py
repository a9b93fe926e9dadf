"""Depth-first order against a recursive twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_tree import depth_first


@given(
    parent=st.integers(0, 20).flatmap(
        lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n)
    )
)
def test_order_and_depth_are_those_of_a_recursive_walk(parent: list[int]) -> None:
    expected: list[int] = []
    depths = [-1] * len(parent)

    def walk(v: int, depth: int) -> None:
        expected.append(v)
        depths[v] = depth
        for child, its_parent in enumerate(parent):
            if its_parent == v:
                walk(child, depth + 1)

    for v, its_parent in enumerate(parent):
        if its_parent < 0:
            walk(v, 0)
    order, depth = depth_first(np.array(parent, np.int64))
    assert order.tolist() == expected
    assert depth.tolist() == depths
