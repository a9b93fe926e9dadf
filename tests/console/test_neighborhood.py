"""Neighbourhoods for drawing: what a plain search finds, and the same under any partitioning."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.console.explorer import Explorer
from graphray.console.neighborhood import FANOUT_MAX, Neighborhood, NeighborhoodQuery
from graphray.errors import ArgumentError
from tests.sampling.graphs import build_store, plain_graphs, user_id
from tests.sampling.twin import PlainGraph

Plain = tuple[str, int]


def plain_neighborhood(
    graph: PlainGraph, middle: Plain, hops: int, directions: tuple[Any, ...]
) -> tuple[dict[Plain, int], set[tuple[int, int]]]:
    """Every node within so many steps, with its distance, and every (relation, edge) on the way."""
    distance, edges = {middle: 0}, set()
    for hop in range(hops):
        for node_type, node in [n for n, d in distance.items() if d == hop]:
            for number, relation in enumerate(graph.edges):
                for direction in directions:
                    if relation.near_type(direction) == node_type:
                        for far, edge in graph.row(relation, direction, node):
                            distance.setdefault((relation.far_type(direction), far), hop + 1)
                            edges.add((number, edge))
    return distance, edges


def stored_relations(graph: PlainGraph, opened: gr.Graph) -> list[int]:
    """The place in the plain graph of each relation of the schema."""
    names = list(graph.edges)
    return [names.index(kind.relation) for kind in opened.schema.relations]


@settings(max_examples=25)
@given(
    plain_graphs(),
    st.sampled_from(["in", "out", "both"]),
    st.integers(1, 3),
    st.integers(1, 4),
    st.data(),
)
def test_with_room_for_all_it_is_what_a_search_finds(
    graph: PlainGraph, direction: Any, hops: int, parts: int, data: Any
) -> None:
    node_type = data.draw(st.sampled_from(sorted(graph.counts)))
    middle = (node_type, data.draw(st.integers(0, graph.counts[node_type] - 1)))
    with tempfile.TemporaryDirectory() as folder:
        parts = min(parts, sum(graph.counts.values()))
        opened = gr.open(build_store(graph, Path(folder), parts, scatter=7))
        query = NeighborhoodQuery(
            str(user_id(*middle)), node_type, (FANOUT_MAX,) * hops, direction, nodes_max=400
        )
        found = Explorer(opened).neighborhood(query)
        order = stored_relations(graph, opened)
    directions = ("in", "out") if direction == "both" else (direction,)
    distance, edges = plain_neighborhood(graph, middle, hops, directions)
    assert found.left_out == 0
    assert {(n.node_type, n.id): n.hop for n in found.nodes} == {
        (name, str(user_id(name, node))): steps for (name, node), steps in distance.items()
    }
    assert {(order[e.relation], e.id) for e in found.edges} == edges
    assert len(found.edges) == len(edges)
    check_ends(graph, order, found)


def check_ends(graph: PlainGraph, order: list[int], found: Neighborhood) -> None:
    """Every edge leads from its source to its destination; an undirected one either way."""
    relations = list(graph.edges)
    for edge in found.edges:
        relation = relations[order[edge.relation]]
        source, destination = graph.edges[relation][edge.id]
        ends = (found.nodes[edge.source].id, found.nodes[edge.destination].id)
        expected = (
            str(user_id(relation.source, source)),
            str(user_id(relation.destination, destination)),
        )
        assert ends == expected or (relation in graph.undirected and ends == expected[::-1])


@settings(max_examples=10)
@given(plain_graphs(), st.integers(2, 5), st.integers(1, 3), st.integers(1, 12))
def test_a_sample_is_the_same_under_any_partitioning(
    graph: PlainGraph, parts: int, fanout: int, nodes_max: int
) -> None:
    query = NeighborhoodQuery("u0", "user", (fanout, fanout), nodes_max=nodes_max, rng_seed=5)
    drawn = []
    for count in (1, min(parts, sum(graph.counts.values()))):
        with tempfile.TemporaryDirectory() as folder:
            found = Explorer(gr.open(build_store(graph, Path(folder), count, 3))).neighborhood(
                query
            )
        nodes = [(node.node_type, node.id, node.hop) for node in found.nodes]
        drawn.append((nodes, found.edges, found.left_out))
        assert len(nodes) <= nodes_max
    assert drawn[0] == drawn[1]


def test_only_the_relations_asked_for_are_followed(tmp_path: Path) -> None:
    sources, destinations = [0, 0, 1], [1, 2, 2]
    store = gr.build(
        {("n", "a", "n"): (sources, destinations), ("n", "b", "n"): (destinations, sources)},
        tmp_path / "store",
    )
    explorer = Explorer(gr.open(store.uri))
    found = explorer.neighborhood(NeighborhoodQuery("0", relations=(1,)))
    assert {edge.relation for edge in found.edges} == {1}
    assert len(explorer.neighborhood(NeighborhoodQuery("0", relations=())).nodes) == 1
    with pytest.raises(ArgumentError, match="relation 2; expected a number from 0 to 1"):
        explorer.neighborhood(NeighborhoodQuery("0", relations=(2,)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fanout": ()}, "0 hops"),
        ({"fanout": (3, 0)}, r"fanout\[1\] = 0"),
        ({"fanout": (3, 3, 3, 3, 3)}, "5 hops"),
        ({"direction": "up"}, "direction = 'up'"),
        ({"nodes_max": 0}, "nodes_max = 0"),
    ],
)
def test_a_query_out_of_range_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        NeighborhoodQuery("0", **wrong)
