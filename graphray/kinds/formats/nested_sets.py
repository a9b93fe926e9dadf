"""Metagraphs from tables, or from sets of sets in memory."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from graphray.errors import ArgumentError, InputError
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.inputs import EdgeInput, read_edges, read_nodes
from graphray.ingest.source import Source
from graphray.kinds.containment import CONTAINS, metagraph_tables
from graphray.kinds.formats.records import id_array
from graphray.kinds.tables import GraphTables

EDGE = "edge"
IS_SET = "is_set"
Element = int | str
End = Element | Iterable[Element]


def from_tables(
    contains: Any,
    edges: Any = None,
    nodes: Any = None,
    metanodes: Any = None,
) -> GraphTables:
    """A metagraph from tables.

    Args:
        contains: who contains whom: a row per membership, from metanode to element, in any form in
            which `graphray.build` takes edges.
        edges: edges between elements, likewise; several kinds as ``{name: table}``.
        nodes: a node table: ids and properties. None for those elements that are named and contain
            nothing.
        metanodes: likewise for metanodes; those that ``contains`` names as containing something
            need not be listed.

    Raises:
        InputError: where the data is wrong, naming file, row and column; for a metanode that
            contains itself, the cycle.
        DanglingEdge: where an element is named that is not there.
        ArgumentError: where an argument is in none of these forms.

    Example:
        >>> tables = from_tables([("team", "ada"), ("firm", "team")], [("ada", "firm")])
        >>> {name: table["id"].to_pylist() for name, table in tables.nodes.items()}
        {'node': ['ada'], 'metanode': ['team', 'firm']}
    """
    named = edges if isinstance(edges, Mapping) else {EDGE: edges} if edges is not None else {}
    for name in named:
        if not isinstance(name, str) or name in ("", CONTAINS):
            raise ArgumentError(f"edges named {name!r}; expected a word other than {CONTAINS!r}")
    return metagraph_tables(
        read_edges(contains, CONTAINS),
        {name: read_edges(table, f"edges[{name!r}]") for name, table in named.items()},
        None if nodes is None else read_nodes(nodes, "nodes"),
        None if metanodes is None else read_nodes(metanodes, "metanodes"),
    )


def from_sets(
    metanodes: Mapping[Element, Iterable[Element]],
    edges: Iterable[tuple[End, End]] = (),
    nodes: Any = None,
) -> GraphTables:
    """A metagraph from sets of sets.

    Args:
        metanodes: ``{metanode: its elements}``; an element that is a key is a metanode itself.
        edges: pairs (source, destination); an end is an element, or a set of elements. A set that
            is no metanode's becomes one, named after its elements, and is marked in the column
            ``is_set``; where ids are integers, name it yourself.
        nodes: a node table, or an array of ids; None for those elements that are named and are no
            metanodes.

    Raises:
        InputError: as `from_tables`.
        ArgumentError: where ``metanodes`` is no mapping.

    Example:
        >>> edges = [("cy", {"ada", "bob"}), ({"cy", "di"}, "team")]
        >>> tables = from_sets({"team": ["ada", "bob"]}, edges)
        >>> tables.nodes["metanode"].to_pylist()
        [{'id': 'team', 'is_set': False}, {'id': '{cy, di}', 'is_set': True}]
    """
    if not isinstance(metanodes, Mapping):
        raise ArgumentError(f"metanodes = {metanodes!r}; expected {{metanode: its elements}}")
    members = {name: _elements(given, f"metanodes[{name!r}]") for name, given in metanodes.items()}
    named = len(members)
    pairs = _between_elements(edges, members)
    listed = {ID: id_array(list(members), "metanodes", ID)}
    if len(members) > named:
        listed[IS_SET] = pa.array([row >= named for row in range(len(members))])
    return metagraph_tables(
        _edge_input([(m, element) for m in members for element in members[m]], CONTAINS),
        {EDGE: _edge_input(pairs, "edges")},
        None if nodes is None else read_nodes(nodes, "nodes"),
        Source.of(pa.table(listed), "metanodes"),
    )


def _between_elements(
    edges: Iterable[tuple[End, End]], members: dict[Element, list[Element]]
) -> list[tuple[Element, Element]]:
    """The edges with a metanode for each end that is a set; ``members`` gets those that are new."""
    metanode_of = {frozenset(elements): name for name, elements in members.items()}
    pairs = []
    for row, edge in enumerate(edges):
        if not isinstance(edge, tuple) or len(edge) != 2:
            raise InputError(f"{edge!r} is no pair (source, destination)", source="edges", row=row)
        ends = []
        for end in edge:
            if isinstance(end, str) or not isinstance(end, Iterable):
                ends.append(end)
                continue
            elements = _elements(end, "edges", row)
            content = frozenset(elements)
            if content not in metanode_of:
                metanode_of[content] = _name_of(elements, members, row)
                members[metanode_of[content]] = elements
            ends.append(metanode_of[content])
        pairs.append((ends[0], ends[1]))
    return pairs


def _name_of(elements: list[Element], taken: Container[Element], row: int) -> str:
    if not all(isinstance(element, str) for element in elements):
        raise InputError(
            f"the set {elements} has no name, and ids are integers; give it as a metanode",
            source="edges",
            row=row,
        )
    name = f"{{{', '.join(map(str, elements))}}}"
    while name in taken:
        name += "'"
    return name


def _elements(given: Any, label: str, row: int | None = None) -> list[Element]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"{given!r} is no set of elements", source=label, row=row)
    # A set of strings has another order in every process; the store should not.
    is_set = isinstance(given, (set, frozenset))
    elements = sorted(given, key=lambda e: (type(e).__name__, e)) if is_set else list(given)
    id_array(elements, label, "elements")
    return elements


def _edge_input(pairs: Sequence[tuple[Element, Element]], label: str) -> EdgeInput:
    table = pa.table(
        {
            SRC: id_array([source for source, _ in pairs], label, SRC),
            DST: id_array([destination for _, destination in pairs], label, DST),
        }
    )
    return EdgeInput(Source.of(table, label), SRC, DST)
