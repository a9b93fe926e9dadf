"""Dealing entries out, against a loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.shuffle import deal_entries


@given(st.data(), st.booleans(), st.integers(1, 4))
def test_matches_a_loop(data: st.DataObject, both_ends: bool, parts: int) -> None:
    count = data.draw(st.integers(1, 6))
    ends = data.draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=20)
    )
    owners = data.draw(st.lists(st.integers(0, parts - 1), min_size=count, max_size=count))
    gids = data.draw(st.permutations(range(count)))
    expected: list[list[tuple[int, int, int]]] = [[] for _ in range(parts)]
    for edge, (row, neighbor) in enumerate(ends):
        expected[owners[row]].append((gids[row], neighbor, edge))
        if both_ends and row != neighbor:
            expected[owners[neighbor]].append((gids[neighbor], row, edge))
    pairs = np.array(ends, np.int32).reshape(-1, 2)
    dealt = deal_entries(
        pairs[:, 0],
        pairs[:, 1],
        np.array(owners, np.int32),
        np.array(gids, np.uint32),
        parts,
        both_ends=both_ends,
        neighbor_dtype=np.dtype(np.uint32),
    )
    found = list(
        zip(dealt.rows.tolist(), dealt.neighbors.tolist(), dealt.edges.tolist(), strict=True)
    )
    for part, (start, stop) in enumerate(zip(dealt.bounds[:-1], dealt.bounds[1:], strict=True)):
        assert found[start:stop] == expected[part]
    assert (dealt.rows.dtype, dealt.neighbors.dtype) == (np.uint32, np.uint32)
