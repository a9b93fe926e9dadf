"""Subtrees stay whole, and a graph without a tree is refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from graphray.errors import ArgumentError, RelationNotFound
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem, assign, measure
from partitioners.hierarchical import Hierarchical
from tests.partitioners.graphs import homogeneous


def related(num_nodes: int, **relations: list[tuple[int, int]]) -> PartitionProblem:
    """One node type, and a relation per keyword."""
    edges = []
    for name, pairs in relations.items():
        array = np.array(pairs, np.int64).reshape(-1, 2)
        edges.append(EdgeSet(Relation("node", name, "node"), array[:, 0], array[:, 1]))
    return PartitionProblem(("node",), np.array([0, num_nodes]), tuple(edges))


def random_tree(n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(parent, child) pairs with shuffled numbers."""
    names = rng.permutation(n)
    return [(int(names[rng.integers(0, v)]), int(names[v])) for v in range(1, n)]


@pytest.mark.parametrize("upwards", [False, True])
def test_few_edges_of_a_tree_are_cut(upwards: bool) -> None:
    tree = random_tree(5000, np.random.default_rng(0))
    graph = homogeneous(5000, [pair[::-1] for pair in tree] if upwards else tree)
    quality = measure(graph, assign("hierarchical", graph, 8, 0), 8)
    assert quality.cut_edges < 100
    assert quality.node_balance <= 1.2
    assert quality.edge_balance <= 1.2


def test_subtrees_that_fit_are_whole() -> None:
    # A root over 40 shelves of 25 books each.
    shelves = [(0, 1 + s) for s in range(40)]
    books = [(1 + s, 41 + 25 * s + b) for s in range(40) for b in range(25)]
    graph = homogeneous(1041, shelves + books)
    assignment = assign("hierarchical", graph, 4, 0)
    for shelf in range(40):
        members = [1 + shelf, *range(41 + 25 * shelf, 66 + 25 * shelf)]
        assert len(set(assignment[members])) == 1
    assert measure(graph, assignment, 4).node_balance <= 1.1


def test_the_relation_that_reaches_most_is_found_and_types_of_one_name_go_together() -> None:
    offsets = np.array([0, 2, 6, 14])
    modules = EdgeSet(Relation("dist", "contains", "mod"), np.array([0, 0, 1, 1]), np.arange(2, 6))
    names = EdgeSet(
        Relation("mod", "contains", "name"), np.repeat(np.arange(2, 6), 2), np.arange(6, 14)
    )
    calls = EdgeSet(Relation("name", "calls", "name"), np.array([6, 6]), np.array([13, 12]))
    graph = PartitionProblem(("dist", "mod", "name"), offsets, (calls, modules, names))
    assignment = assign("hierarchical", graph, 2, 0)
    for dist, below in ((0, [2, 3, 6, 7, 8, 9]), (1, [4, 5, 10, 11, 12, 13])):
        assert set(assignment[below]) == {assignment[dist]}


def test_nodes_outside_the_tree_even_the_partitions_out() -> None:
    graph = homogeneous(1000, random_tree(100, np.random.default_rng(1)))
    assert measure(graph, assign("hierarchical", graph, 7, 0), 7).node_balance <= 1.02


def test_a_graph_without_a_tree_says_why() -> None:
    square = related(4, knows=[(0, 1), (1, 2), (2, 3), (3, 0)])
    with pytest.raises(ArgumentError, match=r"'knows'.*node number 0 is on or below a cycle"):
        assign("hierarchical", square, 2, 0)
    mesh = related(4, knows=[(0, 2), (1, 2), (0, 3)], likes=[(0, 1)])
    with pytest.raises(ArgumentError, match=r"'knows' with its sources.*node number 2 has two"):
        assign(Hierarchical(relation="knows"), mesh, 2, 0)
    with pytest.raises(RelationNotFound, match=r"'owns'.*knows, likes"):
        assign(Hierarchical(relation="owns"), mesh, 2, 0)
    with pytest.raises(ArgumentError, match="no relations"):
        assign("hierarchical", PartitionProblem(("node",), np.array([0, 4]), ()), 2, 0)


def test_settings_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="imbalance"):
        Hierarchical(imbalance=0.5)
