"""Graphs of other libraries: NetworkX, igraph, and SciPy's sparse matrices.

These bring their nodes along: a graph its node list with attributes, a matrix the numbers of its
rows and columns. So isolated nodes survive.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.errors import InputError
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.source import Source

WEIGHT = "weight"
NAME = "name"


def is_networkx(value: Any) -> bool:
    """Whether the value is a NetworkX graph; does not import NetworkX."""
    networkx = sys.modules.get("networkx")
    return networkx is not None and isinstance(value, networkx.Graph)


def is_sparse(value: Any) -> bool:
    """Whether the value is a SciPy sparse matrix or array; does not import SciPy."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and sparse.issparse(value)


def is_igraph(value: Any) -> bool:
    """Whether the value is a graph of igraph; does not import igraph."""
    igraph = sys.modules.get("igraph")
    return igraph is not None and isinstance(value, igraph.Graph)


def networkx_nodes(graph: Any, label: str) -> Source:
    """The nodes of a NetworkX graph in its order, with their attributes as columns."""
    ids = list(graph.nodes)
    columns = {ID: _ids(ids, label), **_attributes([graph.nodes[n] for n in ids], ID, label)}
    return Source.of(pa.table(columns), label)


def networkx_edges(graph: Any, label: str) -> Source:
    """The edges of a NetworkX graph in its order, with their attributes as columns."""
    edges = list(graph.edges(data=True))
    columns = {
        SRC: _ids([source for source, _, _ in edges], label),
        DST: _ids([destination for _, destination, _ in edges], label),
    }
    attributes = _attributes([data for _, _, data in edges], (SRC, DST), label)
    return Source.of(pa.table({**columns, **attributes}), label)


def igraph_nodes(graph: Any, label: str) -> Source:
    """The vertices of igraph in its order, with their attributes as columns.

    Where vertices have names (the attribute ``name``), these are the ids; else their numbers are.
    """
    attributes = [vertex.attributes() for vertex in graph.vs]
    if NAME in graph.vs.attributes():
        for attribute in attributes:
            del attribute[NAME]
    ids = _igraph_ids(graph, label)
    return Source.of(pa.table({ID: ids, **_attributes(attributes, (ID,), label)}), label)


def igraph_edges(graph: Any, label: str) -> Source:
    """The edges of igraph in its order, with their attributes as columns."""
    ids = _igraph_ids(graph, f"{label} (nodes)")
    ends = np.array(graph.get_edgelist(), np.int64).reshape(-1, 2)
    columns = {SRC: ids.take(pa.array(ends[:, 0])), DST: ids.take(pa.array(ends[:, 1]))}
    attributes = _attributes([edge.attributes() for edge in graph.es], (SRC, DST), label)
    return Source.of(pa.table({**columns, **attributes}), label)


def sparse_edges(matrix: Any, label: str) -> Source:
    """An edge from row to column for every stored entry, its value in the column ``weight``."""
    entries = matrix.tocoo()
    return Source.of(
        pa.table(
            {SRC: pa.array(entries.row), DST: pa.array(entries.col), WEIGHT: pa.array(entries.data)}
        ),
        label,
    )


def sparse_nodes(count: int, label: str) -> Source:
    """The nodes ``0 .. count - 1`` of one side of a matrix."""
    return Source.of(pa.table({ID: np.arange(count, dtype=np.int64)}), label)


def _igraph_ids(graph: Any, label: str) -> pa.Array:
    named = NAME in graph.vs.attributes()
    return _ids(graph.vs[NAME] if named else range(graph.vcount()), label)


def _ids(ids: Sequence[Any], label: str) -> pa.Array:
    if not ids:
        return pa.array([], pa.int64())
    kind = type(ids[0])
    for row, value in enumerate(ids):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer, str)):
            raise InputError(
                f"node {value!r} is {type(value).__name__}; ids are integers or strings: rename "
                "the nodes",
                source=label,
                row=row,
            )
        if isinstance(value, str) != issubclass(kind, str):
            raise InputError(
                f"node {value!r} is {type(value).__name__}, but {ids[0]!r} is {kind.__name__}; "
                "all ids of a type are of one kind",
                source=label,
                row=row,
            )
    return pa.array(ids, pa.large_string() if issubclass(kind, str) else pa.int64())


def _attributes(
    rows: Sequence[dict[Any, Any]], taken: str | Iterable[str], label: str
) -> dict[str, pa.Array]:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        if not isinstance(name, str) or name in taken:
            raise InputError(
                f"the attribute {name!r} cannot be a column: a name is a string, and none of "
                f"{taken}; rename it",
                source=label,
            )
        try:
            columns[name] = pa.array([row.get(name) for row in rows], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InputError(
                f"the values have no common type: {error}", source=label, column=name
            ) from error
    return columns
