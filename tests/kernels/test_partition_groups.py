"""Nodes that choose within limits of their group, against a plain twin."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_groups import cut_weight, settle_groups
from tests.kernels.partition_graphs import SmallGraph, small_graphs


@given(graph=small_graphs(), data=st.data())
def test_nodes_go_where_their_edges_are_and_room_is(graph: SmallGraph, data: st.DataObject) -> None:
    n = len(graph.rows)
    parts, groups = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    group = data.draw(st.lists(st.integers(0, groups - 1), min_size=n, max_size=n))
    part = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    order = data.draw(st.permutations(range(n)))
    sizes = Counter(group)
    limits = [
        [-(-sizes[g] // parts) + data.draw(st.integers(0, 1)) for _ in range(parts)]
        for g in range(groups)
    ]
    weights = graph.weights if graph.weights is not None else np.ones(len(graph.neighbours), int)

    expected = list(part)
    for v in order:
        held = Counter(p for u, p in enumerate(expected) if group[u] == group[v])
        pull: Counter[int] = Counter()
        for u, w in graph.rows[v].items():
            pull[expected[u]] += int(w) if graph.weights is not None else 1
        own, limit = expected[v], limits[group[v]]
        free = [p for p in range(parts) if p != own and held[p] < limit[p]]
        free += [own] if held[own] <= limit[own] else []
        expected[v] = max(free, key=lambda p: (pull[p], p == own, -held[p], -p))

    found = np.array(part, np.int32)
    filled = np.zeros((groups, parts), np.int64)
    np.add.at(filled, (np.array(group), found), 1)
    rows = (graph.indptr, graph.neighbours, weights.astype(np.uint32))
    before = cut_weight(*rows, found)
    fallen = settle_groups(
        *rows, np.array(group, np.int32), np.array(limits), np.array(order), found, filled
    )
    assert found.tolist() == expected
    assert filled.sum() == n
    for g in range(groups):
        held = Counter(p for v, p in enumerate(expected) if group[v] == g)
        assert filled[g].tolist() == [held[p] for p in range(parts)]
    assert before - cut_weight(*rows, found) == 2 * fallen
    # Both directions of an edge lie in the rows, so a cut edge counts twice.
    cut = sum(
        int(w) if graph.weights is not None else 1
        for v in range(n)
        for u, w in graph.rows[v].items()
        if expected[u] != expected[v]
    )
    assert cut_weight(*rows, found) == cut
