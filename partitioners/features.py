"""What a node is like, in numbers: its vector where there is one, else its type and its relations.

Nodes of one type that take part in the same relations about as often are like each other; an
embedding column says more, so where there is one, only the type stands beside it. Where all nodes
are of one type and there is no such column, nodes are like those that they are linked with: see
`partitioners.spectral`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import ArgumentError, ColumnNotFound
from partitioners.problem import PartitionProblem
from partitioners.spectral import spectral_rows

Features = npt.NDArray[np.float32]


def features_of(
    problem: PartitionProblem, column: str | None, parts: int, rng: np.random.Generator
) -> Features:
    """A vector per node, ``float32[n, d]``; each block of it has a mean square of 1.

    Args:
        problem: the graph.
        column: the name of a column of vectors (fixed-size lists of numbers); None for the first
            there is.
        parts: how many groups a spectrum is to tell apart.
        rng: for the spectrum.

    Raises:
        ColumnNotFound: where no node type has a column of vectors of that name.
        ArgumentError: where its vectors differ in width between types, or hold NaN or infinity.
    """
    candidates = sorted(
        {
            field.name
            for table in problem.columns.values()
            for field in table.schema
            if _holds_vectors(field.type)
        }
    )
    if column is not None and column not in candidates:
        raise ColumnNotFound(
            f"no node type has a column of vectors called {column!r}; there are: "
            f"{', '.join(candidates) or 'none'}",
            column=column,
        )
    chosen = column or (candidates[0] if candidates else None)
    if chosen is not None:
        blocks = [_types(problem), _vectors(problem, chosen)]
    elif len(problem.type_names) > 1:
        blocks = [_types(problem), _relations(problem)]
    else:
        blocks = [spectral_rows(problem, parts, rng)]
    return np.concatenate([_scaled(block) for block in blocks], axis=1)


def _holds_vectors(dtype: pa.DataType) -> bool:
    return pa.types.is_fixed_size_list(dtype) and (
        pa.types.is_floating(dtype.value_type) or pa.types.is_integer(dtype.value_type)
    )


def _types(problem: PartitionProblem) -> Features:
    """One column per node type, 1 for its nodes."""
    number = np.repeat(np.arange(len(problem.type_names)), np.diff(problem.type_offsets))
    return np.eye(len(problem.type_names), dtype=np.float32)[number]


def _relations(problem: PartitionProblem) -> Features:
    """Two columns per relation: the logarithm of a node's edges as source and as destination."""
    n = problem.num_nodes
    counts = [
        np.bincount(ends, minlength=n)
        for edges in problem.edges
        for ends in (edges.sources, edges.destinations)
    ]
    if not counts:
        return np.zeros((n, 0), np.float32)
    return np.log1p(np.stack(counts, axis=1)).astype(np.float32)


def _vectors(problem: PartitionProblem, column: str) -> Features:
    """The vectors of a column; zeros for null and for types that have no such column."""
    found = {
        name: table.schema.field(column).type
        for name, table in problem.columns.items()
        if column in table.column_names and _holds_vectors(table.schema.field(column).type)
    }
    widths = {dtype.list_size for dtype in found.values()}
    if len(widths) > 1:
        listing = ", ".join(f"{dtype.list_size} of {name!r}" for name, dtype in found.items())
        raise ArgumentError(
            f"the vectors of column {column!r} differ in width: {listing}; name a column in which "
            "they do not"
        )
    vectors = np.zeros((problem.num_nodes, widths.pop()), np.float32)
    for number, name in enumerate(problem.type_names):
        if name not in found:
            continue
        start = int(problem.type_offsets[number])
        chunked = problem.columns[name].column(column)
        for chunk in chunked.chunks:
            present = np.flatnonzero(chunk.is_valid().to_numpy(zero_copy_only=False))
            # flatten() leaves null lists out.
            values = chunk.flatten().cast(pa.float32()).to_numpy(zero_copy_only=False)
            vectors[start + present] = values.reshape(len(present), -1)
            start += len(chunk)
    if not np.isfinite(vectors).all():
        node = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ArgumentError(
            f"column {column!r} holds NaN or infinity, first for {problem.name_of(node)}; replace "
            "them or name another"
        )
    return vectors


def _scaled(block: Features) -> Features:
    """Centred, and divided so that a row's square is 1 on average."""
    if block.size == 0:
        return block
    centred = block - block.mean(axis=0)
    mean_square = float((centred.astype(np.float64) ** 2).sum(axis=1).mean())
    return centred / np.float32(np.sqrt(mean_square)) if mean_square > 0 else centred
