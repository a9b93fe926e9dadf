"""The quality of a partition against a slow twin that follows the definitions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partitioners import PartitionProblem, Quality, measure
from tests.partitioners.graphs import homogeneous, problems
from tests.partitioners.hypergraphs import connectivity, hypergraphs


def twin(problem: PartitionProblem, assignment: list[int], parts: int) -> Quality:
    def balance(counts: Counter[int]) -> float:
        return max(counts.values()) / (counts.total() / parts) if counts.total() else 1.0

    knows: dict[int, set[int]] = {v: {p} for v, p in enumerate(assignment)}
    all_ends: Counter[int] = Counter()
    cut_by, balance_by, cut = {}, {}, 0
    for edges in problem.edges:
        ends: Counter[int] = Counter()
        crossing = 0
        for u, v in zip(edges.sources.tolist(), edges.destinations.tolist(), strict=True):
            p, q = assignment[u], assignment[v]
            ends.update([p, q])
            crossing += p != q
            knows[u].add(q)
            knows[v].add(p)
        cut += crossing
        all_ends += ends
        cut_by[str(edges.relation)] = crossing / max(1, len(edges.sources))
        balance_by[str(edges.relation)] = balance(ends)
    by_type = {
        name: balance(Counter(assignment[int(a) : int(b)]))
        for name, a, b in zip(
            problem.type_names, problem.type_offsets[:-1], problem.type_offsets[1:], strict=True
        )
    }
    return Quality(
        edge_cut=cut / max(1, sum(len(e.sources) for e in problem.edges)),
        cut_edges=cut,
        node_balance=balance(Counter(assignment)),
        edge_balance=balance(all_ends),
        node_balance_by_type=by_type,
        edge_cut_by_relation=cut_by,
        edge_balance_by_relation=balance_by,
        replication_factor=sum(map(len, knows.values())) / problem.num_nodes if knows else 1.0,
        boundary_nodes=sum(len(k) > 1 for k in knows.values()),
    )


@given(data=st.data(), problem=problems(), parts=st.sampled_from([1, 2, 3, 64, 65, 130]))
def test_every_figure_equals_its_definition(
    data: st.DataObject, problem: PartitionProblem, parts: int
) -> None:
    part = st.integers(0, parts - 1)
    n = problem.num_nodes
    assignment = data.draw(st.lists(part, min_size=n, max_size=n))
    measured = measure(problem, np.array(assignment, np.int32), parts).to_json()
    expected = twin(problem, assignment, parts).to_json()
    assert measured.keys() == expected.keys()
    for name, value in expected.items():
        assert measured[name] == pytest.approx(value), name


@given(data=st.data(), problem=hypergraphs(), parts=st.sampled_from([1, 2, 3, 65]))
def test_connectivity_counts_partitions_wherever_the_hyperedge_itself_is(
    data: st.DataObject, problem: PartitionProblem, parts: int
) -> None:
    n = problem.num_nodes
    assignment = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    measured = measure(problem, np.array(assignment, np.int32), parts)
    assert measured.connectivity == connectivity(problem, assignment)


def test_one_partition_costs_nothing() -> None:
    graph = homogeneous(3, [(0, 1), (1, 1), (1, 2)])
    quality = measure(graph, np.zeros(3, np.int32), 1)
    assert (quality.edge_cut, quality.replication_factor, quality.boundary_nodes) == (0, 1, 0)
    assert (quality.node_balance, quality.edge_balance) == (1, 1)
