from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kernels.lookup import mark_present, position_table, positions_in_span

LOWEST, HIGHEST = -(2**63), 2**63 - 1


@settings(deadline=None)
@given(
    st.sampled_from([LOWEST, -5, 0, HIGHEST - 30]),
    st.lists(st.integers(0, 30), min_size=1, unique=True),
    st.lists(st.one_of(st.integers(0, 35), st.integers(LOWEST, HIGHEST))),
)
def test_matches_a_dict(base: int, steps: list[int], queries: list[int]) -> None:
    ids = [base + step for step in steps]
    asked = [min(base + q, HIGHEST) if 0 <= q <= 35 else q for q in queries]
    low = min(ids)
    table = position_table(np.array(ids), low, max(ids) - low + 1, np.dtype(np.int32))
    out = np.empty(len(asked), np.int32)
    positions_in_span(np.array(asked, np.int64), low, table, out)
    known = {value: i for i, value in enumerate(ids)}
    assert out.tolist() == [known.get(value, -1) for value in asked]


@settings(deadline=None)
@given(st.sampled_from([np.int8, np.uint16, np.int64]), st.lists(st.integers(0, 50)))
def test_present(dtype: Any, values: list[int]) -> None:
    present = np.zeros(51, np.bool_)
    mark_present(np.array(values, dtype), 0, present)
    assert np.flatnonzero(present).tolist() == sorted(set(values))
