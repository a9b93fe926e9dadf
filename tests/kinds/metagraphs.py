"""Metagraphs as plain dictionaries: a strategy, and the slow way to answer what is asked of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from hypothesis import strategies as st


class PlainMetagraph(NamedTuple):
    """Elements by name: those that are keys of ``members`` are metanodes."""

    nodes: list[Any]
    members: dict[Any, list[Any]]
    edges: list[tuple[Any, Any]]

    def inside(self, element: Any) -> set[Any]:
        """All that an element contains at any depth."""
        direct = set(self.members.get(element, []))
        return direct.union(*map(self.inside, direct))

    def around(self, element: Any) -> set[Any]:
        """All metanodes that contain an element at any depth."""
        return {m for m in self.members if element in self.inside(m)}

    def between(self, one: Any, other: Any) -> list[tuple[Any, Any]]:
        """The edges from within one element to within another."""
        near, far = {one} | self.inside(one), {other} | self.inside(other)
        return sorted((a, b) for a, b in self.edges if a in near and b in far)

    def contracted(self, metanode: Any) -> PlainMetagraph:
        """The same with a metanode in the place of what it contains."""
        gone = self.inside(metanode)

        def moved(element: Any) -> Any:
            return metanode if element in gone else element

        def kept(elements: Iterable[Any]) -> list[Any]:
            return list(dict.fromkeys(map(moved, elements)))

        within = {metanode} | gone
        return PlainMetagraph(
            [node for node in self.nodes if node not in gone],
            {
                m: [] if m == metanode else kept(elements)
                for m, elements in self.members.items()
                if m not in gone
            },
            [
                (moved(a), moved(b))
                for a, b in self.edges
                if not (a in within and b in within) or (a, b) == (metanode, metanode)
            ],
        )


@st.composite
def metagraphs(draw: Any) -> PlainMetagraph:
    """Some nodes, and metanodes that contain nodes and earlier metanodes."""
    text = draw(st.booleans())
    nodes: list[Any] = [f"n{i}" if text else i for i in range(draw(st.integers(1, 5)))]
    members: dict[Any, list[Any]] = {}
    for i in range(draw(st.integers(1, 5))):
        elements = st.sampled_from([*nodes, *members])
        members[f"m{i}" if text else 100 + i] = draw(st.lists(elements, unique=True, max_size=4))
    element = st.sampled_from([*nodes, *members])
    return PlainMetagraph(nodes, members, draw(st.lists(st.tuples(element, element), max_size=10)))
