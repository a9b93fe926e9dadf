"""Kernels on hypergraphs against plain twins on sets."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphray.kernels.partition_hypergraph_cluster import (
    Pins,
    cluster_vertices,
    contract_pins,
    merge_identical,
    select_hyperedges,
    transpose_pins,
)
from graphray.kernels.partition_hypergraph_refine import (
    Tables,
    best_target,
    fill_tables,
    follow_majority,
    mend_balance,
    move_vertex,
    search,
)

Sets = list[set[int]]


def pins_of(sets: Sets, weights: list[int], vertex_weights: list[tuple[int, int]]) -> Pins:
    edge_ptr = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    pins = np.array([v for members in sets for v in sorted(members)], np.int32)
    vertex_ptr, hyperedges = transpose_pins(edge_ptr, pins, len(vertex_weights))
    return Pins(
        edge_ptr,
        pins,
        np.array(weights, np.int64),
        vertex_ptr,
        hyperedges,
        np.array(vertex_weights, np.int64).reshape(-1, 2),
    )


def sets_of(edge_ptr: np.ndarray, pins: np.ndarray) -> list[list[int]]:
    return [pins[a:b].tolist() for a, b in pairwise(edge_ptr)]


def tables_of(graph: Pins, part: list[int], parts: int) -> Tables:
    n, m = graph.num_vertices, graph.num_hyperedges
    tables = Tables(
        np.array(part, np.int32),
        np.zeros((parts, 2), np.int64),
        np.zeros((m, parts), np.int32),
        np.zeros((n, parts), np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )
    fill_tables(graph, tables)
    return tables


def cost(sets: Sets, weights: list[int], part: list[int]) -> int:
    return sum(w * (len({part[v] for v in s}) - 1) for s, w in zip(sets, weights, strict=True))


@st.composite
def weighted_sets(draw: st.DrawFn) -> tuple[Sets, list[int], list[tuple[int, int]]]:
    """Hyperedges of two vertices at least, their weights, and the vertices' sizes and loads."""
    n = draw(st.integers(2, 9))
    sets = draw(st.lists(st.sets(st.integers(0, n - 1), min_size=2), max_size=12))
    weights = [draw(st.integers(1, 4)) for _ in sets]
    return sets, weights, [(draw(st.integers(1, 3)), draw(st.integers(0, 5))) for _ in range(n)]


@given(drawn=weighted_sets())
def test_transposing_lists_the_hyperedges_of_each_vertex(drawn: tuple) -> None:
    sets, _, vertex_weights = drawn
    graph = pins_of(*drawn)
    expected = [[e for e, s in enumerate(sets) if v in s] for v in range(len(vertex_weights))]
    assert sets_of(graph.vertex_ptr, graph.hyperedges) == expected


@given(drawn=weighted_sets(), data=st.data())
def test_vertices_join_the_cluster_they_share_most_with(drawn: tuple, data: st.DataObject) -> None:
    sets, weights, vertex_weights = drawn
    n = len(vertex_weights)
    order = data.draw(st.permutations(range(n)))
    limits = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 15)))
    clusters_min, pins_max = data.draw(st.integers(1, n)), data.draw(st.integers(2, 9))

    cluster = {v: v for v in range(n)}

    def weigh(c: int) -> tuple[int, ...]:
        return tuple(sum(vertex_weights[v][i] for v in cluster if cluster[v] == c) for i in (0, 1))

    allowed = []
    for v in order:
        if len(set(cluster.values())) <= clusters_min or list(cluster.values()).count(v) != 1:
            continue
        if cluster[v] != v:
            continue
        rating: defaultdict[int, float] = defaultdict(float)
        for s, w in zip(sets, weights, strict=True):
            if v in s and len(s) <= pins_max:
                for u in s - {v}:
                    rating[cluster[u]] += w / (len(s) - 1)
        fits = {
            c: rating[c]
            for c in rating
            if all(weigh(c)[i] + vertex_weights[v][i] <= limits[i] for i in (0, 1))
        }
        if fits:
            best = max(fits.values())
            equal = [c for c in fits if abs(fits[c] - best) < 1e-9]
            cluster[v] = min(equal, key=lambda c: weigh(c)[0])
            allowed.append(len({weigh(c)[0] for c in equal}) == len(equal))

    graph = pins_of(*drawn)
    label, count = cluster_vertices(
        graph, np.array(order), np.array(limits), pins_max, clusters_min
    )
    assert set(label.tolist()) == set(range(count))
    for c in range(count):
        members = np.flatnonzero(label == c)
        if len(members) > 1:
            total = graph.vertex_weights[members].sum(axis=0)
            assert total[0] <= limits[0]
            assert total[1] <= limits[1]
    if all(allowed):  # Without ties the outcome is determined.
        groups = {frozenset(v for v in cluster if cluster[v] == c) for c in cluster.values()}
        found = {frozenset(np.flatnonzero(label == c).tolist()) for c in range(count)}
        assert found == groups


@given(drawn=weighted_sets(), data=st.data(), same_hash=st.booleans())
def test_contraction_keeps_what_can_be_cut_with_its_weight(
    drawn: tuple, data: st.DataObject, same_hash: bool
) -> None:
    sets, weights, vertex_weights = drawn
    n = len(vertex_weights)
    label = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    expected: Counter[tuple[int, ...]] = Counter()
    for s, w in zip(sets, weights, strict=True):
        clusters = tuple(sorted({label[v] for v in s}))
        if len(clusters) > 1:
            expected[clusters] += w

    graph = pins_of(*drawn)
    edge_ptr, pins, hashes = contract_pins(graph.edge_ptr, graph.pins, np.array(label, np.int32), n)
    assert sets_of(edge_ptr, pins) == [sorted({label[v] for v in s}) for s in sets]
    if same_hash:
        hashes[:] = 7
    edge_weights = graph.edge_weights.copy()
    order = np.argsort(hashes, kind="stable")
    keep = merge_identical(edge_ptr, pins, hashes, order, edge_weights)
    kept = sets_of(*select_hyperedges(edge_ptr, pins, keep))
    assert len(kept) == len(expected)
    assert dict(zip(map(tuple, kept), edge_weights[keep].tolist(), strict=True)) == expected


