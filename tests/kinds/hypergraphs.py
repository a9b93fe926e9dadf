"""Hypergraphs as plain dictionaries: a strategy, and the slow way to answer what is asked."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Sets = dict[Any, set[Any]]

STRINGS = st.sampled_from(["a", "b", "c", "d", "e", "f", "ü", "x y"])
INTEGERS = st.integers(-3, 8)


@st.composite
def set_systems(draw: Any) -> Sets:
    """Some hyperedges, each of one vertex or more."""
    vertices = draw(st.sampled_from([STRINGS, INTEGERS]))
    hyperedges = draw(st.sampled_from([STRINGS, INTEGERS]))
    return draw(
        st.dictionaries(
            hyperedges, st.sets(vertices, min_size=1, max_size=5), min_size=1, max_size=7
        )
    )


def vertices_of(sets: Sets) -> set[Any]:
    return set().union(*sets.values())


def s_neighbors(sets: Sets, hyperedge: Any, s: int) -> set[Any]:
    return {
        other
        for other, members in sets.items()
        if other != hyperedge and len(members & sets[hyperedge]) >= s
    }


def s_component(sets: Sets, hyperedge: Any, s: int) -> dict[Any, int]:
    """The hyperedges that s-walks reach, and in how many steps."""
    steps = {hyperedge: 0}
    frontier = [hyperedge]
    while frontier:
        reached = {other: near for near in frontier for other in s_neighbors(sets, near, s)}
        frontier = [other for other in reached if other not in steps]
        steps.update({other: steps[reached[other]] + 1 for other in frontier})
    return steps
