"""Knowledge: selective relations stay inside, types stay together where nothing else decides."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem, assign, measure
from partitioners.knowledge import Knowledge, relation_weight


def people_and_places(rng: np.random.Generator) -> PartitionProblem:
    """Families that share an address; each person also visits eight of twenty random sights."""
    people, addresses, sights = 4000, 800, 20
    offsets = np.cumsum([0, people, addresses, sights])
    everyone = np.arange(people)
    lives = EdgeSet(
        Relation("person", "lives at", "address"), everyone, people + rng.permutation(people) // 5
    )
    visitors = np.repeat(everyone, 8)
    visited = offsets[2] + rng.integers(0, sights, len(visitors))
    visits = EdgeSet(Relation("person", "visits", "sight"), visitors, visited)
    return PartitionProblem(("person", "address", "sight"), offsets, (lives, visits))


def test_selective_relations_stay_inside() -> None:
    problem = people_and_places(np.random.default_rng(0))
    by_knowledge = measure(problem, assign("knowledge", problem, 4, 1), 4)
    by_cut = measure(problem, assign("metis", problem, 4, 1), 4)
    name = "person-lives at-address"
    assert by_knowledge.edge_cut_by_relation[name] < 0.1
    assert by_cut.edge_cut_by_relation[name] > 0.2
    assert by_knowledge.node_balance <= 1.1
    assert by_knowledge.edge_balance <= 1.1


def test_types_stay_together_where_nothing_else_decides() -> None:
    offsets = np.arange(0, 4001, 500)
    problem = PartitionProblem(tuple(f"t{i}" for i in range(8)), offsets, ())
    assignment = assign("knowledge", problem, 4, 1)
    places = [len(set(assignment[a:b])) for a, b in pairwise(offsets)]
    assert sum(places) <= 8 + 4
    assert measure(problem, assignment, 4).node_balance <= 1.1


@given(data=st.data())
def test_a_weight_follows_from_counts(data: st.DataObject) -> None:
    node = st.integers(0, 30)
    pairs = data.draw(st.lists(st.tuples(node, node), min_size=1, max_size=50))
    array = np.array(pairs, np.int64)
    most = data.draw(st.integers(len(pairs), 200))
    distinct = [len({pair[end] for pair in pairs}) / len(pairs) for end in (0, 1)]
    selectivity = 2 * distinct[0] * distinct[1] / sum(distinct)
    expected = 2 + 30 * (len(pairs) / most) ** 0.5 * selectivity
    edges = EdgeSet(Relation("a", "r", "b"), array[:, 0], array[:, 1])
    assert relation_weight(edges, most) == pytest.approx(expected, abs=0.5 + 1e-9)


def test_settings_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="imbalance"):
        Knowledge(imbalance=0.5)