@given(drawn=weighted_sets(), data=st.data())
def test_tables_stay_true_through_moves(drawn: tuple, data: st.DataObject) -> None:
    sets, weights, vertex_weights = drawn
    n, parts = len(vertex_weights), data.draw(st.integers(2, 4))
    part = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    graph = pins_of(*drawn)
    tables = tables_of(graph, part, parts)
    changed, is_changed = np.empty(n, np.int32), np.zeros(n, np.bool_)
    room = np.full((parts, 2), 1000)
    for _ in range(data.draw(st.integers(1, 6))):
        v = data.draw(st.integers(0, n - 1))
        before = cost(sets, weights, part)
        target, gain = best_target(graph, tables, room, v)
        gains = {}
        for p in set(range(parts)) - {part[v]}:
            gains[p] = before - cost(sets, weights, [*part[:v], p, *part[v + 1 :]])
        assert gain == gains[target] == max(gains.values())
        target = data.draw(st.sampled_from(sorted(gains)))
        count = move_vertex(graph, tables, v, target, changed, is_changed)
        is_changed[changed[:count]] = False
        part[v] = target
        assert not is_changed.any()
        for found, expected in zip(tables, tables_of(graph, part, parts), strict=True):
            np.testing.assert_array_equal(found, expected)


@given(drawn=weighted_sets(), data=st.data())
def test_a_search_gains_what_it_says_within_the_limits(drawn: tuple, data: st.DataObject) -> None:
    sets, weights, vertex_weights = drawn
    n, parts = len(vertex_weights), data.draw(st.integers(2, 4))
    part = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    graph = pins_of(*drawn)
    tables = tables_of(graph, part, parts)
    slack = data.draw(st.lists(st.integers(0, 4), min_size=parts, max_size=parts))
    limits = tables.filled + np.array(slack)[:, None]
    starts = np.array(data.draw(st.permutations(range(n))))
    fallen = search(graph, tables, limits, starts, data.draw(st.integers(0, 4)))
    after = tables.part.tolist()
    assert fallen == cost(sets, weights, part) - cost(sets, weights, after) >= 0
    assert (tables.filled <= limits).all()
    for found, expected in zip(tables, tables_of(graph, after, parts), strict=True):
        np.testing.assert_array_equal(found, expected)


@given(drawn=weighted_sets(), data=st.data())
def test_mending_empties_what_is_too_full_as_far_as_vertices_fit(
    drawn: tuple, data: st.DataObject
) -> None:
    n, parts = len(drawn[2]), data.draw(st.integers(2, 4))
    part = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    graph = pins_of(*drawn)
    totals = graph.vertex_weights.sum(axis=0)
    slack = data.draw(st.lists(st.integers(0, 3), min_size=parts, max_size=parts))
    limits = np.maximum(1, -(-totals // parts) + np.array(slack)[:, None])
    tables = tables_of(graph, part, parts)
    before = tables.filled.copy()
    mend_balance(graph, tables, limits)
    for found, expected in zip(tables, tables_of(graph, tables.part.tolist(), parts), strict=True):
        np.testing.assert_array_equal(found, expected)

    def excess(filled: np.ndarray) -> float:
        return (np.maximum(0, filled - limits) / limits).sum()

    assert excess(tables.filled) <= excess(before)
    for v in range(n):
        own = tables.part[v]
        beyond = tables.filled[own] > limits
        if (beyond & (graph.vertex_weights[v] > 0)).any():
            for p in set(range(parts)) - {own}:
                moved = tables.filled.copy()
                moved[own] -= graph.vertex_weights[v]
                moved[p] += graph.vertex_weights[v]
                assert excess(moved) >= excess(tables.filled) - 1e-6


@given(drawn=weighted_sets(), data=st.data())
def test_hyperedges_go_where_room_and_most_pins_are(drawn: tuple, data: st.DataObject) -> None:
    sets, _, vertex_weights = drawn
    n, parts = len(vertex_weights), data.draw(st.integers(1, 4))
    part = data.draw(st.lists(st.integers(0, parts - 1), min_size=n, max_size=n))
    graph = pins_of(*drawn)
    limits = [data.draw(st.integers(0, 3)) for _ in range(parts)]
    loads = data.draw(st.lists(st.integers(1, 2), min_size=len(sets), max_size=len(sets)))
    found = follow_majority(
        graph.edge_ptr,
        graph.pins,
        np.array(part, np.int32),
        np.array(loads, np.uint32).reshape(-1, 1),
        np.array(limits).reshape(-1, 1),
        np.zeros((parts, 1), np.int64),
    )
    taken: Counter[int] = Counter()
    filled: Counter[int] = Counter()
    for e, members in enumerate(sets):
        pins = Counter(part[v] for v in members)
        fits = {p: filled[p] + loads[e] <= limits[p] for p in range(parts)}
        best = min(range(parts), key=lambda p: (not fits[p], -pins[p], taken[p], p))
        assert found[e] == best
        taken[best] += 1
        filled[best] += loads[e]
