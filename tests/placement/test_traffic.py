"""Expected traffic against a count by hand over replicas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.placement import PlacementProblem
from graphray.placement.traffic import expected_traffic
from tests.placement.oracle import crossing_share
from tests.placement.problems import cut_of, demands, nodes


@given(data=st.data(), parts=st.integers(1, 5), count=st.integers(1, 4))
def test_equals_the_count_over_replicas(data: st.DataObject, parts: int, count: int) -> None:
    placed = [
        data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3)) for _ in range(parts)
    ]
    pairs = {(p, q): float(p * q % 3) for p in range(parts) for q in range(p + 1)}
    problem = PlacementProblem(demands([1.0] * parts), nodes(count), cut=cut_of(pairs, parts))
    assert problem.cut is not None
    found = expected_traffic(problem.cut, placed, count)
    by_hand = crossing_share(problem, tuple(map(tuple, placed)))
    assert found.crossing_edges == pytest.approx(by_hand * found.cut_edges)
    assert found.edges == pytest.approx(float(np.tril(problem.cut.toarray()).sum()))
