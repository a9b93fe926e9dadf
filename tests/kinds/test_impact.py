"""Impact against shortest ways through a graph of states: reached as a whole, or in part."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.errors import NodeNotFound
from graphray.kinds.metagraph import Metagraph
from tests.kinds.metagraphs import PlainMetagraph, metagraphs

WHOLE, PART = "whole", "part"


def states(plain: PlainMetagraph, backwards: bool) -> nx.DiGraph:
    """What follows from what, and over how many edges."""
    graph = nx.DiGraph()
    for element in [*plain.nodes, *plain.members]:
        graph.add_node((WHOLE, element))
    for metanode, members in plain.members.items():
        for member in members:
            graph.add_edge((WHOLE, metanode), (WHOLE, member), steps=0)
            graph.add_edge((WHOLE, member), (PART, metanode), steps=0)
            graph.add_edge((PART, member), (PART, metanode), steps=0)
    for source, destination in plain.edges:
        near, far = (destination, source) if backwards else (source, destination)
        for state in (WHOLE, PART):
            if not graph.has_edge((state, near), (WHOLE, far)):
                graph.add_edge((state, near), (WHOLE, far), steps=1)
    return graph


@given(metagraphs(), st.data(), st.booleans())
@settings(max_examples=40)
def test_impact_against_networkx(plain: PlainMetagraph, data: Any, backwards: bool) -> None:
    tables = Metagraph.from_sets(plain.members, plain.edges, np.array(plain.nodes))
    m = Metagraph(tables.in_memory(parts=min(2, len(plain.nodes)), partitioner="random"))
    element = st.sampled_from([*plain.nodes, *plain.members])
    start = data.draw(st.lists(element, min_size=1, max_size=2))
    found = m.impact(start, direction="in" if backwards else "out").to_pylist()
    steps = nx.multi_source_dijkstra_path_length(
        states(plain, backwards), {(WHOLE, e) for e in start}, weight="steps"
    )
    expected = {}
    for (state, name), count in steps.items():
        before = expected.get(name, (count, False))
        expected[name] = (min(before[0], count), before[1] or state == WHOLE)
    assert {row["element"]: (row["steps"], row["whole"]) for row in found} == expected
    assert len(found) == len(expected)
    assert [row["steps"] for row in found] == sorted(row["steps"] for row in found)
    for row in found:
        assert (row["type"] == "metanode") is (row["element"] in plain.members)


def test_a_part_is_not_the_whole() -> None:
    tables = Metagraph.from_sets(
        {"team": ["ada", "bob"], "firm": ["team", "cy"]}, edges=[("x", "ada"), ("firm", "bank")]
    )
    m = Metagraph.of(tables)
    reached = {row["element"]: (row["steps"], row["whole"]) for row in m.impact("x").to_pylist()}
    assert reached == {
        "x": (0, True),
        "ada": (1, True),
        "team": (1, False),
        "firm": (1, False),
        "bank": (2, True),
    }
    before = m.impact("bank", direction="in")["element"].to_pylist()
    assert set(before) == {"bank", "ada", "bob", "cy", "team", "firm", "x"}
    with pytest.raises(NodeNotFound, match="'nobody' is neither"):
        m.impact(["x", "nobody"])
