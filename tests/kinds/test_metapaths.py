"""Metapaths against all subsets of edges, and against Basu and Blanning's definition."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import NodeNotFound
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.metapaths import SetEdge, metapaths
from tests.kinds.metagraphs import PlainMetagraph, metagraphs

SETS = st.frozensets(st.integers(0, 4), max_size=3)
EDGES = st.lists(st.builds(SetEdge, SETS.filter(bool), SETS.filter(bool)), max_size=6)


def gives(edges: list[SetEdge], sources: frozenset[int], targets: frozenset[int]) -> bool:
    """Whether the edges give all targets, taken in whatever order."""
    known = set(sources)
    for _ in edges:
        for edge in edges:
            if edge.inputs <= known:
                known |= edge.outputs
    return targets <= known


@given(EDGES, SETS.filter(bool), SETS.filter(bool))
@settings(max_examples=150)
def test_all_edge_dominant_metapaths_are_found(
    edges: list[SetEdge], sources: frozenset[int], targets: frozenset[int]
) -> None:
    every = [set(c) for n in range(len(edges) + 1) for c in combinations(range(len(edges)), n)]
    giving = [c for c in every if gives([edges[e] for e in c], sources, targets)]
    dominant = {frozenset(c) for c in giving if not any(other < c for other in giving)}
    found = list(metapaths(edges, sources, targets))
    assert {frozenset(path) for path in found} == dominant
    assert len(found) == len(dominant)
    for path in found:
        known = set(sources)
        for edge in path:
            assert edges[edge].inputs <= known
            known |= edges[edge].outputs


def test_many_metapaths_come_one_by_one() -> None:
    # Two ways at each of 60 steps: 2**60 metapaths.
    edges = [
        SetEdge(frozenset({step}), frozenset({step + 1})) for step in range(60) for _ in range(2)
    ]
    paths = metapaths(edges, frozenset({0}), frozenset({60}))
    some = [frozenset(next(paths)) for _ in range(5)]
    assert len(set(some)) == 5
    assert {len(path) for path in some} == {60}


def of(plain: PlainMetagraph, parts: int) -> Metagraph:
    tables = Metagraph.from_sets(plain.members, plain.edges, np.array(plain.nodes))
    return Metagraph(tables.in_memory(parts=parts, partitioner="random"))


def nodes_of(plain: PlainMetagraph, element: Any) -> frozenset[Any]:
    return frozenset({element, *plain.inside(element)} - plain.members.keys())


def pairs(path: pa.Table) -> list[tuple[Any, Any]]:
    return list(zip(path["src"].to_pylist(), path["dst"].to_pylist(), strict=True))


@given(metagraphs(), st.data())
@settings(max_examples=30)
def test_metapaths_of_a_metagraph(plain: PlainMetagraph, data: Any) -> None:
    element = st.sampled_from([*plain.nodes, *plain.members])
    sources, target = data.draw(st.lists(element, min_size=1, max_size=2)), data.draw(element)
    m = of(plain, min(2, len(plain.nodes) + len(plain.members)))
    near = frozenset().union(*(nodes_of(plain, s) for s in sources))
    far = nodes_of(plain, target)
    # An edge from a set without nodes is on no path from the sources.
    useful = [(a, b) for a, b in plain.edges if nodes_of(plain, a)]
    joined = [SetEdge(nodes_of(plain, a), nodes_of(plain, b)) for a, b in useful]
    found = [pairs(path) for _, path in zip(range(50), m.metapaths(sources, target), strict=False)]
    expected = [
        [useful[edge] for edge in path]
        for _, path in zip(range(50), metapaths(joined, near, far), strict=False)
    ]
    assert bool(found) == bool(expected)
    if len(expected) < 50:
        assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    for path in found:
        ends = [(nodes_of(plain, a), nodes_of(plain, b)) for a, b in path]
        inputs = frozenset().union(*(i for i, _ in ends))
        outputs = frozenset().union(*(o for _, o in ends))
        assert inputs - outputs <= near
        assert far <= outputs | near


def test_no_path_leads_from_a_set_without_nodes() -> None:
    plain = PlainMetagraph([0, 1], {100: []}, [(1, 100), (100, 0)])
    assert list(of(plain, 2).metapaths(1, 0)) == []


def test_properties_come_along() -> None:
    tables = Metagraph.from_tables(
        [("both", "x"), ("both", "y")],
        {
            "makes": pa.table({"src": ["a", "b"], "dst": ["x", "y"], "hours": [1, 2]}),
            "sells": pa.table({"src": ["both"], "dst": ["z"], "price": [9.5]}),
        },
    )
    with Metagraph.of(tables) as m:
        (path,) = m.metapaths(["a", "b"], "z")
        assert path.to_pylist() == [
            {"src": "a", "dst": "x", "name": "makes", "hours": 1, "price": None},
            {"src": "b", "dst": "y", "name": "makes", "hours": 2, "price": None},
            {"src": "both", "dst": "z", "name": "sells", "hours": None, "price": 9.5},
        ]
        assert [path.num_rows for path in m.metapaths("both", ["x", "y"])] == [0]
        with pytest.raises(NodeNotFound, match="'nobody' is neither"):
            next(m.metapaths("nobody", "z"))
