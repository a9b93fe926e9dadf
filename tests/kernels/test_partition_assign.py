"""Choosing a partition against a plain twin, and that limits hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_assign import choose_parts, count_connections, fill_parts
from tests.kernels.partition_graphs import SmallGraph, small_graphs

PARTS = 3
WEIGHTS = (0, 1, 2)

Limits = list[list[int]]

# Of each partition, for size, load and one weight more.
LIMITS = st.lists(
    st.tuples(st.integers(1, 20), st.integers(1, 40), st.integers(1, 9)).map(list),
    min_size=PARTS,
    max_size=PARTS,
)


def sums(graph: SmallGraph, part: list[int]) -> list[list[int]]:
    weights = graph.node_weights.tolist()
    return [
        [sum(weights[v][i] for v in range(len(part)) if part[v] == p) for i in WEIGHTS]
        for p in range(PARTS)
    ]


@st.composite
def assignments(draw: st.DrawFn) -> tuple[SmallGraph, list[int]]:
    graph = draw(small_graphs())
    n = len(graph.rows)
    further = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    weights = np.column_stack([graph.node_weights, np.array(further, np.uint32)])
    graph = graph._replace(node_weights=weights)
    return graph, draw(st.lists(st.integers(0, PARTS), min_size=n, max_size=n))


@given(case=assignments(), limits=LIMITS, data=st.data())
def test_nodes_choose_as_the_definition_says(
    case: tuple[SmallGraph, list[int]], limits: Limits, data: st.DataObject
) -> None:
    graph, before = case
    pressure = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    steering = data.draw(st.sampled_from(WEIGHTS))
    nodes = graph.nodes
    part = np.array(before, np.uint8)
    connections = np.empty((len(nodes), PARTS + 1), np.uint32)
    middle = data.draw(st.integers(0, len(nodes)))
    for start, stop in ((0, middle), (middle, len(nodes))):
        count_connections(
            graph.indptr, graph.neighbours, graph.weights, part, nodes, start, stop, connections, 0
        )
    filled = np.array(sums(graph, before), np.int64)
    targets = np.array([4.0, 5.0, 6.0])
    choose_parts(
        nodes, 0, len(nodes), connections, graph.node_weights, np.array(limits, np.int64),
        targets, steering, pressure, part, filled,
    )  # fmt: skip

    expected = list(before)
    for v in nodes.tolist():
        weights = graph.node_weights[v].tolist()
        own, expected[v] = expected[v], PARTS
        held = sums(graph, expected)
        edges = [sum(w for u, w in graph.rows[v].items() if before[u] == p) for p in range(PARTS)]
        score = {
            p: edges[p] - pressure * weights[1] * (held[p][steering] / targets[p])
            for p in range(PARTS)
            if all(held[p][i] + weights[i] <= limits[p][i] for i in WEIGHTS)
        }
        if score:
            expected[v] = max(score, key=lambda p: (score[p], p == own, -p))
        elif own < PARTS:
            expected[v] = own
        else:
            expected[v] = least_full(held, limits, weights)
    assert part.tolist() == expected
    assert filled.tolist() == sums(graph, expected)


def least_full(held: list[list[int]], limits: Limits, weights: list[int]) -> int:
    def share(p: int) -> float:
        return max((held[p][i] + weights[i]) / limits[p][i] for i in WEIGHTS if weights[i])

    return min(range(PARTS), key=lambda p: (share(p), p))


@given(case=assignments(), limits=LIMITS)
def test_fillers_go_where_least_is(case: tuple[SmallGraph, list[int]], limits: Limits) -> None:
    graph, expected = case
    part = np.array(expected, np.uint8)
    filled = np.array(sums(graph, expected), np.int64)
    homeless = [v for v, p in enumerate(expected) if p == PARTS]
    fill_parts(
        np.array(homeless, np.uint32), graph.node_weights, np.array(limits, np.int64), part, filled
    )
    for v in homeless:
        expected[v] = least_full(sums(graph, expected), limits, graph.node_weights[v].tolist())
    assert part.tolist() == expected
    assert filled.tolist() == sums(graph, expected)


@pytest.mark.parametrize("pressure", [0.0, 1.0])
def test_a_partition_beyond_its_limit_is_emptied_into_those_that_have_room(
    pressure: float,
) -> None:
    weights = np.ones((10, 2), np.uint32)
    part = np.zeros(10, np.uint8)
    filled = np.array([[10, 10], [0, 0]], np.int64)
    connections = np.tile(np.array([5, 0, 0], np.uint32), (10, 1))
    limits = np.full((2, 2), 6)
    choose_parts(
        np.arange(10, dtype=np.uint32), 0, 10, connections, weights, limits, np.array([5.0, 5.0]),
        1, pressure, part, filled,
    )  # fmt: skip
    assert np.bincount(part).tolist() == [6, 4]
