"""Numbering nodes, against a dictionary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.relabel import MAX_STAMP, NARROW, WIDE, number_edges, number_nodes

SIZE = 40
NODES = st.lists(st.integers(0, SIZE - 1), max_size=60)


@pytest.mark.parametrize("dtype", [NARROW, WIDE])
@given(batches=st.lists(st.tuples(NODES, st.lists(NODES, max_size=5)), min_size=1, max_size=4))
def test_numbers_count_first_appearances(
    dtype: np.dtype, batches: list[tuple[list[int], list[list[int]]]]
) -> None:
    slots = np.zeros(SIZE, dtype)
    for stamp, (seeds, rows) in enumerate(batches, start=MAX_STAMP[dtype] - 3):
        flat = [node for row in rows for node in row]
        nodes = np.empty(len(seeds) + len(flat) + 1, np.int64)
        bounds = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        near, far = np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
        count = number_nodes(np.array(seeds, np.int64), slots, stamp, nodes, 0)
        count = number_edges(
            np.array(flat, np.uint32), bounds, 7, slots, stamp, nodes, count, near, far
        )
        expected = {node: i for i, node in enumerate(dict.fromkeys([*seeds, *flat]))}
        assert nodes[:count].tolist() == list(expected)
        assert far.tolist() == [expected[node] for node in flat]
        assert near.tolist() == [7 + i for i, row in enumerate(rows) for _ in row]
