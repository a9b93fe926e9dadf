"""Hierarchical knowledge: every level even, children with their parents as far as that goes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem, assign
from partitioners.hierarchical_knowledge import HierarchicalKnowledge
from tests.partitioners.graphs import homogeneous

PARENT = Relation("node", "parent", "node")


def hierarchy(parent: np.ndarray, levels: list[int | None] | None = None) -> PartitionProblem:
    """One node type, with the parent of each node or -1."""
    children = np.flatnonzero(parent >= 0)
    edges = EdgeSet(PARENT, children, parent[children])
    columns = {} if levels is None else {"node": pa.table({"level": pa.array(levels, pa.int32())})}
    return PartitionProblem(("node",), np.array([0, len(parent)]), (edges,), columns)


def uniform_tree(fanouts: list[int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A tree in which each level has one fanout, with shuffled numbers: parents and depths."""
    parent, depth = [-1], [0]
    generation = [0]
    for number, fanout in enumerate(fanouts, 1):
        above = np.repeat(generation, fanout)
        generation = list(range(len(parent), len(parent) + len(above)))
        parent += above.tolist()
        depth += [number] * len(above)
    name = rng.permutation(len(parent))
    shuffled, depths = np.full(len(parent), -1), np.empty(len(parent), np.int64)
    shuffled[name[1:]] = name[np.array(parent[1:], int)]
    depths[name] = depth
    return shuffled, depths


def test_whole_branches_go_together_and_every_level_is_even() -> None:
    parent, depth = uniform_tree([8, 5, 5, 4], np.random.default_rng(0))
    assignment = assign("hierarchical-knowledge", hierarchy(parent), 4, 1)
    below = depth > 1
    assert (assignment[below] == assignment[parent[below]]).mean() > 0.99
    for level in range(1, 5):
        assert np.ptp(np.bincount(assignment[depth == level], minlength=4)) == 0


def test_irregular_branches_follow_their_parents_as_far_as_levels_allow() -> None:
    rng = np.random.default_rng(1)
    parent = np.array([-1] * 10 + [int(rng.integers(0, v)) for v in range(10, 3000)])
    problem = hierarchy(parent)
    assignment = assign("hierarchical-knowledge", problem, 4, 1)
    by_chance = assign("random", problem, 4, 1)
    child = parent >= 0
    apart = (assignment[child] != assignment[parent[child]]).mean()
    assert apart < 0.4 * (by_chance[child] != by_chance[parent[child]]).mean()


@given(data=st.data(), imbalance=st.sampled_from([1.0, 1.1, 2.0]))
def test_no_level_oversteps_its_limit(data: st.DataObject, imbalance: float) -> None:
    n = data.draw(st.integers(5, 60))
    parent = np.array([data.draw(st.integers(-1, v - 1)) for v in range(n)])
    levels = data.draw(st.none() | st.lists(st.none() | st.integers(0, 4), min_size=n, max_size=n))
    parts = data.draw(st.integers(2, 4))
    problem = hierarchy(parent, levels)
    assignment = assign(HierarchicalKnowledge(imbalance=imbalance), problem, parts, 1)
    np.testing.assert_array_equal(
        assignment, assign(HierarchicalKnowledge(imbalance=imbalance), problem, parts, 1)
    )
    depth = [0] * n
    for v in range(n):
        depth[v] = depth[parent[v]] + 1 if parent[v] >= 0 else 0
        if parent[v] < 0 and v not in parent:
            depth[v] = -1
    if levels is not None:
        depth = [-1 if level is None else level for level in levels]
    for level in set(depth):
        members = np.array(depth) == level
        share = members.sum() / parts
        limit = max(np.ceil(share), int(share * imbalance))
        # A partition that would be empty takes one node more.
        assert np.bincount(assignment[members]).max() <= limit + (n < 4 * parts)


def test_of_several_parents_the_first_counts() -> None:
    children = np.array([2, 2, 3, 3])
    problem = PartitionProblem(
        ("node",), np.array([0, 4]), (EdgeSet(PARENT, children, np.array([0, 1, 1, 0])),)
    )
    assignment = assign("hierarchical-knowledge", problem, 2, 0)
    assert sorted(assignment[:2]) == sorted(assignment[2:]) == [0, 1]


def test_a_graph_without_a_hierarchy_says_what_is_missing() -> None:
    square = homogeneous(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
    with pytest.raises(ArgumentError, match=r"no relation called 'parent'.*'edge'.*cycle"):
        assign("hierarchical-knowledge", square, 2, 0)
    with pytest.raises(ArgumentError, match=r"'parent' leads in a circle.*node number 0"):
        assign("hierarchical-knowledge", hierarchy(np.array([1, 2, 0, -1])), 2, 0)


def test_settings_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="imbalance"):
        HierarchicalKnowledge(imbalance=float("nan"))
