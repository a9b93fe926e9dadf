"""Hypergraphs from what is in memory or in tables: incidence pairs, matrices, lists of sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from graphray.errors import ArgumentError, InputError
from graphray.ingest.frames import ID
from graphray.ingest.inputs import read_edges, read_nodes
from graphray.ingest.networks import is_networkx, is_sparse
from graphray.ingest.source import Source
from graphray.kinds.formats.records import id_array
from graphray.kinds.incidence import HYPEREDGE, VERTEX, hypergraph_tables
from graphray.kinds.tables import GraphTables

Sets = Mapping[Any, Iterable[Any]] | Iterable[Iterable[Any]]


def from_incidence(
    incidence: Any,
    vertices: Any = None,
    hyperedges: Any = None,
    *,
    vertex: str | None = None,
    hyperedge: str | None = None,
    allow_empty: bool = False,
) -> GraphTables:
    """A hypergraph from its incidence: which vertex belongs to which hyperedge.

    Args:
        incidence: pairs (vertex, hyperedge) in any form in which `graphray.build` takes edges:
            files, tables, NumPy pairs; or an incidence matrix, SciPy sparse, with a row per vertex
            and a column per hyperedge. Further columns are kept; ``role`` (strings) and ``weight``
            (numbers) have a meaning.
        vertices: a node table: ids and properties. None for those that the incidence names.
        hyperedges: likewise.
        vertex: the column of vertex ids; None for ``vertex``, else the first of two.
        hyperedge: the column of hyperedge ids; None for ``hyperedge``, else the second.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where the incidence is in none of these forms.

    Example:
        >>> tables = from_incidence([("ada", "paper 1"), ("bob", "paper 1"), ("bob", "paper 2")])
        >>> tables.nodes["hyperedge"].column("id").to_pylist()
        ['paper 1', 'paper 2']
    """
    if is_networkx(incidence):
        raise ArgumentError(
            "a NetworkX graph does not say which of its nodes are hyperedges; pass pairs "
            "(vertex, hyperedge)"
        )
    found = read_edges(incidence, "incidence", vertex, hyperedge)
    names = found.source.table.column_names
    brought = (
        (found.source_nodes, found.destination_nodes) if is_sparse(incidence) else (None, None)
    )
    return hypergraph_tables(
        found.source,
        brought[0] if vertices is None else read_nodes(vertices, "vertices"),
        brought[1] if hyperedges is None else read_nodes(hyperedges, "hyperedges"),
        vertex=VERTEX if vertex is None and VERTEX in names else found.src,
        hyperedge=HYPEREDGE if hyperedge is None and HYPEREDGE in names else found.dst,
        allow_empty=allow_empty,
    )


def from_sets(sets: Sets, *, allow_empty: bool = False) -> GraphTables:
    """A hypergraph from its hyperedges as sets of vertices.

    Args:
        sets: ``{hyperedge: vertices}``, or a list of sets, whose hyperedges are numbered from 0.
        allow_empty: accept hyperedges without vertices.

    Raises:
        InputError: where a set is empty, holds a vertex twice (as a list may), or holds what is no
            id.
        ArgumentError: where ``sets`` are no sets at all.

    Example:
        >>> from_sets([{1, 2, 3}, {3, 4}]).edges[("vertex", "incidence", "hyperedge")].num_rows
        5
    """
    if isinstance(sets, (str, bytes)) or not isinstance(sets, Iterable):
        raise ArgumentError(
            f"sets = {sets!r}; expected {{hyperedge: vertices}}, or a list of sets of vertices"
        )
    named = dict(sets) if isinstance(sets, Mapping) else dict(enumerate(sets))
    pairs = list(_pairs(named))
    incidence = Source.of(
        pa.table(
            {
                VERTEX: id_array([vertex for vertex, _ in pairs], "sets", VERTEX),
                HYPEREDGE: id_array([hyperedge for _, hyperedge in pairs], "sets", HYPEREDGE),
            }
        ),
        "sets (incidences)",
    )
    hyperedges = Source.of(pa.table({ID: id_array(list(named), "sets", ID)}), "sets")
    return hypergraph_tables(incidence, None, hyperedges, allow_empty=allow_empty)


def _pairs(sets: Mapping[Any, Iterable[Any]]) -> Iterator[tuple[Any, Any]]:
    for hyperedge, vertices in sets.items():
        if isinstance(vertices, str) or not isinstance(vertices, Iterable):
            raise InputError(
                f"hyperedge {hyperedge!r} is a {type(vertices).__name__}; expected a set of its "
                "vertices",
                source="sets",
            )
        # A set of strings has another order in every process; the store should not.
        ordered = _sorted(vertices) if isinstance(vertices, (set, frozenset)) else vertices
        yield from ((vertex, hyperedge) for vertex in ordered)


def _sorted(vertices: Iterable[Any]) -> list[Any]:
    return sorted(vertices, key=lambda vertex: (type(vertex).__name__, vertex))
