"""Telling what a user passed: one reader for each of the forms an edge or node table comes in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphray.errors import ArgumentError, InputError
from graphray.ingest.files import read_files
from graphray.ingest.frames import DST, ID, SRC, is_frame, read_frame, read_id_list, read_pairs
from graphray.ingest.networks import (
    igraph_edges,
    igraph_nodes,
    is_igraph,
    is_networkx,
    is_sparse,
    networkx_edges,
    networkx_nodes,
    sparse_edges,
    sparse_nodes,
)
from graphray.ingest.source import Source

FORMS = (
    "path(s) to Parquet, CSV or JSON Lines, an Arrow table, a pandas or polars frame, a NetworkX "
    "or igraph graph, a SciPy sparse matrix, or NumPy pairs"
)


@dataclass(frozen=True)
class EdgeInput:
    """The edges of one relation as they came in.

    Attributes:
        source: the table.
        src: the column of source ids.
        dst: the column of destination ids.
        directed: what the input says itself; None where it says nothing.
        source_nodes: nodes on the source side that the input brings along, or None.
        destination_nodes: likewise on the destination side.
    """

    source: Source
    src: str
    dst: str
    directed: bool | None = None
    source_nodes: Source | None = None
    destination_nodes: Source | None = None


def read_edges(edges: Any, name: str, src: str | None = None, dst: str | None = None) -> EdgeInput:
    """Read the edges of one relation.

    Args:
        edges: one of `FORMS`.
        name: what to call it in messages where it is no file.
        src: the column of source ids; None for ``src``, else ``source``, else the first.
        dst: the column of destination ids; None for ``dst``, else ``target``, else the second.

    Raises:
        InputError: where it cannot be read, or has no such columns.
        ArgumentError: where it is none of `FORMS`.
    """
    if is_networkx(edges):
        nodes = networkx_nodes(edges, f"{name} (nodes)")
        table = networkx_edges(edges, name)
        return EdgeInput(table, SRC, DST, edges.is_directed(), nodes, nodes)
    if is_igraph(edges):
        nodes = igraph_nodes(edges, f"{name} (nodes)")
        return EdgeInput(igraph_edges(edges, name), SRC, DST, edges.is_directed(), nodes, nodes)
    if is_sparse(edges):
        rows, columns = (sparse_nodes(count, f"{name} (nodes)") for count in edges.shape)
        return EdgeInput(sparse_edges(edges, name), SRC, DST, None, rows, columns)
    source = _read_table(edges, name, read_pairs)
    source.check_names()
    return EdgeInput(source, *endpoint_columns(source, src, dst))


def read_nodes(nodes: Any, name: str) -> Source:
    """Read a node table; its ids are in the column ``id``, or in the first one.

    Args:
        nodes: one of the forms of `read_edges`, or a sequence of ids.
        name: what to call it in messages where it is no file.

    Raises:
        InputError: where it cannot be read, or has no columns.
        ArgumentError: where it is none of these.
    """
    if is_networkx(nodes):
        return networkx_nodes(nodes, name)
    if is_igraph(nodes):
        return igraph_nodes(nodes, name)
    source = _read_table(nodes, name, read_id_list)
    source.check_names()
    if not source.table.column_names:
        raise source.problem("there are no columns; a node table has its ids in one")
    return source


def id_column(source: Source) -> str:
    """The column of a node table that holds the ids."""
    names = source.table.column_names
    return ID if ID in names else names[0]


def _read_table(value: Any, name: str, read_plain: Any) -> Source:
    """A table from a frame or files; what is neither is left to ``read_plain``."""
    if is_frame(value):
        return read_frame(value, name)
    if is_paths(value):
        return read_files(value)
    if isinstance(value, (np.ndarray, Sequence)) or hasattr(value, "to_numpy"):
        return read_plain(value, name)
    raise ArgumentError(f"{name} is a {type(value).__name__}; expected {FORMS}")


def is_paths(value: Any) -> bool:
    """Whether the value is a path, or several."""
    if isinstance(value, (str, os.PathLike)):
        return True
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(path, (str, os.PathLike)) for path in value)
    )


def endpoint_columns(source: Source, src: str | None, dst: str | None) -> tuple[str, str]:
    """The columns of source and destination ids; raises InputError where there are none."""
    names = source.table.column_names
    if len(names) < 2:
        raise source.problem(
            f"an edge table needs a column of sources and one of destinations; it has: "
            f"{', '.join(names) or 'none'}"
        )
    guesses = next(
        (pair for pair in ((SRC, DST), ("source", "target")) if set(pair) <= set(names)),
        (names[0], names[1]),
    )
    chosen = (src or guesses[0], dst or guesses[1])
    for wanted in chosen:
        if wanted not in names:
            raise InputError(
                f"there is no such column; it has: {', '.join(names)}",
                source=source.label,
                column=wanted,
            )
    if chosen[0] == chosen[1]:
        raise source.problem(
            "sources and destinations are the same column; pass src=... and dst=...",
            column=chosen[0],
        )
    return chosen
