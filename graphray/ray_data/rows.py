"""A sampled batch as one row of a dataset: numbers as tensors, all else as lists.

A column holds one attribute of the batch, and its dtype is kept, but for bfloat16, which Arrow does
not have and which comes as float32. Of a graph with several node types or relations there is a
column for each: ``nodes/paper``, ``edge_index/author/writes/paper``. Properties are named likewise:
``features/x``, ``features/paper/x``, ``edge_features/w``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from graphray.reading.column_values import Values
from graphray.reading.ragged import RaggedArray
from graphray.sampling.batch import Batch

ColumnNames = Mapping[Any, Sequence[str]]

_TENSORS = "biuf"
"""The kinds of dtypes that Ray Data holds as tensors."""


def row_of(batch: Batch, features: ColumnNames, edge_features: ColumnNames) -> dict[str, Any]:
    """A batch as a dataset of one row: every column is of length 1.

    Args:
        batch: the batch.
        features: properties to bring along, by node type.
        edge_features: properties to bring along, by relation.
    """
    columns = (*_attributes(batch), *_properties(batch, features, edge_features))
    return {name: _column(value) for name, value in columns}


def _attributes(batch: Batch) -> Iterator[tuple[str, Any]]:
    yield "epoch", batch.epoch
    yield "number", batch.number
    yield "num_seeds", batch.num_seeds
    yield "seed_rows", batch.seed_rows
    if batch.seed_times is not None:
        yield "seed_times", batch.seed_times
    yield from _by_kind("nodes", batch.nodes)
    yield from _by_kind("num_sampled_nodes", batch.num_sampled_nodes)
    yield from _by_kind("edge_index", batch.edge_index)
    yield from _by_kind("num_sampled_edges", batch.num_sampled_edges)
    if all(edges.positions is not None for edges in batch.subgraph.edges.values()):
        yield from _by_kind("edge_ids", batch.edge_ids)
    for name in ("trees", "edge_weights"):
        value = getattr(batch, name)
        if value is not None:
            yield from _by_kind(name, value)


def _properties(
    batch: Batch, features: ColumnNames, edge_features: ColumnNames
) -> Iterator[tuple[str, Any]]:
    is_homogeneous = isinstance(batch.num_sampled_nodes, tuple)
    for node_type, names in features.items():
        for name, values in batch.features(list(names), node_type).items():
            kind = () if is_homogeneous else (node_type,)
            yield from _property(_joined("features", *kind, name), values)
    for relation, names in edge_features.items():
        for name in names:
            kind = () if is_homogeneous else relation
            values = batch.edge_features(name, relation)
            yield from _property(_joined("edge_features", *kind, name), values)


def _property(name: str, values: Values) -> Iterator[tuple[str, Any]]:
    """A property, or the two arrays that lists of different lengths are made of."""
    if isinstance(values, RaggedArray):
        yield f"{name}/values", values.values
        yield f"{name}/offsets", values.offsets
    else:
        yield name, values


def _by_kind(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """An attribute, or one for each node type or relation."""
    if not isinstance(value, dict):
        yield name, value
        return
    for kind, each in value.items():
        yield _joined(name, *((kind,) if isinstance(kind, str) else kind)), each


def _joined(*names: str) -> str:
    return "/".join(names)


def _column(value: Any) -> Any:
    """One value as a column of length 1."""
    if isinstance(value, (int, np.integer)):
        return [value]
    if isinstance(value, np.ma.MaskedArray) or getattr(value, "dtype", np.dtype("i8")).kind == "O":
        return [value.tolist()]
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    elif array.dtype.kind not in _TENSORS:
        return [array.tolist()]
    # One array in an array of objects: Ray Data makes it a tensor, of any shape in each row.
    column = np.empty(1, object)
    column[0] = array
    return column
