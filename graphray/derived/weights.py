"""What weighted draws read: alias tables, shares, how many entries of a row can be drawn at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.derived.rows import AdjacencyRows
from graphray.errors import ArgumentError
from graphray.kernels.derive_weights import (
    build_alias,
    cell_words,
    count_positive,
    find_bad_weight,
    weight_shares,
)


def alias_table(rows: AdjacencyRows, column: str) -> npt.NDArray[np.uint64]:
    """The cells of every row's alias table, ``uint64[entries, words]``.

    See `graphray.kernels.derive_weights`.

    Raises:
        ArgumentError: naming the first edge whose weight is negative, infinite or no number, or the
            first node that has edges, all of weight 0.
    """
    weights = checked_weights(rows, column)
    # Allocated by NumPy, which asks for huge pages: the table is read at random places.
    cells = np.zeros((len(weights), cell_words(rows.neighbors.dtype)), np.uint64)
    build_alias(rows.indptr, weights, rows.neighbors, cells)
    return cells


def positive_counts(rows: AdjacencyRows, column: str) -> npt.NDArray[np.uint32]:
    """How many entries of each row have a weight above 0, ``uint32[rows]``; raises as above."""
    weights = checked_weights(rows, column)
    return count_positive(rows.indptr, weights)


def row_shares(rows: AdjacencyRows, column: str) -> npt.NDArray[np.float32]:
    """The weight of each entry in units of its row's largest; raises as above."""
    return weight_shares(rows.indptr, checked_weights(rows, column))


def checked_weights(rows: AdjacencyRows, column: str) -> npt.NDArray[Any]:
    """The weights by entry; raises as above."""
    weights = rows.edge_values(column)
    bad = find_bad_weight(weights)
    where = f"weight column {column!r} of relation {rows.relation}"
    if bad >= 0:
        raise ArgumentError(
            f"{where}: {rows.name_edge(bad)} has weight {weights[bad]}; expected a finite number "
            ">= 0",
            relation=rows.relation,
            column=column,
        )
    empty = (count_positive(rows.indptr, weights) == 0) & (np.diff(rows.indptr) > 0)
    if empty.any():
        row = int(np.argmax(empty))
        raise ArgumentError(
            f"{where}: all {int(np.diff(rows.indptr)[row])} edges at {rows.name_node(row)} have "
            "weight 0, so none of them can be drawn; give one of them a weight above 0",
            relation=rows.relation,
            column=column,
        )
    return weights
