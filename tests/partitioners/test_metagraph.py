"""Metagraph: containers that fit stay whole, larger ones are split along their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem, assign, measure, metagraph
from partitioners.containment import tree_of
from partitioners.metagraph import Metagraph
from tests.partitioners.graphs import homogeneous

CONTAINS = Relation("node", "contains", "node")
LINK = Relation("node", "link", "node")


def metagraph_of(n: int, contains: list[tuple[int, int]], links: np.ndarray) -> PartitionProblem:
    """Nodes and metanodes of one type; (container, member) pairs and further edges."""
    pairs = np.array(contains, np.int64).reshape(-1, 2)
    return PartitionProblem(
        ("node",),
        np.array([0, n]),
        (
            EdgeSet(CONTAINS, pairs[:, 0], pairs[:, 1]),
            EdgeSet(LINK, links[:, 0].copy(), links[:, 1].copy()),
        ),
    )


def test_containers_that_fit_are_whole() -> None:
    rng = np.random.default_rng(0)
    members = rng.permutation(np.arange(40, 1040))
    contains = [(i % 40, int(v)) for i, v in enumerate(members)]
    problem = metagraph_of(1040, contains, rng.integers(40, 1040, (3000, 2)))
    assignment = assign("metagraph", problem, 4, 1)
    assert all(assignment[container] == assignment[member] for container, member in contains)
    quality = measure(problem, assignment, 4)
    assert quality.node_balance <= 1.1
    assert quality.edge_balance <= 1.1


def test_a_container_that_does_not_fit_is_split_along_its_edges_and_inner_ones_are_whole() -> None:
    rng = np.random.default_rng(1)
    # Container 0 has four communities of 300 nodes; container 1 holds four of 300 nodes each.
    community = rng.permutation(np.repeat(np.arange(4), 300))
    loose = np.arange(6, 1206)
    contains = [(0, int(v)) for v in loose] + [(1, 2 + c) for c in range(4)]
    inner = [(2 + c, 1206 + 300 * c + i) for c in range(4) for i in range(300)]
    links = []
    for c in range(4):
        links.append(rng.choice(loose[community == c], (1500, 2)))
        links.append(rng.integers(1206 + 300 * c, 1506 + 300 * c, (1500, 2)))
    links.append(rng.integers(6, 2406, (300, 2)))
    problem = metagraph_of(2406, contains + inner, np.concatenate(links))
    assignment = assign("metagraph", problem, 4, 1)
    assert all(assignment[container] == assignment[member] for container, member in inner)
    quality = measure(problem, assignment, 4)
    assert quality.edge_cut_by_relation["node-link-node"] < 0.05
    assert quality.node_balance <= 1.1
    assert quality.edge_balance <= 1.1


@given(data=st.data())
def test_pieces_are_the_outermost_containers_that_fit(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 25))
    contains = [(p, v) for v in range(1, n) if (p := data.draw(st.integers(-1, v - 1))) >= 0]
    problem = metagraph_of(n, contains, np.empty((0, 2), np.int64))
    shares = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))) / 16
    bound = data.draw(st.sampled_from([0.125, 0.25, 0.75]))
    forest = tree_of(problem, "contains", down=True) if contains else None
    if forest is None:
        return
    label = metagraph._pieces(problem, forest, shares, bound, 0)

    inside: list[set[int]] = [{v} for v in range(n)]
    for container, member in reversed(contains):
        inside[container] |= inside[member]
    parent = {member: container for container, member in contains}
    weight = [sum(shares[v] for v in members) for members in inside]
    for v in range(n):
        mates = {int(u) for u in np.flatnonzero(label == label[v])}
        if len(inside[v]) > 1 and weight[v] <= bound:
            # It fits: its piece is it, or one that it is in.
            assert inside[v] <= mates
            if v not in parent or weight[parent[v]] > bound:
                assert mates == inside[v]
        else:
            # Only single nodes are more than a piece may be.
            assert len(mates) == 1 or sum(shares[u] for u in mates) <= bound + max(shares)


@given(data=st.data())
def test_any_metagraph_gets_the_same_full_assignment_again(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 40))
    contains = [(data.draw(st.integers(0, v - 1)), v) for v in range(1, n, 2)]
    node = st.integers(0, n - 1)
    pairs = data.draw(st.lists(st.tuples(node, node), max_size=60))
    problem = metagraph_of(n, contains, np.array(pairs, np.int64).reshape(-1, 2))
    parts = data.draw(st.integers(1, n))
    assignment = assign("metagraph", problem, parts, 7)
    assert np.bincount(assignment, minlength=parts).min() >= 1
    np.testing.assert_array_equal(assignment, assign("metagraph", problem, parts, 7))


def test_of_several_containers_the_first_counts() -> None:
    contains = [(0, 2), (0, 3), (1, 3), (1, 4), (1, 5)]
    problem = metagraph_of(6, contains, np.empty((0, 2), np.int64))
    assignment = assign(Metagraph(imbalance=1.3), problem, 2, 0)
    assert set(assignment[[0, 2, 3]]) == {assignment[0]}
    assert set(assignment[[1, 4, 5]]) == {1 - assignment[0]}


def test_a_graph_without_containment_says_what_is_missing() -> None:
    square = homogeneous(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
    with pytest.raises(ArgumentError, match=r"no relation called 'contains'.*'edge'.*cycle"):
        assign("metagraph", square, 2, 0)
    circle = metagraph_of(4, [(0, 1), (1, 2), (2, 0)], np.empty((0, 2), np.int64))
    with pytest.raises(ArgumentError, match=r"'contains' leads in a circle"):
        assign("metagraph", circle, 2, 0)


def test_settings_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="imbalance"):
        Metagraph(imbalance=0.5)
