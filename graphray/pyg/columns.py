"""Which columns of a graph PyG can hold: those that make tensors, one row for each node or edge."""

from __future__ import annotations

from collections.abc import Iterable

from graphray.client.graph import Graph
from graphray.schema import Column, Relation

_NUMBERS = ("int", "uint", "float", "half", "double", "bool", "bfloat16")


def tensor_columns(columns: Iterable[Column]) -> list[str]:
    """The names of the columns of numbers and of vectors of numbers."""
    return [column.name for column in columns if _makes_a_tensor(column.dtype)]


def node_tensor_columns(graph: Graph) -> dict[str, list[str]]:
    """`tensor_columns` of each node type."""
    return {kind.name: tensor_columns(kind.columns) for kind in graph.schema.node_types}


def edge_tensor_columns(graph: Graph) -> dict[Relation, list[str]]:
    """`tensor_columns` of each relation."""
    return {kind.relation: tensor_columns(kind.columns) for kind in graph.schema.relations}


def _makes_a_tensor(dtype: str) -> bool:
    inner = dtype
    if dtype.startswith("fixed_size_list<"):
        inner = dtype.removeprefix("fixed_size_list<").split(": ")[-1]
    return inner.startswith(_NUMBERS)
