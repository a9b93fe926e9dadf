"""What each node weighs in its partition, counted without an adjacency.

Column 0 is its size, which is 1; column 1 its load, the edge ends at it; then comes one for each
column of weights that the goal names. Those are scaled to integers that sum to less than 2**32, so
that no sum of some of them overflows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.errors import ColumnNotFound, InputError
from graphray.kernels.partition_stream import count_ends
from partitioners.problem import AnyProblem

_SUM_MAX = 2**32 - 1


def node_weights_of(problem: AnyProblem) -> npt.NDArray[np.uint32]:
    """``uint32[n, 2 + columns]``: size, load, and the goal's columns, scaled.

    Raises:
        ColumnNotFound: where no node type has a column that the goal names.
        InputError: where a weight is negative, NaN or infinite, or no number.

    Example:
        >>> from partitioners.problem import PartitionProblem
        >>> node_weights_of(PartitionProblem(("node",), np.array([0, 2]), ())).tolist()
        [[1, 0], [1, 0]]
    """
    loads = np.zeros(problem.num_nodes, np.uint32)
    for edges in problem.edges:
        for sources, destinations in edges.batches():
            count_ends(sources, destinations, loads)
    return with_loads(problem, loads)


def with_loads(problem: AnyProblem, loads: npt.NDArray[np.integer]) -> npt.NDArray[np.uint32]:
    """The same where loads have been counted; raises as `node_weights_of` does."""
    columns = problem.goal.columns
    node_weights = np.ones((problem.num_nodes, 2 + len(columns)), np.uint32)
    node_weights[:, 1] = np.minimum(loads, np.iinfo(np.uint32).max)
    for number, name in enumerate(columns, 2):
        weights = column_weights(problem, name)
        total = weights.sum()
        is_whole = bool((weights == np.floor(weights)).all())
        scale = 1.0 if is_whole and total <= _SUM_MAX else _SUM_MAX / 2 / max(total, 1e-300)
        node_weights[:, number] = np.rint(weights * scale)
    return node_weights


def column_weights(problem: AnyProblem, name: str) -> npt.NDArray[np.float64]:
    """A column of weights as it is, ``float64[n]``; 0 for null and for types that have none.

    Raises:
        ColumnNotFound: where no node type has the column.
        InputError: where a weight is negative, NaN or infinite, or no number.
    """
    found = [node_type for node_type, t in problem.columns.items() if name in t.column_names]
    if not found:
        known = sorted({name for table in problem.columns.values() for name in table.column_names})
        raise ColumnNotFound(
            f"cannot balance {name!r}: no node type has such a column; balance 'nodes', 'edges', "
            f"or a column of weights out of: {', '.join(known) or 'none'}",
            column=name,
        )
    weights = np.zeros(problem.num_nodes)
    bounds = zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    for node_type, (start, stop) in zip(problem.type_names, bounds, strict=True):
        if node_type in found:
            column = problem.columns[node_type].column(name)
            weights[start:stop] = _checked(column, name, node_type)
    return weights


def _checked(column: pa.ChunkedArray, name: str, node_type: str) -> npt.NDArray[np.float64]:
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputError(
            f"holds {column.type}; weights to balance are numbers", source=node_type, column=name
        )
    weights = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy()
    wrong = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"holds {weights[row]:g}; weights to balance are finite and not negative",
            source=node_type,
            row=row,
            column=name,
        )
    return weights
