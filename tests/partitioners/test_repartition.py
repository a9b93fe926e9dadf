"""Repartitioning: every node keeps or changes its part as the plan says, and few change."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.schema import DEFAULT_RELATION, Relation
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.quality import measure
from partitioners.registry import assign
from partitioners.repartition import repartition
from partitioners.subproblem import induced


def blocks(count: int, size: int, rng_seed: int) -> PartitionProblem:
    """Dense blocks on a ring, each joined to the next by a few edges."""
    rng = np.random.default_rng(rng_seed)
    inside = [b * size + rng.integers(0, size, (2, size * 8)) for b in range(count)]
    firsts = np.arange(count) * size
    between = [
        np.stack([firsts + rng.integers(0, size, count), np.roll(firsts, 1) + 1]) for _ in range(3)
    ]
    sources, destinations = np.concatenate([*inside, *between], axis=1)
    edges = EdgeSet(DEFAULT_RELATION, sources, destinations)
    return PartitionProblem(("node",), np.array([0, count * size]), (edges,))


@pytest.mark.parametrize(("old", "new", "strategy"), [(4, 8, "kept"), (8, 8, "kept")])
def test_splitting_moves_no_more_than_it_has_to(old: int, new: int, strategy: str) -> None:
    problem = blocks(8, 40, rng_seed=1)
    current = assign("metis", problem, old, 0)
    result = repartition(problem, current, new, partitioner="metis", tolerance=1.2)
    assert result.strategy == strategy
    assert result.moved_nodes <= problem.num_nodes * (new - old) / new * 1.1
    assert result.quality.node_balance < 1.2


@pytest.mark.parametrize(("old", "new"), [(8, 4), (8, 5), (4, 3), (5, 1), (3, 7)])
def test_any_change_is_balanced_and_keeps_most(old: int, new: int) -> None:
    problem = blocks(8, 40, rng_seed=2)
    current = assign("metis", problem, old, 0)
    result = repartition(problem, current, new, partitioner="metis")
    unmatched = np.count_nonzero(assign("metis", problem, new, 0) != current)
    assert result.moved_nodes <= unmatched
    best = measure(problem, assign("metis", problem, new, 0), new)
    assert result.quality.node_balance <= best.node_balance * 1.05
    assert result.quality.cut_edges <= best.cut_edges * 1.05


def test_an_unbalanced_partition_is_not_kept() -> None:
    problem = blocks(4, 30, rng_seed=3)
    lopsided = np.where(np.arange(120) < 110, 0, 1).astype(np.int32)
    result = repartition(problem, lopsided, 2, partitioner="metis")
    assert result.strategy == "remapped"
    assert result.quality.node_balance < 1.2


@given(data=st.data())
def test_the_plan_is_the_difference(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 15))
    node = st.integers(0, size - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(node, node), max_size=40)), np.int64)
    pairs = pairs.reshape(-1, 2)
    edges = EdgeSet(DEFAULT_RELATION, pairs[:, 0], pairs[:, 1])
    problem = PartitionProblem(("node",), np.array([0, size]), (edges,))
    old = data.draw(st.integers(1, 6))
    current = np.array(data.draw(st.lists(st.integers(0, old - 1), min_size=size, max_size=size)))
    new = data.draw(st.integers(1, size))
    result = repartition(
        problem,
        current.astype(np.int32),
        new,
        partitioner="range",
        tolerance=data.draw(st.sampled_from([1.0, 100.0])),
    )
    assert result.assignment.min() >= 0
    assert result.assignment.max() < new
    changed = Counter(
        (int(a), int(b)) for a, b in zip(current, result.assignment, strict=True) if a != b
    )
    assert {(m.source, m.destination): m.nodes for m in result.moves} == changed
    assert result.quality == measure(problem, result.assignment, new)


@pytest.mark.parametrize("parts", [0, 5])
def test_parts_are_checked(parts: int) -> None:
    problem = PartitionProblem(("node",), np.array([0, 4]), ())
    with pytest.raises(ArgumentError, match=f"parts = {parts}"):
        repartition(problem, np.zeros(4, np.int32), parts, partitioner="range")


def test_the_current_assignment_is_checked() -> None:
    problem = PartitionProblem(("node",), np.array([0, 4]), ())
    with pytest.raises(ArgumentError, match="shape"):
        repartition(problem, np.zeros(3, np.int32), 2, partitioner="range")


@given(data=st.data())
def test_induced_graphs_hold_the_edges_between_their_nodes(data: st.DataObject) -> None:
    users, items = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    total = users + items
    pair = st.tuples(st.integers(0, max(total - 1, 0)), st.integers(0, max(total - 1, 0)))
    pairs = np.array(data.draw(st.lists(pair, max_size=20)) if total else [], np.int64)
    pairs = pairs.reshape(-1, 2)
    relation = Relation("a", "b", "a")
    problem = PartitionProblem(
        ("user", "item"),
        np.array([0, users, total]),
        (EdgeSet(relation, pairs[:, 0], pairs[:, 1]),),
    )
    chosen = sorted(data.draw(st.sets(st.integers(0, total - 1)))) if total else []
    part = induced(problem, np.array(chosen, np.int64))
    expected = [(chosen.index(a), chosen.index(b)) for a, b in pairs if a in chosen and b in chosen]
    (edges,) = part.edges
    assert list(zip(edges.sources, edges.destinations, strict=True)) == expected
    assert part.type_offsets.tolist() == [0, sum(c < users for c in chosen), len(chosen)]
