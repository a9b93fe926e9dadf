"""The combined symmetric graph against a dictionary of counted pairs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.threads import Threads
from partitioners import PartitionProblem, adjacency
from partitioners.adjacency import MAX_NODES, symmetric_adjacency
from tests.partitioners.graphs import homogeneous, problems


@given(problem=problems())
def test_rows_hold_each_neighbour_once_with_its_number_of_edges(problem: PartitionProblem) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    loads: Counter[int] = Counter()
    for edges in problem.edges:
        for u, v in zip(edges.sources.tolist(), edges.destinations.tolist(), strict=True):
            loads.update([u, v])
            if u != v:
                expected.update([(u, v), (v, u)])

    graph = symmetric_adjacency(problem)
    rows = np.repeat(np.arange(problem.num_nodes), np.diff(graph.indptr)).tolist()
    pairs = list(zip(rows, graph.neighbours.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == set(expected)
    assert graph.loads.tolist() == [loads[v] for v in range(problem.num_nodes)]
    if graph.weights is None:
        assert len(set(expected.values())) <= 1
    else:
        assert dict(zip(pairs, graph.weights.tolist(), strict=True)) == expected


def test_listing_edges_in_both_directions_leaves_the_graph_unweighted() -> None:
    assert symmetric_adjacency(homogeneous(3, [(0, 1), (1, 0), (1, 2), (2, 1)])).weights is None
    assert symmetric_adjacency(homogeneous(3, [(0, 1), (1, 0), (1, 2)])).weights is not None


def test_too_many_nodes_for_32_bits() -> None:
    with pytest.raises(ArgumentError, match="32 bits"):
        symmetric_adjacency(PartitionProblem(("node",), np.array([0, MAX_NODES + 1]), ()))


@given(problem=problems(), threads=st.integers(1, 3))
def test_many_buckets_and_threads_build_the_same_rows(
    problem: PartitionProblem, threads: int
) -> None:
    whole = symmetric_adjacency(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adjacency, "_BUCKET_ENDS", 8)
        dealt = symmetric_adjacency(problem, Threads(threads))
    np.testing.assert_array_equal(whole.indptr, dealt.indptr)
    np.testing.assert_array_equal(whole.neighbours, dealt.neighbours)
    np.testing.assert_array_equal(whole.loads, dealt.loads)
    if whole.weights is not None:
        np.testing.assert_array_equal(whole.weights, dealt.weights)
