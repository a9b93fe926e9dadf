"""Hash, range and random: what each promises about balance and about who goes where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partitioners import PartitionProblem, assign, measure
from partitioners.occupancy import occupy
from tests.partitioners.graphs import homogeneous, problems


@given(problem=problems(), data=st.data())
def test_random_differs_by_one_node_per_type_and_altogether(
    problem: PartitionProblem, data: st.DataObject
) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    assignment = assign("random", problem, parts, 3)
    bounds = [(0, problem.num_nodes)]
    bounds += zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    for start, stop in bounds:
        sizes = np.bincount(assignment[start:stop], minlength=parts)
        assert sizes.max() - sizes.min() <= 1


@given(problem=problems(), data=st.data())
def test_range_is_monotonous_and_even_within_each_type(
    problem: PartitionProblem, data: st.DataObject
) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    assignment = assign("range", problem, parts, 0)
    for start, stop in zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True):
        block = assignment[start:stop]
        assert (np.diff(block) >= 0).all()
        assert np.ptp(np.bincount(block, minlength=parts)) <= 1


def test_hash_is_balanced_and_leaves_nodes_where_they_are_when_more_are_appended() -> None:
    small, large = homogeneous(10_000, []), homogeneous(20_000, [])
    before, after = assign("hash", small, 7, 5), assign("hash", large, 7, 5)
    np.testing.assert_array_equal(before, after[:10_000])
    assert measure(large, after, 7).node_balance < 1.05


@pytest.mark.parametrize("name", ["hash", "random"])
def test_another_seed_is_another_assignment(name: str) -> None:
    graph = homogeneous(1000, [])
    assert (assign(name, graph, 4, 1) != assign(name, graph, 4, 2)).any()


@given(data=st.data(), parts=st.integers(1, 20))
def test_occupy_fills_every_partition_and_moves_no_more_than_it_must(
    data: st.DataObject, parts: int
) -> None:
    part = st.integers(0, parts - 1)
    before = np.array(data.draw(st.lists(part, min_size=parts, max_size=40)), np.int32)
    after = before.copy()
    occupy(after, parts)
    assert set(after.tolist()) == set(range(parts))
    assert (before != after).sum() == parts - len(set(before.tolist()))
