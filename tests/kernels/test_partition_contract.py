"""Contraction against a plain twin that adds up edges between clusters."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_contract import crossing_edges, number_clusters
from graphray.threads import Threads
from partitioners.level import Level, contract
from tests.kernels.partition_graphs import SmallGraph, small_graphs


@given(graph=small_graphs(), data=st.data())
def test_the_coarser_graph_has_the_edges_between_clusters(
    graph: SmallGraph, data: st.DataObject
) -> None:
    n = len(graph.rows)
    named = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    order = list(dict.fromkeys(named[v] for v in graph.nodes))
    number = {cluster: i for i, cluster in enumerate(order)}
    expected_label = [number[named[v]] if graph.rows[v] else len(order) for v in range(n)]
    label = np.array(named, np.uint32)
    assert number_clusters(label, graph.nodes) == len(order)
    assert label.tolist() == expected_label

    expected: list[Counter[int]] = [Counter() for _ in order]
    members = np.zeros((len(order), 2), np.int64)
    for v in graph.nodes.tolist():
        members[label[v]] += graph.node_weights[v]
        for u, w in graph.rows[v].items():
            if label[u] != label[v]:
                expected[label[v]][int(label[u])] += w
    low, high, weights = crossing_edges(
        graph.indptr, graph.neighbours, graph.weights, label, graph.nodes, 0, len(graph.nodes)
    )
    assert (low < high).all()
    assert weights.sum() * 2 == sum(row.total() for row in expected)

    level = Level(graph.indptr, graph.neighbours, graph.weights, graph.node_weights)
    coarse = contract(level, np.array(named, np.uint32), Threads(1))
    assert coarse.weights is not None
    for cluster, row in enumerate(expected):
        entries = slice(coarse.indptr[cluster], coarse.indptr[cluster + 1])
        found = list(
            zip(coarse.neighbours[entries].tolist(), coarse.weights[entries].tolist(), strict=True)
        )
        assert len(found) == len(row)
        assert dict(found) == row
    assert coarse.node_weights.tolist() == members.tolist()
