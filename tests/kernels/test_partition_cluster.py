"""Label propagation: what nodes ask for, and who is let in, against plain twins."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_cluster import ROW_MAX, accept_clusters, propose_clusters
from tests.kernels.partition_graphs import SmallGraph, small_graphs


@given(graph=small_graphs(), data=st.data(), salt=st.integers(0, 2**32 - 1))
def test_every_node_asks_for_the_open_cluster_with_most_of_its_weight(
    graph: SmallGraph, data: st.DataObject, salt: int
) -> None:
    n = len(graph.rows)
    label = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    full = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    start = data.draw(st.integers(0, len(graph.nodes)))
    proposal = np.full(len(graph.nodes), 77, np.uint32)
    settled = np.zeros(len(graph.nodes), np.bool_)
    kept, total = propose_clusters(
        graph.indptr, graph.neighbours, graph.weights, np.array(label, np.uint32),
        np.array(full, np.uint8), np.uint32(salt), graph.nodes, start, len(graph.nodes), proposal,
        settled,
    )  # fmt: skip

    assert (proposal[:start] == 77).all()
    expected_kept = expected_total = 0
    for i, v in enumerate(graph.nodes.tolist()[start:], start):
        weight: Counter[int] = Counter()
        for u, w in graph.rows[v].items():
            weight[label[u]] += w
        own = label[v]
        open_clusters = [c for c in weight if not full[c] and c != own]
        best = max(open_clusters, key=lambda c: (weight[c], c ^ salt), default=own)
        if weight[own] >= weight[best]:
            best = own
        assert proposal[i] == best
        assert settled[i] == (2 * weight[best] > weight.total())
        expected_kept += weight[best]
        expected_total += weight.total()
    assert (kept, total) == (expected_kept, expected_total)


def test_hubs_ask_for_nobody_and_blocks_are_no_seams() -> None:
    # Rows of ROW_MAX entries fill a block each few; the last row is too long to be looked at.
    rows, width = 40, ROW_MAX
    lengths = [*[width] * rows, width + 1]
    indptr = np.cumsum([0, *lengths], dtype=np.int64)
    target = np.arange(rows + 1, dtype=np.uint32)
    neighbours = np.concatenate(
        [np.full(length, 100 + v, np.uint32) for v, length in enumerate(lengths)]
    )
    label = np.arange(200, dtype=np.uint32)
    proposal = np.empty(rows + 1, np.uint32)
    propose_clusters(
        indptr, neighbours, None, label, np.zeros(200, np.uint8), np.uint32(5),
        target, 0, rows + 1, proposal, np.zeros(rows + 1, np.bool_),
    )  # fmt: skip
    assert proposal.tolist() == [*range(100, 100 + rows), rows]


@given(
    graph=small_graphs(), data=st.data(), size_max=st.integers(1, 9), load_max=st.integers(1, 18)
)
def test_moves_are_accepted_in_order_within_the_limits(
    graph: SmallGraph, data: st.DataObject, size_max: int, load_max: int
) -> None:
    n = len(graph.node_weights)
    nodes = data.draw(st.permutations(range(n)))
    proposal = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    label = np.arange(n, dtype=np.uint32)
    sums = graph.node_weights.copy()
    full = np.zeros(n, np.uint8)
    moved = accept_clusters(
        np.array(nodes, np.uint32), 0, n, np.array(proposal, np.uint32), graph.node_weights,
        np.array([size_max, load_max]), label, sums, full,
    )  # fmt: skip

    weights = graph.node_weights.tolist()
    members = [{v} for v in range(n)]
    refused = set()
    expected = list(range(n))
    for v, cluster in zip(nodes, proposal, strict=True):
        if cluster == expected[v]:
            continue
        joined = [sum(weights[m][i] for m in members[cluster]) + weights[v][i] for i in (0, 1)]
        if joined[0] > size_max or joined[1] > load_max:
            refused.add(cluster)
            continue
        members[expected[v]].remove(v)
        members[cluster].add(v)
        expected[v] = cluster
    assert label.tolist() == expected
    assert set(np.flatnonzero(full).tolist()) == refused
    assert sums.tolist() == [
        [sum(weights[m][i] for m in group) for i in (0, 1)] for group in members
    ]
    assert moved == sum(old != new for old, new in enumerate(expected))
