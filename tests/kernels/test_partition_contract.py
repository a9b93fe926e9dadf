"""Contraction against a plain twin that adds up edges between clusters."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_contract import contract_rows, group_members, number_clusters
from tests.kernels.partition_graphs import SmallGraph, small_graphs


@given(graph=small_graphs(), data=st.data())
def test_the_coarser_graph_has_the_edges_between_clusters(
    graph: SmallGraph, data: st.DataObject
) -> None:
    n = len(graph.rows)
    named = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    label = np.array(named, np.uint32)
    count = number_clusters(label, graph.nodes)

    order = list(dict.fromkeys(named[v] for v in graph.nodes))
    number = {cluster: i for i, cluster in enumerate(order)}
    expected_label = [number[named[v]] if graph.rows[v] else len(order) for v in range(n)]
    assert count == len(order)
    assert label.tolist() == expected_label

    bounds, members = group_members(label, graph.nodes, count)
    groups = [members[a:b].tolist() for a, b in pairwise(bounds)]
    assert groups == [[v for v in graph.nodes if label[v] == c] for c in range(count)]

    expected: list[Counter[int]] = [Counter() for _ in range(count)]
    for v in graph.nodes.tolist():
        for u, w in graph.rows[v].items():
            if label[u] != label[v]:
                expected[label[v]][int(label[u])] += w
    middle = data.draw(st.integers(0, count))
    lengths = np.zeros(count, np.int64)
    pieces = [
        contract_rows(
            graph.indptr, graph.neighbours, graph.weights, label, bounds, members, start, stop,
            lengths,
        )
        for start, stop in ((0, middle), (middle, count))
    ]  # fmt: skip
    neighbours, weights = (np.concatenate(part).tolist() for part in zip(*pieces, strict=True))
    indptr = [0, *np.cumsum(lengths).tolist()]
    for cluster, (start, stop) in enumerate(pairwise(indptr)):
        row = dict(zip(neighbours[start:stop], weights[start:stop], strict=True))
        assert len(row) == stop - start
        assert row == expected[cluster]
